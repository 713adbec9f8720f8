"""A whole sweep: check, replay, measure, suggest. `SweepReport` is what the command prints and draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from aiops.app.engine import build_engine
from aiops.errors import UsageError
from aiops.sweep.axes import Axis, plain
from aiops.sweep.difference import SettingsDifference, difference
from aiops.sweep.figures import Measured, Row, Truth, measure, rows_of
from aiops.sweep.processes import Progress, run_all
from aiops.sweep.run import Outcome, Source, Task
from aiops.sweep.settings import NOT_SET, Base, Setting, current_values, inserted, setting, settings_of
from aiops.sweep.stability import describe
from aiops.sweep.suggestion import Objective, Suggestion, suggest


class Request(Struct, frozen=True):
    """The wishes of a command: what to sweep, over which input, and what to compare."""

    source: Source
    base: Base
    sweeps: tuple[str, ...]
    topology: str | None = None
    warm: str | None = None
    # VALUE for one key, KEY=VALUE for each of several; None: no comparison.
    diff: tuple[str, ...] = ()
    suggest: bool = False
    objective: Objective = "f1"
    jobs: int = 1


class SweepReport(Struct, omit_defaults=True):
    """The result of a sweep: scores are against `truth`, `span_s` is the history's length in seconds."""

    keys: list[str]
    alerts: int
    span_s: float
    rows: list[Row]
    truth: Truth | None = None
    rejected: int = 0
    suggestion: Suggestion | None = None
    difference: SettingsDifference | None = None


class Sweep(Struct):
    """A finished sweep: the report, and the outcomes that it was made of."""

    report: SweepReport
    measured: Measured


class Plan(Struct):
    """A checked sweep: its keys, its replays, and the place of the setting to compare, if any."""

    request: Request
    axes: list[Axis]
    tasks: list[Task]
    compared: int | None = None


def plan(request: Request) -> Plan:
    """Check everything that can be checked before the first replay; raise `UsageError` otherwise."""
    axes, settings = settings_of(request.base, request.sweeps)
    policies = [axis.key for axis in axes if axis.key.startswith("endpoints.")]
    if request.objective == "pages" and policies:
        raise UsageError(
            f"--objective pages: the strictest policy always pages least (got {policies[0]}); sweep keys of the engine"
        )
    compared = None
    if request.diff:
        settings, compared = _with_compared(request, axes, settings)
    tasks = [
        Task(
            request.source,
            request.base,
            one,
            request.topology,
            request.warm,
            is_detailed=compared is not None and (place == compared or one.is_current),
        )
        for place, one in enumerate(settings)
    ]
    _build(tasks)
    return Plan(request, axes, tasks, compared)


def execute(planned: Plan, progress: Progress, run: Callable[..., list[Outcome]] = run_all) -> Sweep:
    """Do the replays, and report."""
    outcomes = run(planned.tasks, planned.request.jobs, progress)
    measured = measure([axis.key for axis in planned.axes], outcomes)
    report = SweepReport(
        keys=measured.keys,
        alerts=outcomes[0].alerts,
        span_s=outcomes[0].span_s,
        rows=rows_of(measured),
        truth=measured.truth,
        rejected=outcomes[0].rejected,
    )
    if planned.request.suggest:
        has_truth = measured.truth is not None
        report.suggestion = suggest(measured, planned.request.objective) if has_truth else describe(measured)
        if report.suggestion.place is not None:
            report.rows[report.suggestion.place].is_suggested = True
    if planned.compared is not None:
        report.difference = difference(measured, planned.compared)
    return Sweep(report, measured)


def _with_compared(request: Request, axes: Sequence[Axis], settings: list[Setting]) -> tuple[list[Setting], int]:
    """Return the settings with the one to compare among them, and its place."""
    current = request.base.load()
    one = setting(axes, current, _diff_values(request.diff, axes, current_values(axes, current)))
    if one.is_current:
        raise UsageError(f"--diff {one.label}: this is the current setting; name another one")
    # Also where the sweep has it already: a value is checked as those of the sweep are.
    request.base.load(one)
    if not any(known.assignments == one.assignments for known in settings):
        settings = inserted(settings, one)
    return settings, next(place for place, known in enumerate(settings) if known.assignments == one.assignments)


def _diff_values(given: Sequence[str], axes: Sequence[Axis], current: Sequence[str]) -> list[str]:
    keys = [axis.key for axis in axes]
    if len(keys) == 1 and len(given) == 1 and not given[0].startswith(f"{keys[0]}="):
        return [plain(given[0])]
    values = dict(zip(keys, current, strict=True))
    for text in given:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals or key not in values:
            raise UsageError(
                f"--diff: expected KEY=VALUE with a key of the sweep ({', '.join(keys)}); got {text[:100]!r}"
            )
        values[key] = plain(value)
    unset = [key for key, value in values.items() if value == NOT_SET]
    if unset:
        raise UsageError(f"--diff: {unset[0]} has no current value; add {unset[0]}=VALUE")
    return list(values.values())


def _build(tasks: Sequence[Task]) -> None:
    """Build the engine of each combination of plugins once: they check their own options."""
    seen = set()
    for task in tasks:
        config = task.base.load(task.setting)
        models = config.causes, config.playbooks, config.similar
        key = repr(models), config.topology
        if key not in seen:
            seen.add(key)
            build_engine(config, task.graph(config))
