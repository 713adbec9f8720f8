"""What was looked at, for people."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from aiops.store.findings import Answer, FindingsTable, FoundItem, Reading
from aiops.store.store import Store
from aiops.views.looked_at import LookedAt, answer_text, looked_at


def shown(tmp_path: Path, **fields: Any) -> LookedAt:
    plain: dict[str, Any] = {"incident": "i-1", "round": 0, "playbook": "oom", "collector": "state", "source": "sql"}
    rest: dict[str, Any] = {"system": "prod", "state": "done", "attempts": 1, "at": 1.0, "took_s": 0.2, "reason": ""}
    store = Store(tmp_path)
    try:
        FindingsTable(store.database).write(
            [Reading(**{**plain, **rest, "reported": True, "answer": Answer(), **fields})]
        )
        (found,) = looked_at(store.database.reader, "i-1")
    finally:
        store.close()
    return found


def test_a_table_has_columns_of_one_width(tmp_path: Path) -> None:
    answer = Answer(
        "select", ["pod", "n"], [["cart-1", "12"], ["b", "3"]], 4, "", [FoundItem("cart", "12 of them", "weak")]
    )
    one = shown(tmp_path, answer=answer)
    assert answer_text(one).splitlines() == ["pod     n", "cart-1  12", "b       3", "… and 4 more rows"]
    assert (one.outcome, one.found, one.is_text) == ("6 rows", ["12 of them"], False)


def test_a_log_is_text(tmp_path: Path) -> None:
    one = shown(tmp_path, answer=Answer("GET", ["line"], [["first"], ["second"]]))
    assert (answer_text(one), one.outcome) == ("first\nsecond", "2 lines")


def test_outcomes_in_words(tmp_path: Path) -> None:
    assert shown(tmp_path / "a").outcome == "nothing found"
    assert shown(tmp_path / "b", state="reading").outcome == "being read"
    assert shown(tmp_path / "c", state="failed", reason="no answer within 5 s").outcome == "no answer within 5 s"


def test_the_store_of_an_older_release_has_none() -> None:
    assert looked_at(sqlite3.connect(":memory:"), "i-1") == []
