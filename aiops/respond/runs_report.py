"""A report on guarded runs: decisions, outcomes, conditions that returned, time saved.

All figures are counts of the audit trail, and rates with the number behind them. Minutes saved rest on one stated
assumption.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

from msgspec import Struct

from aiops.respond.evidence import RECURS_S, wilson
from aiops.respond.history import History, Run
from aiops.respond.trials import latest_bodies, record_of

# What a person needs for a fix that a playbook describes: reading the page, signing in, acting, watching it clear.
PERSON_MINUTES = 15.0


class Group(Struct):
    """The runs of one playbook, or all.

    `judged` were verified, failed or ended unknown. `low` and `high` bound the rate of verified ones (Wilson, 95 %).
    `recurred` verified runs were followed within an hour by a run of the same playbook on the same target.
    `verify_s` is the median time (seconds) from the start of a run to its verification.
    """

    playbook: str
    runs: int = 0
    alone: int = 0
    judged: int = 0
    verified: int = 0
    low: float = 0.0
    high: float = 1.0
    recurred: int = 0
    verify_s: float | None = None


class RunsReport(Struct):
    """All runs of a trail.

    `decisions` counts refusals by code, and `started`, each once an incident; `shadow_decisions` those of shadow mode,
    with `would_run`. `shadow_judged` runs would have been, and
    `false_fires` of them were not needed: the condition cleared alone. `minutes` is the number of verified runs without
    a person times `minutes_each`, an assumption.

    The latest `trials` are incidents with a decision that nothing refused but the measured certainty, on playbooks as
    they were at their last one. People `reviewed` some; `right` were on the cause, at least `least_right` of such
    decisions (None if too few are reviewed).
    """

    total: Group
    playbooks: list[Group]
    decisions: dict[str, int]
    shadow_decisions: dict[str, int] = {}
    shadow_judged: int = 0
    false_fires: int = 0
    minutes_each: float = PERSON_MINUTES
    minutes: float = 0.0
    trials: int = 0
    reviewed: int = 0
    right: int = 0
    least_right: float | None = None


def runs_report(history: History, minutes_each: float = PERSON_MINUTES) -> RunsReport:
    """Return the report of a history.

    `minutes_each` is the time of a person for one incident that a run handled.
    """
    runs = [run for run in history.runs.values() if run.touched]
    names = sorted({run.playbook for run in runs})
    groups = [_group(name, [run for run in runs if run.playbook == name]) for name in names]
    ended = [run for run in history.shadows.values() if run.state in ("cleared", "persisted")]
    handled = sum(run.by == "engine" and run.state == "verified" for run in runs)
    trials = list(history.trials.values())
    record = record_of(trials, latest_bodies(trials))
    return RunsReport(
        _group("", runs),
        groups,
        _by_code(history.counts),
        _by_code(history.shadow_counts),
        len(ended),
        sum(run.state == "cleared" for run in ended),
        minutes_each,
        handled * minutes_each,
        record.incidents,
        record.reviewed,
        record.right,
        record.bound,
    )


def _by_code(counts: Mapping[tuple[str, str], int]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for (_, code), count in counts.items():
        found[code] += count
    return dict(found.most_common())


def _group(name: str, runs: Sequence[Run]) -> Group:
    verified = [run for run in runs if run.state == "verified"]
    judged = len(verified) + sum(run.state in ("failed", "unknown") for run in runs)
    low, high = wilson(len(verified), judged)
    times = [run.ended - run.began for run in verified]
    return Group(
        name,
        len(runs),
        sum(run.by == "engine" for run in runs),
        judged,
        len(verified),
        low,
        high,
        sum(_recurred(run, runs) for run in verified),
        median(times) if times else None,
    )


def _recurred(run: Run, runs: Sequence[Run]) -> bool:
    return any(
        one is not run
        and one.playbook == run.playbook
        and set(one.targets).intersection(run.targets)
        and 0.0 <= one.began - run.ended < RECURS_S
        for one in runs
    )
