"""The kit of sources finds a source that breaks a promise."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from aiops.ports import Inbox, Position, Received, Source
from aiops.records import Alert
from aiops.testing.sources import check_source

NOW = 1_772_400_000.0


class Forgetful:
    """A source that gives up when the engine is full."""

    name = "forgetful"
    keeps = False

    def __init__(self) -> None:
        self.queue: list[str] = []
        self._stopped = threading.Event()

    def run(self, inbox: Inbox, position: Position | None) -> None:
        while not self._stopped.wait(0.01):
            while self.queue:
                name = self.queue.pop()
                if not inbox.put(Received([Alert(ts=NOW, name=name, id="x")]), 0.1) and self.keeps:
                    self.queue.append(name)

    def stop(self) -> None:
        self._stopped.set()

    def health(self) -> Mapping[str, Any]:
        return {"ok": True, "detail": ""}


class Stubborn(Forgetful):
    """A source that does not end."""

    keeps = True

    def stop(self) -> None:
        pass


class Hoarder(Forgetful):
    """A source that keeps what it brought."""

    keeps = True

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[bytes] = []

    def health(self) -> Mapping[str, Any]:
        self.kept.append(bytes(3_000_000))
        return super().health()


class Littering(Forgetful):
    """A source whose work leaves circles of references behind."""

    keeps = True

    def litter(self) -> None:
        circle: list[object] = [bytes(500_000)]
        circle.append(circle)


def test_the_kit_finds_a_source_that_keeps_what_it_brought() -> None:
    def bring(source: Source, names: list[str]) -> None:
        assert isinstance(source, Hoarder)
        source.health()
        source.queue += names

    with pytest.raises(AssertionError, match="expected a source that keeps nothing"):
        check_source(Hoarder, bring, deadline_s=1)


def test_the_kit_waits_for_garbage_and_for_what_is_under_way() -> None:
    """A machine that is busy, or a process that collects its garbage rarely, is no source that keeps its batches."""

    def bring(source: Source, names: list[str]) -> None:
        assert isinstance(source, Littering)
        source.litter()
        source.queue += names

    was_enabled = gc.isenabled()
    gc.disable()
    try:
        check_source(Littering, bring)
    finally:
        if was_enabled:
            gc.enable()


@pytest.mark.parametrize(("make", "said"), [(Forgetful, "while the inbox was full"), (Stubborn, "run to end within")])
def test_the_kit_notices(make: Callable[[], Forgetful], said: str) -> None:
    def bring(source: Source, names: list[str]) -> None:
        assert isinstance(source, Forgetful)
        source.queue += names

    with pytest.raises(AssertionError) as caught:
        check_source(make, bring, deadline_s=1)
    reasons = [str(caught.value), str(caught.value.__context__)]
    assert any(said in reason for reason in reasons)
