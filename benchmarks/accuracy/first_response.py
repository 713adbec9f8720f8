"""How often an incident would be handled without a person, and how often wrongly, on simulated sites with truth.

    python -m benchmarks.accuracy.first_response [--sites N] [--incidents N] [--quick] [--jobs N] [--json FILE]

The decisions are those of `aiops replay --remediation`, with all guards but the kill switch, the ceiling and promotion.
A site has 12 services and 900 faults in 25 days, half of which begin within eight minutes of another one; `dense` has
them in half of that. People review `REVIEWED` of the incidents after their end: they confirm the cause, or mark as
noise what had none. What begins in the first two thirds of a site's life teaches, and is not counted. `worse`: the
ranker names another suspect than the first in three of ten incidents, as surely. `assumed`: a certainty of .95 is
assumed.

`shipped` is the catalogue of this repository. The simulator's alerts fit few of its actions, so `benchmark` has
five of its own, one for each kind of entity, with the same guards. The naive rule acts once on each incident, on the
first playbook that fits. An action is wrong unless each target is, or belongs to, the cause of a fault with an alert in
the incident; it is late if that fault has ended. `at most` is the upper end of Wilson's 95 % interval. Preconditions of
playbooks, which ask systems just before a run, are not part of this: they can only refuse more.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aiops.respond.evidence import wilson
from aiops.simulate import Options
from benchmarks.accuracy.first_response_run import STABLE_S, Outcome, Task, measure, seconds_of
from benchmarks.page import write
from benchmarks.pool import cores, run_all

REVIEWED, SELDOM = 0.8, 0.3
# The certainty that operators require by default, and a lower one.
REQUIRED, LESS = 0.9, 0.8
SERVICES, FAULTS, NOISE = 12, 900, 1.0
SPARSE_H, DENSE_H, QUICK_H, QUICK_FAULTS = 600.0, 300.0, 8.0, 12
# Incidents of a site that are counted, about.
COUNTED = 300
# Seeds below were used to choose guards and constants.
FIRST_SEED = 501
TOLD = 4


class Arm(NamedTuple):
    """A group of rows: the catalogue, the share of incidents that people review, and whether it is a harder one.

    `certainty` is what the operator requires.
    """

    catalogue: str
    reviewed: float = REVIEWED
    is_worse: bool = False
    is_dense: bool = False
    certainty: float = REQUIRED


ARMS = (
    Arm("benchmark"),
    Arm("benchmark", is_worse=True),
    Arm("benchmark", SELDOM),
    Arm("benchmark", is_dense=True),
    Arm("shipped"),
    Arm("benchmark", certainty=LESS),
    Arm("benchmark", is_worse=True, certainty=LESS),
    Arm("benchmark", is_dense=True, certainty=LESS),
)


def main(arguments: Sequence[str]) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.accuracy.first_response",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--sites", type=int, default=1, metavar="N", help="sites of an arm; default 1")
    parser.add_argument("--incidents", type=int, metavar="N", help="about so many counted incidents of the first arm")
    parser.add_argument("--arms", type=int, nargs="*", choices=range(len(ARMS)), help="only these arms, from 0")
    parser.add_argument("--quick", action="store_true", help="small sites")
    parser.add_argument("--jobs", type=int, default=cores(), help="processes; default one a core")
    parser.add_argument("--json", type=Path, help="write the rows as JSON")
    options = parser.parse_args(arguments)
    tasks = [
        (arm, task_of(arm, FIRST_SEED + number, quick=options.quick))
        for place, arm in enumerate(ARMS)
        if options.arms is None or place in options.arms
        for number in range(sites_of(place, options.sites, options.incidents))
    ]
    done = run_all(measure, [task for _, task in tasks], options.jobs, lambda task: task.options.hours)
    found: dict[Arm, list[Outcome]] = {}
    for (arm, _), outcome in zip(tasks, done, strict=True):
        found.setdefault(arm, []).append(outcome)
    lines = [line for arm, outcomes in found.items() for line in lines_of(arm, outcomes)]
    show(lines)
    for arm, outcomes in found.items():
        for rule in ("measured", "assumed"):
            for text in (text for one in outcomes for text in one.acts[rule].wrongs):
                print(f"wrong, {_name(arm)}, {rule}: {text}")
    if options.json:
        write(options.json, lines)
    return 0


def sites_of(place: int, sites: int, incidents: int | None) -> int:
    """Return the number of sites of an arm: `incidents` are asked for the first, and a third for each other one.

    >>> sites_of(0, 1, 10_000), sites_of(1, 1, 10_000), sites_of(1, 2, None)
    (34, 12, 2)
    """
    if incidents is None:
        return sites
    return max(1, math.ceil(incidents / COUNTED / (1 if place == 0 else 3)))


def task_of(arm: Arm, seed: int, *, quick: bool = False) -> Task:
    """Return the site of an arm and seed."""
    hours = QUICK_H if quick else DENSE_H if arm.is_dense else SPARSE_H
    faults = QUICK_FAULTS if quick else FAULTS
    site = Options(seed=seed, services=SERVICES, faults=faults, noise=NOISE, hours=hours)
    return Task(site, arm.catalogue, arm.reviewed, is_worse=arm.is_worse, certainty=arm.certainty)


def lines_of(arm: Arm, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return the rows of an arm: by the measured certainty, by an assumed one, and of the naive rule.

    >>> acts = {name: Acts(started=4, right=3, runs=4, wrong=1) for name in RULES}
    >>> measured, _, naive = lines_of(ARMS[0], [Outcome(incidents=100, faults=10, acts=acts)])
    >>> measured["started"], measured["wrong_per_10000"], round(measured["at_most"])
    (0.4, 100.0, 545)
    """
    return [_line(arm, rule, outcomes) for rule in RULES]


