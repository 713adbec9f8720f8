"""Lines for people: words in place of numbers, positions that follow each other, and what was meant."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.errors import AiopsError, UsageError
from aiops.records import Cause, RootCause
from aiops.search.conditions import Wanted
from aiops.search.listing import Order
from aiops.search.syntax import read_query
from aiops.store.schema import MIGRATIONS
from aiops.views.incident_lines import Lines, position_of, read
from tests.search.stored import NOW, Filled, filled, incident, member


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    incidents = [
        incident("inc-1", member("DiskFull", "db-1", service="orders"), causes=[Cause("db-1", confidence="high")]),
        incident("inc-2", member("Slow", "web"), severity="warning", root_cause=RootCause("cache")),
        incident("inc-3", member("Slow", "api"), severity="ok", opened_at=NOW - 9.25, is_storm=True),
    ]
    with filled(tmp_path_factory.mktemp("store"), *incidents) as found:
        yield found


def lines(store: Filled, query: str = "", order: Order = Order(), **more: Any) -> Lines:  # noqa: B008
    given = {"limit": 50, "before": None, "with_facets": True} | more
    return read(store.reader, Wanted(now=NOW, query=read_query(query)), order, **given)


def test_lines_have_words(store: Filled) -> None:
    found = {line.id: line for line in lines(store).incidents}
    assert [found[id].severity for id in ("inc-1", "inc-2", "inc-3")] == ["critical", "warning", "ok"]
    assert found["inc-1"].certainty == "clear lead, not yet checked here"
    assert (found["inc-2"].certainty, found["inc-2"].cause, found["inc-2"].reason) == (
        "confirmed",
        "cache",
        "confirmed",
    )
    assert (found["inc-3"].certainty, found["inc-3"].storm, found["inc-3"].state) == ("", True, "open")


def test_facets_name_severities_the_worst_first(store: Filled) -> None:
    found = lines(store)
    assert found.facets is not None
    assert list(found.facets["severity"].items()) == [("critical", 1), ("warning", 1), ("ok", 1)]
    assert (found.total, found.facets["service"]) == (3, {"orders": 1})
    assert lines(store, with_facets=False).facets is None


@pytest.mark.parametrize("order", [Order(), Order("severity", is_grouped=True), Order("alerts", True), Order("last")])
def test_positions_follow_each_other(store: Filled, order: Order) -> None:
    seen, before = list[str](), None
    while True:
        page = lines(store, order=order, limit=1, before=before)
        seen += [line.id for line in page.incidents]
        before = page.next
        if before is None:
            break
    assert sorted(seen) == ["inc-1", "inc-2", "inc-3"]


@pytest.mark.parametrize("text", ["x", "5", "a~b", "1~2", "~", "1e999~~"])
def test_a_position_of_another_order_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="before: expected the value of `next` of a list in the same order"):
        position_of(text, Order("severity"))


def test_an_id_may_hold_any_character() -> None:
    assert position_of("7~inc~a", Order()) == (7.0, "inc~a")


def test_nothing_found_has_suggestions(store: Filled) -> None:
    (one,) = lines(store, "service:order").suggestions
    assert (one.meant, one.query) == ("service:orders", "service:orders")
    assert lines(store, "disk").suggestions == []


def test_the_store_of_an_earlier_release_is_named(tmp_path: Path) -> None:
    raw = sqlite3.connect(tmp_path / "aiops.db")
    raw.executescript(MIGRATIONS[0])
    with pytest.raises(AiopsError, match="an earlier release wrote it"):
        read(raw, Wanted(now=NOW), Order(), limit=1, before=None, with_facets=False)
    raw.close()
