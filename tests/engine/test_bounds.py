"""What the engine holds is bounded by what there is, not by how often it fires."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from aiops.engine.config import DedupConfig
from aiops.engine.dedup.deduplicator import SLACK, Dedup
from aiops.engine.engine import Engine
from aiops.records import Alert, Record
from tests.engine.arrivals import observe

T0 = 1_795_000_000.0
# Kept for training aside, up to a cap of its own (`detect.training_rows`), whatever fires.
# Counts of a fixed number of bins for each hour of the week, whose lists begin at that size.
CAPPED = ("_training", ".test._counts[]")


def sizes(root: object) -> Counter[str]:
    """Items held below `root`, by the path of attributes to what holds them; tuples are values."""
    held: Counter[str] = Counter()
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [("", root)]
    while waiting:
        path, item = waiting.pop()
        if id(item) in seen or isinstance(item, str | bytes | int | float | bool | type | None):
            continue
        seen.add(id(item))
        if isinstance(item, dict | OrderedDict):
            held[path] += len(item)
            waiting += [(path + "[]", value) for value in item.values()]
        elif isinstance(item, list | deque | set | frozenset):
            held[path] += len(item)
            waiting += [(path + "[]", value) for value in item]
        elif isinstance(item, tuple):
            waiting += [(path + "[]", value) for value in item]
        elif type(item).__module__.startswith("aiops"):
            waiting += [(f"{path}.{name}", getattr(item, name)) for name in names_of(item) if hasattr(item, name)]
    return held


def names_of(item: object) -> list[str]:
    """The attributes of an instance, in slots or not."""
    slots = [name for kind in type(item).__mro__ for name in getattr(kind, "__slots__", ())]
    return [*getattr(item, "__dict__", {}), *slots, *getattr(type(item), "__struct_fields__", ())]


def firings(streams: int) -> Iterator[Record]:
    """Streams of each kind in turn: with starts and ends, with leases that come and go, lone warnings, plain."""
    at, turn = T0, 0
    while True:
        for number in range(streams):
            at += 0.5
            name, entity, kind = f"N{number % 5}", f"e{number}", number % 4
            if kind == 0:
                yield Alert(ts=at, name=name, entity=entity, severity="critical", starts_at=at)
                yield Alert(ts=at, name=name, entity=entity, severity="critical", status="resolved", starts_at=at)
            elif kind == 1:
                yield Alert(ts=at, name=name, entity=entity, severity="high", ends_at=at + 30.0 if turn % 3 else None)
            elif kind == 2:
                yield Alert(ts=at, name=name, entity=entity, severity="warning")
                yield Alert(ts=at, name=name, entity=entity, severity="warning", status="resolved")
            else:
                yield Alert(ts=at, name=name, entity=entity, severity="critical")
        turn += 1


@pytest.mark.parametrize("streams", [40, 400])
def test_no_structure_of_the_engine_grows_with_the_firings(streams: int) -> None:
    engine, source = Engine(), firings(streams)
    engine.step(list(islice(source, 10_000)))
    before = sizes(engine)
    engine.step(list(islice(source, 90_000)))
    after = sizes(engine)
    assert sum(before.values()) > streams, "the walk finds what is held"
    grown = {
        path: (before[path], size)
        for path, size in after.items()
        if size > 2 * before[path] + 4 * streams + SLACK and not path.endswith(CAPPED)
    }
    assert grown == {}


@pytest.mark.parametrize("kind", ["starts", "leases", "held"])
def test_the_queue_of_deadlines_is_bounded_by_the_streams(kind: str) -> None:
    streams = 2_000
    dedup = Dedup(DedupConfig(flap_count=3 if kind == "held" else 1_000))
    most = 0
    for turn in range(30):
        for number in range(streams):
            at = T0 + 60.0 * turn + number / streams
            ends_at = at + 50.0 if kind == "leases" and turn % 2 else None
            fires = Alert(ts=at, name="N", entity=f"e{number}", starts_at=at, ends_at=ends_at)
            observe(dedup, fires)
            dedup.stream(fires).cluster = 0
            if kind != "leases":
                over = Alert(ts=at, name="N", entity=f"e{number}", status="resolved")
                observe(dedup, over)
        dedup.expire(T0 + 60.0 * turn + 59.0)
        most = max(most, len(dedup._due))
    assert streams / 2 <= most <= 2 * streams + SLACK + 1


def test_streams_that_are_forgotten_leave_no_entries_behind() -> None:
    dedup = Dedup(DedupConfig(max_streams=100))
    for number in range(5_000):
        alert = Alert(ts=T0 + number, name="N", entity=f"e{number}")
        observe(dedup, alert)
    assert len(dedup._due) <= 2 * 100 + SLACK + 1


def test_the_queue_of_incidents_is_bounded_by_the_incidents() -> None:
    """Each quiet and each ranking used to leave an entry until the incident was over."""
    engine = Engine()
    most = 0
    for turn in range(500):
        at = T0 + 0.5 * turn
        engine.step(
            [
                Alert(ts=at, name=f"A{turn}", entity="db", severity="critical"),
                Alert(ts=at, name=f"A{turn}", entity="db", severity="critical", status="resolved"),
            ]
        )
        most = max(most, len(engine.incidents.due.entries))
    assert 0 < most <= 2 * len(engine.incidents.by_id) + SLACK + 1


def test_lone_warnings_that_are_over_leave_no_entries_behind() -> None:
    engine = Engine()
    most = 0
    for number in range(3_000):
        at = T0 + 130.0 + 0.1 * number
        engine.step(
            [
                Alert(ts=at, name=f"W{number}", entity=f"e{number}", severity="warning"),
                Alert(ts=at, name=f"W{number}", entity=f"e{number}", severity="warning", status="resolved"),
            ]
        )
        most = max(most, len(engine.pipeline.triage._waiting) - 2 * len(engine.clusters.by_number))
    assert most <= SLACK
