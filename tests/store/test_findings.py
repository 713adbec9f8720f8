"""What collectors read, kept with the incident."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.engine.events import IncidentChanged
from aiops.records import Incident
from aiops.store.findings import Answer, FindingsTable, FoundItem, Reading, ReadKey
from aiops.store.retention import KeepConfig, prune
from aiops.store.store import FrameDecisions, Store

AT = 1_700_000_000.0


def reading(**fields: Any) -> Reading:
    plain = {"incident": "i-1", "round": 0, "playbook": "oom", "collector": "state", "source": "kubernetes"}
    rest = {
        "system": "prod",
        "state": "reading",
        "attempts": 1,
        "at": AT,
        "took_s": 0.0,
        "reason": "",
        "reported": False,
    }
    return Reading(**{**plain, **rest, "answer": Answer(), **fields})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path)
    yield made
    made.close()


def test_a_read_is_replaced_by_its_result(store: Store) -> None:
    table = FindingsTable(store.database)
    table.write([reading()])
    answer = Answer("GET /a", ["pod"], [["cart-1"]], 2, "note", [FoundItem("cart", "OOMKilled", "strong")])
    table.write([reading(state="done", took_s=0.2, answer=answer)])
    (found,) = table.of("i-1")
    assert (found.state, found.took_s, found.answer) == ("done", 0.2, answer)
    assert found.key == ReadKey("i-1", 0, "oom", "state")
    assert table.of("i-2") == []


def test_reads_are_in_their_order_the_last_life_first(store: Store) -> None:
    table = FindingsTable(store.database)
    table.write([reading(collector="b", at=AT + 1), reading(collector="a", at=AT + 2), reading(collector="c", round=7)])
    assert [one.collector for one in table.of("i-1")] == ["c", "b", "a"]


def test_what_is_unfinished_is_known_until_it_is_reported(store: Store) -> None:
    table = FindingsTable(store.database)
    table.write([reading(), reading(collector="log"), reading(incident="i-2", playbook="disk", at=AT + 1)])
    assert table.unfinished() == [("i-1", 0, "oom"), ("i-2", 0, "disk")]
    table.reported("i-1", 0, "oom")
    assert table.unfinished() == [("i-2", 0, "disk")]
    assert all(one.reported for one in table.of("i-1"))


def test_reads_go_with_their_incident(store: Store) -> None:
    table, keep = FindingsTable(store.database), KeepConfig(incidents_s=86_400.0)
    events = [
        IncidentChanged(1, AT, "updated", Incident(id=name, status=status), 1, [])  # type: ignore[arg-type]
        for name, status in (("i-1", "resolved"), ("i-2", "open"))
    ]
    store.apply([FrameDecisions(0, AT, list(events))])
    table.write([reading(), reading(incident="i-2"), reading(incident="gone")])
    prune(store.database, AT + 80_000, keep)
    assert [len(table.of(name)) for name in ("i-1", "i-2", "gone")] == [1, 1, 1]
    prune(store.database, AT + 90_000, keep)
    assert [len(table.of(name)) for name in ("i-1", "i-2", "gone")] == [0, 1, 0]
