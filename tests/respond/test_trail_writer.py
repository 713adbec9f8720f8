"""One writer for many threads: each gets its own line or its own error, in the order of asking."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.respond.audit import AuditError, Entry, Trail, verify
from aiops.respond.trail_writer import Scribe
from tests.respond.bench import DEADLINE_S, beside, until


class SlowTrail:
    """A trail whose disk can be held, and refuses the kinds that a test names."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.refused: set[str] = set()
        self.free = threading.Event()
        self.free.set()
        self.asked = threading.Event()

    def append(self, kind: str, at: float, data: dict[str, Any]) -> Entry:
        self.asked.set()
        assert self.free.wait(DEADLINE_S)
        if kind in self.refused:
            raise AuditError(f"no room for {kind}")
        self.written.append(kind)
        return Entry(len(self.written) - 1, at, kind, data, "")


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[Trail]:
    found = Trail(tmp_path / "audit.jsonl")
    yield found
    found.close()


def test_write_returns_the_entry_that_is_on_disk(trail: Trail) -> None:
    scribe = Scribe(trail)
    entries = [scribe.write("switch", 1.0 + number, {"scope": "global", "engaged": True}) for number in range(3)]
    assert [entry.seq for entry in entries] == [0, 1, 2]
    assert verify(trail.path).head == entries[-1].hash


def test_lines_of_many_threads_are_one_chain(trail: Trail) -> None:
    scribe, count = Scribe(trail), 8
    ready = threading.Barrier(count)

    def work(number: int) -> None:
        ready.wait(DEADLINE_S)
        for turn in range(5):
            entry = scribe.write("note", float(turn), {"by": number})
            assert entry.data == {"by": number}

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    verdict = verify(trail.path)
    assert (verdict.entries, verdict.problem) == (count * 5, None)


def test_put_waits_for_nothing_and_drain_writes_in_order() -> None:
    slow = SlowTrail()
    scribe = Scribe(slow)  # type: ignore[arg-type]
    futures = [scribe.put(kind, 0.0, {}) for kind in ("a", "b", "c")]
    assert slow.written == []
    assert not any(future.done() for future in futures)
    scribe.drain()
    assert slow.written == ["a", "b", "c"]
    assert [future.result().kind for future in futures] == ["a", "b", "c"]


def test_line_that_comes_while_the_disk_works_is_written_by_the_thread_that_has_it() -> None:
    slow = SlowTrail()
    slow.free.clear()
    scribe = Scribe(slow)  # type: ignore[arg-type]
    with beside(lambda: scribe.write("first", 0.0, {})) as first:
        until(slow.asked.is_set)
        later = scribe.put("later", 0.0, {})
        scribe.drain()
        assert not later.done(), "another thread has the disk: this one did not wait for it"
        slow.free.set()
        assert later.result(DEADLINE_S).kind == "later"
    assert first[0].kind == "first"
    assert slow.written == ["first", "later"]


def test_error_goes_to_whoever_asked_for_the_line_and_to_nobody_else() -> None:
    slow = SlowTrail()
    slow.refused = {"bad"}
    scribe = Scribe(slow)  # type: ignore[arg-type]
    futures = [scribe.put(kind, 0.0, {}) for kind in ("good", "bad", "fine")]
    scribe.drain()
    assert [type(future.exception()) for future in futures] == [type(None), AuditError, type(None)]
    with pytest.raises(AuditError, match="no room for bad"):
        scribe.write("bad", 0.0, {})
    assert scribe.write("after", 0.0, {}).kind == "after"


def test_line_that_a_callback_asks_for_is_written_too() -> None:
    """A future's callback runs inside `drain`; the same thread may ask for more there."""
    slow = SlowTrail()
    scribe = Scribe(slow)  # type: ignore[arg-type]
    scribe.put("one", 0.0, {}).add_done_callback(lambda future: scribe.write("two", 0.0, {}))
    scribe.drain()
    assert slow.written == ["one", "two"]
