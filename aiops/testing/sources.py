"""The conformance kit of sources: what every plugin of the group `aiops.sources` must do.

    check_source(make, bring)

Raises `AssertionError` with what was expected. It takes some seconds, since the source runs as it does in the daemon.
"""

from __future__ import annotations

import gc
import json
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from aiops.ports import Source
from aiops.testing.inbox import MemoryInbox

# Two cores may be shared with other work; what has not come by then does not come.
DEADLINE_S = 120.0
# How long a source is watched to see that it does not take what it must not.
WATCH_S = 0.3

Bring = Callable[[Source, list[str]], None]
# A source holds its client and a batch: what grows by more over the batches below is kept of what was put.
MAX_GROWTH_BYTES = 2_000_000
BATCHES, BATCH = 20, 200
# How long a source may take to release what it was working on.
SETTLE_S = 15.0


class SourceExample(NamedTuple):
    """A source and a way to bring alerts to it; its class offers one as `example(directory)`."""

    make: Callable[[], Source]
    bring: Bring


def archive_lines(names: list[str]) -> str:
    """Return alerts of these names as archive lines, as a `bring` may send them."""
    return "".join(json.dumps({"kind": "alert", "ts": 1_772_400_000.0, "name": name}) + "\n" for name in names)


def check_source(make: Callable[[], Source], bring: Bring, *, deadline_s: float = DEADLINE_S) -> None:
    """Run a source of `make` through fullness, faults and the end.

    `bring(source, names)` makes alerts with these names available to it and returns. Where the sender waits for an
    answer (HTTP), it retries in a thread of its own.
    """
    _check_health(make())
    _check_taken(make, bring, deadline_s)
    _check_stop(make, deadline_s)


def _check_health(source: Source) -> None:
    health = source.health()
    assert source.name, "expected a name"
    assert isinstance(health.get("ok"), bool), f"health: expected ok to be a truth value; got {health.get('ok')!r}"
    assert isinstance(health.get("detail"), str), f"health: expected detail to be text; got {health.get('detail')!r}"


def _check_taken(make: Callable[[], Source], bring: Bring, deadline_s: float) -> None:
    source, inbox = make(), MemoryInbox()
    inbox.full = True
    with _running(source, inbox, deadline_s):
        bring(source, ["first", "second"])
        time.sleep(WATCH_S)
        assert not inbox.taken, "expected nothing to be taken while the inbox is full"
        inbox.full = False
        _await(
            lambda: {"first", "second"} <= _names(inbox), deadline_s, "what came while the inbox was full to come then"
        )
        bring(source, ["third"])
        _await(lambda: "third" in _names(inbox), deadline_s, "what came later to come")
        for record in inbox.records:
            assert record.id, "expected every record to have an id"
        for received in inbox.taken:
            name = received.position.source if received.position is not None else source.name
            assert name == source.name, f"position: expected the source's own name; got {name!r}"
        _check_health(source)
        _check_bounded(source, inbox, bring, deadline_s)


def _check_bounded(source: Source, inbox: MemoryInbox, bring: Bring, deadline_s: float) -> None:
    """Bring batches that are dropped once they came.

    Garbage and what is under way on a busy machine is released a moment later; what is kept is not.
    """
    tracemalloc.start()
    try:
        before = _traced(inbox)
        for number in range(BATCHES):
            names = [f"batch {number} alert {each}" for each in range(BATCH)]
            bring(source, names)
            _await(partial(_has, inbox, names[-1]), deadline_s, "each batch to come")
            inbox.taken.clear()
        settled_by = time.monotonic() + min(deadline_s, SETTLE_S)
        while (grown := _traced(inbox) - before) >= MAX_GROWTH_BYTES:
            assert time.monotonic() < settled_by, (
                f"expected a source that keeps nothing of its batches; it grew by {grown} bytes"
            )
            time.sleep(0.1)
    finally:
        tracemalloc.stop()


def _traced(inbox: MemoryInbox) -> int:
    """Return the bytes that are held, without those of the inbox and of garbage."""
    inbox.taken.clear()
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _check_stop(make: Callable[[], Source], deadline_s: float) -> None:
    source = make()
    source.stop()
    with _running(source, MemoryInbox(), deadline_s):
        # A stop that came before the start counts as well.
        pass


@contextmanager
def _running(source: Source, inbox: MemoryInbox, deadline_s: float) -> Iterator[None]:
    thread = threading.Thread(target=source.run, args=(inbox, None), daemon=True)
    thread.start()
    try:
        yield
    finally:
        source.stop()
        thread.join(deadline_s)
    assert not thread.is_alive(), f"expected run to end within {deadline_s:g} s of stop"


def _has(inbox: MemoryInbox, name: str) -> bool:
    return name in _names(inbox)


def _names(inbox: MemoryInbox) -> set[str]:
    return {str(getattr(record, "name", "")) for record in inbox.records}


def _await(reached: Callable[[], bool], deadline_s: float, what: str) -> None:
    deadline = time.monotonic() + deadline_s
    while not reached():
        assert time.monotonic() < deadline, f"expected {what}, within {deadline_s:g} s"
        time.sleep(0.01)