RULES = ("measured", "assumed", "naive")


def _line(arm: Arm, rule: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    incidents = sum(one.incidents for one in outcomes)
    faults = max(1, sum(one.faults for one in outcomes))
    acts = [one.acts[rule] for one in outcomes]
    wrong, codes = sum(one.wrong for one in acts), Counter[str]()
    for one in acts:
        codes.update(one.refusals)
    seconds = seconds_of([at for one in acts for at in one.seconds])
    return {
        "table": "first response",
        "row": _name(arm),
        "rule": rule,
        "faults": faults,
        "incidents": incidents,
        "actions": sum(one.runs for one in acts),
        "started": sum(one.started for one in acts) / faults,
        "right": sum(one.right for one in acts) / faults,
        "late": sum(one.late for one in acts),
        "wrong": wrong,
        "wrong_per_10000": 1e4 * wrong / max(1, incidents),
        "at_most": 1e4 * wilson(wrong, incidents)[1],
        "seconds": seconds,
        "verified": seconds + STABLE_S if seconds is not None else None,
        "refused_by": ", ".join(f"{code} {count}" for code, count in codes.most_common(TOLD)),
    }


def _name(arm: Arm) -> str:
    parts = [arm.catalogue, *(["worse ranker"] if arm.is_worse else []), *(["dense"] if arm.is_dense else [])]
    parts += [f"{arm.reviewed:.0%} reviewed"] if arm.reviewed != REVIEWED else []
    return ", ".join(parts + ([f"certainty {arm.certainty:g}"] if arm.certainty != REQUIRED else []))


def show(lines: Sequence[dict[str, Any]]) -> None:
    """Print rows for a person."""
    print(
        f"{'':26} {'':8} {'faults':>6} {'inc.':>5} {'acts':>5} {'started':>7} {'right':>6} {'wrong':>5} {'per 10k':>8}"
    )
    for line in lines:
        shares = f"{line['started']:7.3f} {line['right']:6.3f} {line['wrong']:5}"
        bound = f"{line['wrong_per_10000']:8.0f} (at most {line['at_most']:.0f})"
        when = f" {line['seconds']:.0f} s" if line.get("seconds") is not None else ""
        late = f", {line['late']} late" if line.get("late") else ""
        counts = f"{line['faults']:6} {line['incidents']:5} {line['actions']:5}"
        print(f"{line['row']:26} {line['rule']:8} {counts} {shares} {bound}{when}{late}", flush=True)
        if line.get("refused_by"):
            print(f"{'':35} refused by: {line['refused_by']}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
