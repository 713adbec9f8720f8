"""The rules that are compared on the networks, and one rule over one network as a task of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.accuracy.grouping_data import Item, Stream, network
from benchmarks.accuracy.grouping_measure import Engine, Measured, Point, Window, pack, rates, window
from benchmarks.accuracy.grouping_naive import Offline, by_entity, time_gap, union_find
from benchmarks.accuracy.grouping_reference import NineTerms, chronic_keys

# Points of the sweep, from "joins nothing" to "joins all".
SWEEP = (0.02, 0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.82, 0.92, 0.975, 0.99)
QUICK_SWEEP = (0.02, 0.3, 0.4, 0.5, 0.7, 0.92, 0.99)
DEFAULT = 0.5
# Thresholds of the reference, and pauses of the time gap in seconds.
THRESHOLDS = (14.0, 9.0, 7.5, 6.5, 6.0, 5.0, 4.0, 2.0, 0.0, -4.0, -9.0)
GAPS = (0.0, 0.1, 0.3, 1.0, 2.0, 5.0, 15.0, 60.0, 600.0)
Grouper = Callable[[Window, float], tuple[list[int], list[int]]]


class Task(NamedTuple):
    """A rule over one network: all orders, all knobs. `others` are the networks that it may know beforehand."""

    rule: str
    root: Path
    kind: str
    network: str
    others: tuple[str, ...]
    seeds: int
    knobs: tuple[float, ...]


class Rule(NamedTuple):
    """`make` gives the grouper of a task; `default` is the knob of its F1, None: the best in hindsight.

    `ordered`: measured in every order within equal time stamps; else in the first: to gaps the order does not matter,
    and the two offline references cost more than all of ours.
    """

    name: str
    make: Callable[[Task], Grouper]
    knobs: tuple[float, ...]
    default: float | None
    ordered: bool = True


def others(task: Task) -> Iterator[Stream]:
    """The networks that may be known beforehand, one in memory at a time."""
    return (network(task.root, task.kind, name) for name in task.others)


def reference(task: Task) -> Grouper:
    """The nine-term findings with offline statistics of the other networks."""
    known = Offline(stream.items for stream in others(task))
    chronic = chronic_keys(stream.items for stream in others(task))
    return lambda part, threshold: (NineTerms(known, chronic, threshold).run(part.items), [])


def joined(task: Task) -> Grouper:
    """Union-find over NPMI of the other networks."""
    known = Offline(stream.items for stream in others(task))
    return lambda part, least: (union_find(part.items, known, least), [])


def timed(function: Callable[[Sequence[Item], float], list[int]]) -> Callable[[Task], Grouper]:
    """A naive rule as a grouper."""
    return lambda _: lambda part, knob: (function(part.items, knob), [])


COLD = Rule("ours, cold", lambda _: Engine(), SWEEP, DEFAULT)
GAP = Rule("time gap", timed(time_gap), GAPS, None, ordered=False)
ENTITY = Rule("one entity, closed by a gap", timed(by_entity), GAPS, None, ordered=False)
UNION = Rule("NPMI union-find, offline, leave one network out", joined, (0.5, 0.7, 0.8, 0.99), None, ordered=False)
RULES = (
    COLD,
    Rule("ours, warm, leave one network out", lambda task: Engine(pack(list(others(task)))), SWEEP, DEFAULT),
    Rule("ours, empty at the first attack", lambda _: Engine(learns=False), QUICK_SWEEP, DEFAULT),
    Rule("nine terms, offline, leave one network out", reference, THRESHOLDS, 6.0, ordered=False),
    GAP,
    ENTITY,
    UNION,
)
QUICK_RULES = (COLD, GAP, ENTITY, UNION)
# Where one attack runs at a time, two seconds are the gap that was published.
OTHER_RULES = (COLD, GAP._replace(name="time gap of 2 s", default=2.0))
BY_NAME = {rule.name: rule for rule in (*RULES, *OTHER_RULES)}


def size(task: Task) -> float:
    """How long a task takes, roughly: the bytes of its file times its runs."""
    path = task.root / "ait-ads-a" / f"{task.kind}.{task.network}.jsonl.gz"
    return path.stat().st_size * task.seeds * len(task.knobs)


def run(task: Task) -> list[Measured]:
    """Each seed's points of one network."""
    rule = BY_NAME[task.rule]
    grouper = rule.make(task)
    stream = network(task.root, task.kind, task.network)
    return [
        {(task.network, knob): _point(grouper, window(stream, seed), knob, rule.default) for knob in task.knobs}
        for seed in range(task.seeds)
    ]


def _point(grouper: Grouper, part: Window, knob: float, default: float | None) -> Point:
    clusters, spent = grouper(part, knob)
    # Times are shown at the default only; those of every knob would fill the memory.
    kept = spent if knob == default else []
    return Point(rates(part, clusters, False), rates(part, clusters, True), kept)
