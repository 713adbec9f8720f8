"""How often an incident would be handled without a person, and how often wrongly, on simulated sites with truth.

    python -m benchmarks.accuracy.first_response [--seeds N] [--quick] [--jobs N] [--json FILE]

The decisions are those of `aiops replay --remediation`, with all guards but the kill switch, the ceiling and promotion.
A site has 12 services and 72 faults in two days, half of which begin within eight minutes of another one; `dense` has
them in twelve hours. People confirm the cause of `CONFIRMED` of incidents after their end, which is all that the
bound on the ranker's certainty is counted by; `assumed`: nobody does, and a certainty of .95 is assumed. `worse`: the
ranker names another suspect than the first in three of ten incidents, as surely.

`shipped` is the catalogue of this repository. The simulator's alerts fit few of its actions, so `benchmark` has
five of its own, one for each kind of entity, with the same guards. The naive rule acts once on each incident, on the
first playbook that fits. An action is wrong unless each target is, or belongs to, the cause of a fault of its
incident; `at most` is the upper end of Wilson's 95 % interval. Preconditions of playbooks, which ask systems just
before a run, are not part of this: they can only refuse more.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aiops.respond.evidence import wilson
from aiops.simulate import Options
from benchmarks.accuracy.first_response_run import Outcome, Task, measure, seconds_of
from benchmarks.page import write
from benchmarks.pool import cores, run_all

CONFIRMED, ASSUMED = 0.8, 0.95
SERVICES, FAULTS, NOISE = 12, 72, 1.0
SPARSE_H, DENSE_H, QUICK_H, QUICK_FAULTS = 48.0, 12.0, 4.0, 6
TOLD = 4


class Arm(NamedTuple):
    """A row: the catalogue, the certainty (None: as measured), and whether ranker and site are the harder ones."""

    catalogue: str
    assumed: float | None
    is_worse: bool = False
    is_dense: bool = False


ARMS = (
    Arm("shipped", None),
    Arm("shipped", ASSUMED),
    Arm("benchmark", None),
    Arm("benchmark", ASSUMED),
    Arm("benchmark", None, is_worse=True),
    Arm("benchmark", ASSUMED, is_worse=True),
    Arm("benchmark", None, is_dense=True),
    Arm("benchmark", ASSUMED, is_dense=True),
)


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.accuracy.first_response",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, choices=range(1, 10), default=2, metavar="N", help="sites; default 2")
    parser.add_argument("--quick", action="store_true", help="small sites")
    parser.add_argument("--jobs", type=int, default=cores(), help="processes; default one a core")
    parser.add_argument("--json", type=Path, help="write the rows as JSON")
    options = parser.parse_args(arguments)
    # A dense site is measured once: it takes no part in a comparison over seeds.
    tasks = [
        (arm, task_of(arm, seed, quick=options.quick))
        for arm in ARMS
        for seed in range(1, 2 if arm.is_dense else options.seeds + 1)
    ]
    done = run_all(measure, [task for _, task in tasks], options.jobs, lambda task: task.options.hours)
    found: dict[Arm, list[Outcome]] = {}
    for (arm, _), outcome in zip(tasks, done, strict=True):
        found.setdefault(arm, []).append(outcome)
    lines = [line for arm, outcomes in found.items() for line in lines_of(arm, outcomes)]
    show(lines)
    for wrong in [f"{arm.catalogue}: {text}" for arm, each in found.items() for one in each for text in one.wrongs]:
        print(f"wrong, {wrong}")
    if options.json:
        write(options.json, lines)
    return 0


def task_of(arm: Arm, seed: int, *, quick: bool = False) -> Task:
    """Return the site of an arm and seed."""
    hours = QUICK_H if quick else DENSE_H if arm.is_dense else SPARSE_H
    faults = QUICK_FAULTS if quick else FAULTS
    site = Options(seed=seed, services=SERVICES, faults=faults, noise=NOISE, hours=hours)
    # What is assumed counts only until it was measured.
    confirmed = CONFIRMED if arm.assumed is None else 0.0
    return Task(site, arm.catalogue, confirmed, arm.assumed, arm.is_worse)


def lines_of(arm: Arm, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return the row of an arm, and that of the naive rule beside where a certainty is assumed.

    >>> [guarded, naive] = lines_of(ARMS[1], [Outcome(incidents=100, faults=10, runs=4, started=4, right=3, wrong=1)])
    >>> guarded["started"], guarded["wrong_per_10000"], round(guarded["at_most"])
    (0.4, 100.0, 545)
    """
    incidents = sum(one.incidents for one in outcomes)
    faults = max(1, sum(one.faults for one in outcomes))
    codes: Counter[str] = Counter()
    for one in outcomes:
        codes.update(one.refusals)

    def line(rule: str, runs: int, started: int, right: int, wrong: int) -> dict[str, Any]:
        return {
            "table": "first response",
            "row": _name(arm),
            "rule": rule,
            "faults": faults,
            "incidents": incidents,
            "actions": runs,
            "started": started / faults,
            "right": right / faults,
            "wrong": wrong,
            "wrong_per_10000": 1e4 * wrong / max(1, incidents),
            "at_most": 1e4 * wilson(wrong, incidents)[1],
        }

    totals = [sum(getattr(one, name) for one in outcomes) for name in ("runs", "started", "right", "wrong")]
    guarded = line("guards", *totals)
    guarded["seconds"] = seconds_of([at for one in outcomes for at in one.seconds])
    guarded["refused_by"] = ", ".join(f"{code} {count}" for code, count in codes.most_common(TOLD))
    if arm.assumed is None:
        return [guarded]
    names = ("naive_runs", "naive_started", "naive_right", "naive_wrong")
    return [guarded, line("naive", *(sum(getattr(one, name) for one in outcomes) for name in names))]


def _name(arm: Arm) -> str:
    parts = [arm.catalogue, "measured" if arm.assumed is None else f"assumed {arm.assumed:g}"]
    parts += ["worse ranker"] if arm.is_worse else []
    return ", ".join([*parts, "dense"] if arm.is_dense else parts)


def show(lines: Sequence[dict[str, Any]]) -> None:
    """Print rows for a person."""
    print(
        f"{'':40} {'':6} {'faults':>6} {'inc.':>5} {'acts':>5} {'started':>7} {'right':>6} {'wrong':>5} {'per 10k':>8}"
    )
    for line in lines:
        shares = f"{line['started']:7.3f} {line['right']:6.3f} {line['wrong']:5}"
        bound = f"{line['wrong_per_10000']:8.0f} (at most {line['at_most']:.0f})"
        late = f" {line['seconds']:.0f} s" if line.get("seconds") is not None else ""
        counts = f"{line['faults']:6} {line['incidents']:5} {line['actions']:5}"
        print(f"{line['row']:40} {line['rule']:6} {counts} {shares} {bound}{late}", flush=True)
        if line.get("refused_by"):
            print(f"{'':47} refused by: {line['refused_by']}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
