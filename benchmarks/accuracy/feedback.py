"""Feedback on grouping: a simulated operator corrects the first half of a stream; its second half is measured.

    python -m benchmarks.accuracy.feedback [--rows PATTERN] [--budgets N,N] [--errs] [--orders N] [--json FILE]

Protocol: each stream passes once through the whole engine, without rankers, from nothing learned. Every five minutes
before the time split (the start of the fault in the middle) the operator goes through the open incidents in time order,
and merges pieces of one fault or splits off alerts of another one, at most five times, until the budget is used up. At
the split all that is open is resolved: what is left of the corrections is what was learned. Then the alerts of the
faults that begin later are scored: pairwise F1, precision and recall, pieces a fault, false merges a fault (faults
in a cluster beyond the first), and the share of alerts in a cluster that another fault began. `errs`: the operator does
the wrong thing in one of ten corrections. `control`: the same corrections, of which nothing is learned
(`correlate.lessons = false`). Means over `--orders` orders of equal time stamps, or seeds.

`--leave-one-out NAME=A,B` tries settings: for each system, it takes what is best for the mean F1 of the others.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from math import fsum
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from benchmarks.accuracy.feedback_rows import ROWS, SYSTEMS, system_of
from benchmarks.accuracy.feedback_run import Outcome, Task, mean, measure
from benchmarks.accuracy.generality_leave_out import choices
from benchmarks.accuracy.generality_settings import pairs
from benchmarks.data import data_folder
from benchmarks.page import write
from benchmarks.pool import cores, run_all

BUDGETS = "0,10,50,200"
# Errors of the operator, in the row beside those without.
ERRS = 0.1
Line = dict[str, Any]
Arm = tuple[int, float, bool]


def main(arguments: Sequence[str]) -> int:
    """Print the table; 0 also where the data is absent, 2 for usage."""
    command = parser()
    options = command.parse_args(arguments)
    root = data_folder()
    try:
        given = pairs(options.set)
        tried = choices(options.leave_one_out, given)
        arms = arms_of(options.budgets, options.errs)
    except ValueError as error:
        command.error(str(error))
    rows = [row.name for row in ROWS if not options.rows or any(fnmatchcase(row.name, f"*{p}*") for p in options.rows)]
    absent = [row.name for row in ROWS if row.name in rows and row.file and not (root and (root / row.file).exists())]
    if absent:
        print(f"skipped: {', '.join(absent)} not here (set AIOPS_DATA to the folder of the data)", flush=True)
    rows = [name for name in rows if name not in absent]
    tables = [table(rows, arms, options, each) for each in tried]
    found = left_out(tried, tables) if options.leave_one_out else tables[0]
    show(found)
    if options.json:
        write(options.json, found)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="benchmarks.accuracy.feedback", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--rows", action="append", default=[], metavar="PATTERN", help="rows it fits; repeatable")
    made.add_argument("--budgets", default=BUDGETS, help=f"corrections; default {BUDGETS}")
    made.add_argument("--errs", action="store_true", help="the rows of errors and of the control, too")
    made.add_argument("--orders", type=int, choices=range(1, 10), default=1, metavar="N", help="orders; default 1")
    made.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting; repeatable")
    text = "choose the values on the other systems; repeatable"
    made.add_argument("--leave-one-out", action="append", default=[], metavar="NAME=A,B", help=text)
    made.add_argument("--jobs", type=int, default=cores(), help="processes; default one a core")
    made.add_argument("--json", type=Path, help="write the rows as JSON")
    return made


def arms_of(budgets: str, errs: bool) -> list[Arm]:
    """Return what is tried with each stream: budget, errors, and False for the control.

    >>> arms_of("0,10", True)
    [(0, 0.0, True), (10, 0.0, True), (10, 0.1, True), (10, 0.0, False)]
    """
    found = [(int(budget), 0.0, True) for budget in budgets.split(",")]
    most = max(budget for budget, _, _ in found)
    return [*found, (most, ERRS, True), (most, 0.0, False)] if errs and most else found


def table(
    rows: Sequence[str], arms: Sequence[Arm], options: argparse.Namespace, given: Mapping[str, str]
) -> list[Line]:
    """Return a line for each stream and arm, at some settings."""
    root = data_folder() or Path()
    settings = tuple(given.items())
    tasks = [Task(row, root, seed, *arm, settings) for row in rows for arm in arms for seed in range(options.orders)]
    done = run_all(measure, tasks, options.jobs, lambda task: 1.0)
    found: dict[tuple[str, Arm], list[Outcome]] = {}
    for task, each in zip(tasks, done, strict=True):
        found.setdefault((task.row, (task.budget, task.errs, task.learns)), []).append(each)
    return [
        {"table": "feedback", "row": row, "budget": arm[0], "errs": arm[1], "learns": arm[2], **asdict(mean(each))}
        for (row, arm), each in found.items()
    ]


def left_out(tried: Sequence[Mapping[str, str]], tables: Sequence[Sequence[Line]]) -> list[Line]:
    """Return the lines of each system at what is best for the mean F1 of the other systems."""
    found: list[Line] = []
    for system in SYSTEMS:
        if not any(system_of(line["row"]) == system for line in tables[0]):
            continue
        scores = [_score([line for line in lines if system_of(line["row"]) != system]) for lines in tables]
        best = max(range(len(tried)), key=lambda place: scores[place])
        print(f"{system}: {dict(tried[best])}, mean F1 of the others {scores[best]:.4f}", flush=True)
        found += [line for line in tables[best] if system_of(line["row"]) == system]
    return found


def _score(lines: Sequence[Line]) -> float:
    """Return the mean F1 of systems, each the mean of its rows."""
    systems: dict[str, list[float]] = {}
    for line in lines:
        if line["budget"]:
            systems.setdefault(system_of(line["row"]), []).append(line["f1"])
    return fsum(fsum(each) / len(each) for each in systems.values()) / max(1, len(systems))


def show(found: Sequence[Line]) -> None:
    """Print lines for a person."""
    print(f"{'':24} {'':>14} {'used':>5} {'F1':>6} {'P':>6} {'R':>6} {'pieces':>6} {'merged':>6} {'foreign':>7}")
    for line in found:
        arm = str(line["budget"]) if line["learns"] else f"{line['budget']} control"
        arm += f", {line['errs']:.0%} wrong" if line["errs"] else ""
        figures = " ".join(f"{line[name]:6.3f}" for name in ("f1", "precision", "recall", "pieces", "merged"))
        print(f"{line['row']:24} {arm:>14} {line['corrections']:5.0f} {figures} {line['foreign']:7.3f}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
