"""Rows of the benchmark of generality to lines of its table: which are here, their tasks, one pool for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import asdict

from benchmarks.accuracy.generality_attacks import (
    ATTACK_BY_NAME,
    Attacked,
    AttackRow,
    AttackTask,
    attack_line,
    measure_attack,
    names_of,
)
from benchmarks.accuracy.generality_engine import Ended, EngineTask, measure_engine
from benchmarks.accuracy.generality_measure import Line, Measured, Task, line, measure
from benchmarks.accuracy.generality_rows import BY_NAME, Row, chosen
from benchmarks.accuracy.generality_settings import Given
from benchmarks.pool import run_all

AnyRow = Row | AttackRow
AnyTask = Task | AttackTask | EngineTask
AnyMeasured = Measured | Attacked | Ended


def rows_of(patterns: Sequence[str], everything: bool = False) -> list[AnyRow]:
    """The rows that patterns choose; slow ones only where patterns name rows, or everything is wanted."""
    rows: dict[str, AnyRow] = {**BY_NAME, **ATTACK_BY_NAME}
    named = everything or any(not pattern.startswith("!") for pattern in patterns)
    found = [rows[name] for name in chosen({name: row.family for name, row in rows.items()}, patterns)]
    return [row for row in found if isinstance(row, Row) or named or not row.slow]


def present(rows: Sequence[AnyRow], root: Path | None) -> list[AnyRow]:
    """The rows whose data is there; one line names the others."""
    absent = [row for row in rows if not _is_here(row, root)]
    if absent:
        places = dict.fromkeys(row.file if isinstance(row, Row) else f"ait-ads-a/{row.kind}" for row in absent)
        print(f"skipped: {', '.join(places)} not here (set AIOPS_DATA to the folder of the data)", flush=True)
    return [row for row in rows if row not in absent]


def is_recorded(row: AnyRow) -> bool:
    """Return true if a row needs data."""
    return isinstance(row, AttackRow) or bool(row.file)


def _is_here(row: AnyRow, root: Path | None) -> bool:
    if isinstance(row, AttackRow):
        return root is not None and bool(names_of(row, root))
    return not row.file or (root is not None and (root / row.file).exists())


class Plan(NamedTuple):
    """The way in which rows are measured. `whole`: through the whole engine as well."""

    root: Path
    orders: int = 3
    jobs: int = 1
    whole: bool = False


def tasks_of(row: AnyRow, plan: Plan, given: Given) -> list[AnyTask]:
    """The tasks of a row: one an order or a seed, and of networks one each. Simulated rows have seeds of their own."""
    root, settings = plan.root, tuple(given.items())
    if isinstance(row, Row):
        found: list[AnyTask] = [Task(row.name, root, seed, settings) for seed in range(row.seeds or plan.orders)]
        return [*found, EngineTask(row.name, root, settings)] if plan.whole else found
    names = names_of(row, root)
    # The suite of grouping has the large ones in every order, with more points of the knob.
    orders = 1 if row.slow else plan.orders
    return [AttackTask(row.name, root, name, seed, settings) for name in names for seed in range(orders)]


def work(task: AnyTask) -> AnyMeasured:
    """One task, in any process."""
    if isinstance(task, Task):
        return measure(task)
    return measure_attack(task) if isinstance(task, AttackTask) else measure_engine(task)


def size(task: AnyTask) -> float:
    """The rough cost of a task: the bytes of its file times its passes; simulated streams take less than any."""
    if isinstance(task, AttackTask):
        return task.file.stat().st_size * 10.0
    row = BY_NAME[task.row]
    passes = 5.0 if isinstance(task, EngineTask) else 1.0
    return passes * ((task.root / row.file).stat().st_size if row.file else row.figure == "apart")


def lines(rows: Sequence[AnyRow], plan: Plan, given: Given) -> list[Line]:
    """The lines of rows, the worst first."""
    [found] = lines_of(rows, plan, [given])
    return sorted(found, key=lambda each: float(each["distance"]))


def lines_of(rows: Sequence[AnyRow], plan: Plan, choices: Sequence[Given]) -> list[list[Line]]:
    """The lines of rows for each of several settings, from one pool of processes."""
    tasks = [
        (place, task) for place, given in enumerate(choices) for row in rows for task in tasks_of(row, plan, given)
    ]
    done = run_all(work, [task for _, task in tasks], plan.jobs, size)
    parts: dict[tuple[int, str], list[tuple[AnyTask, AnyMeasured]]] = {}
    for (place, task), each in zip(tasks, done, strict=True):
        parts.setdefault((place, task.row), []).append((task, each))
    return [[_line(row, parts[place, row.name]) for row in rows] for place in range(len(choices))]


def _line(row: AnyRow, parts: Sequence[tuple[AnyTask, AnyMeasured]]) -> Line:
    if isinstance(row, Row):
        found = line(row, [each for _, each in parts if isinstance(each, Measured)])
        for _, each in parts:
            if isinstance(each, Ended):
                found |= {name.replace("_", " "): value for name, value in asdict(each).items()}
        return found
    attacked = {
        (task.network, task.seed): each
        for task, each in parts
        if isinstance(task, AttackTask) and isinstance(each, Attacked)
    }
    return attack_line(row, attacked)
