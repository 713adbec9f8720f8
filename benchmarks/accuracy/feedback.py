"""Feedback on grouping: a simulated operator corrects the first half of a stream; its second half is measured.

    python -m benchmarks.accuracy.feedback [--rows PATTERN] [--budgets N,N] [--errs] [--orders N] [--json FILE]

Protocol: each stream passes once through the whole engine, without rankers, from nothing learned. Every five minutes
before the time split (the start of the fault in the middle) the operator goes through the open incidents in time order,
and merges pieces of one fault or splits off alerts of another one, at most five times, until the budget is used up. At
the split all that is open is resolved: what is left of the corrections is what was learned. Then the alerts of the
faults that begin later are scored: pairwise F1, precision and recall, pieces a fault, false merges a fault (faults
in a cluster beyond the first), and the share of alerts in a cluster that another fault began. `errs`: the operator does
the wrong thing in one of ten corrections. `control`: the same corrections, of which nothing is learned
(`correlate.lessons = false`). `literal`, the naive rule: the last correction of two streams decides on these two alone.
Means over `--orders` seeds of simulated sites; recorded streams are measured once, in one order of equal times.

`--leave-one-out NAME=A,B` tries settings: for each system, it takes what is best for the mean F1 of the others, among
the settings by which none of these loses more than `MOST_LOST`, where there is one.
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

from benchmarks.accuracy.feedback_rows import ROW_BY_NAME, ROWS, SYSTEMS, system_of
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
# What corrections may cost a system, in the choice of settings.
MOST_LOST = 0.005
Arm = tuple[int, float, str]


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
    if absent and not options.rows:
        # A page without the recorded systems would say less than the one before; `--rows site` needs no data.
        return 0
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
    made.add_argument("--errs", action="store_true", help="with errors, control and naive rule")
    made.add_argument("--orders", type=int, choices=range(1, 10), default=1, metavar="N", help="orders; default 1")
    made.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting; repeatable")
    text = "choose the values on the other systems; repeatable"
    made.add_argument("--leave-one-out", action="append", default=[], metavar="NAME=A,B", help=text)
    made.add_argument("--jobs", type=int, default=cores(), help="processes; default one a core")
    made.add_argument("--json", type=Path, help="write the rows as JSON")
    return made


def arms_of(budgets: str, errs: bool) -> list[Arm]:
    """Return what is tried with each stream: budget, errors, and what corrections teach.

    >>> arms_of("0,10", True)[1:]
    [(10, 0.0, 'lessons'), (10, 0.1, 'lessons'), (10, 0.0, 'control'), (10, 0.0, 'literal')]
    """
    found = [(int(budget), 0.0, "lessons") for budget in budgets.split(",")]
    most = max(budget for budget, _, _ in found)
    if not errs or not most:
        return found
    return [*found, (most, ERRS, "lessons"), (most, 0.0, "control"), (most, 0.0, "literal")]


def table(
    rows: Sequence[str], arms: Sequence[Arm], options: argparse.Namespace, given: Mapping[str, str]
) -> list[Line]:
    """Return a line for each stream and arm, at some settings."""
    root = data_folder() or Path()
    settings = tuple(given.items())
    orders = {row: 1 if ROW_BY_NAME[row].file else options.orders for row in rows}
    tasks = [Task(row, root, seed, *arm, settings) for row in rows for arm in arms for seed in range(orders[row])]
    done = run_all(measure, tasks, options.jobs, lambda task: 1.0)
    found: dict[tuple[str, Arm], list[Outcome]] = {}
    for task, each in zip(tasks, done, strict=True):
        found.setdefault((task.row, (task.budget, task.errs, task.rule)), []).append(each)
    return [
        {"table": "feedback", "row": row, "budget": arm[0], "errs": arm[1], "rule": arm[2], **asdict(mean(each))}
        for (row, arm), each in found.items()
    ]


def left_out(tried: Sequence[Mapping[str, str]], tables: Sequence[Sequence[Line]]) -> list[Line]:
    """Return the lines of each system at what is best for the mean F1 of the other systems."""
    found: list[Line] = []
    for system in SYSTEMS:
        if not any(system_of(line["row"]) == system for line in tables[0]):
            continue
        others = [[line for line in lines if system_of(line["row"]) != system] for lines in tables]
        scores = [_score(lines) for lines in others]
        best = max(range(len(tried)), key=lambda place: (lost(others[place]) <= MOST_LOST, scores[place]))
        print(f"{system}: {dict(tried[best])}, mean F1 of the others {scores[best]:.4f}", flush=True)
        found += [line for line in tables[best] if system_of(line["row"]) == system]
    return found


def lost(lines: Sequence[Line]) -> float:
    """Return by how much F1 the most honest corrections cost the system that they cost most; 0 without a control."""
    without = _by_system([line for line in lines if not line["budget"]])
    most = max(line["budget"] for line in lines)
    taught = _by_system([line for line in lines if line["budget"] == most and not line["errs"]])
    return max((without[system] - taught[system] for system in taught if system in without), default=0.0)


def _score(lines: Sequence[Line]) -> float:
    """Return the mean F1 of systems, each the mean of its rows."""
    systems = _by_system([line for line in lines if line["budget"]])
    return fsum(systems.values()) / max(1, len(systems))


def _by_system(lines: Sequence[Line]) -> dict[str, float]:
    systems: dict[str, list[float]] = {}
    for line in lines:
        if line["rule"] == "lessons":
            systems.setdefault(system_of(line["row"]), []).append(line["f1"])
    return {system: fsum(each) / len(each) for system, each in systems.items()}


def show(found: Sequence[Line]) -> None:
    """Print lines for a person."""
    print(f"{'':24} {'':>14} {'used':>5} {'F1':>6} {'P':>6} {'R':>6} {'pieces':>6} {'merged':>6} {'foreign':>7}")
    for line in found:
        arm = str(line["budget"]) if line["rule"] == "lessons" else f"{line['budget']} {line['rule']}"
        arm += f", {line['errs']:.0%} wrong" if line["errs"] else ""
        figures = " ".join(f"{line[name]:6.3f}" for name in ("f1", "precision", "recall", "pieces", "merged"))
        print(f"{line['row']:24} {arm:>14} {line['corrections']:5.0f} {figures} {line['foreign']:7.3f}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
