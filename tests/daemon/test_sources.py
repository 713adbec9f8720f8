"""Sources in threads: started where the journal ends, restarted after a failure, and bound before the start."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from aiops.daemon.sources import Sources
from aiops.errors import AiopsError, UsageError
from aiops.ports import Inbox, Position
from tests.waiting import eventually

NOWHERE = cast(Inbox, object())


class Scripted:
    """A source that does one thing after the other in its runs, then waits for its end."""

    def __init__(self, name: str, *runs: Callable[[], None]) -> None:
        self.name = name
        self.runs = list(runs)
        self.positions: list[Position | None] = []
        self.ended = threading.Event()
        self.healthy: Callable[[], Mapping[str, Any]] = lambda: {"ok": True}

    def run(self, inbox: Inbox, position: Position | None) -> None:
        self.positions.append(position)
        if self.runs:
            self.runs.pop(0)()
        else:
            self.ended.wait(60.0)

    def stop(self) -> None:
        self.ended.set()

    def health(self) -> Mapping[str, Any]:
        return self.healthy()


class Listening(Scripted):
    """A source with an address, which may be in use."""

    def __init__(self, name: str, *, in_use: bool = False) -> None:
        super().__init__(name)
        self.in_use, self.bound = in_use, False
        self.url = f"http://{name}/"

    def bind(self) -> None:
        if self.in_use:
            raise UsageError(f"{self.name}: in use")
        self.bound = True

    def unbind(self) -> None:
        self.bound = False


def started(*sources: Scripted) -> Sources:
    found = Sources(sources, NOWHERE)
    found.start(lambda name: Position(name, {"offset": 7}) if name == "known" else None)
    return found


def test_each_begins_where_the_journal_ends() -> None:
    known, new = Scripted("known"), Scripted("new")
    found = started(known, new)
    eventually(lambda: known.positions and new.positions)
    assert known.positions == [Position("known", {"offset": 7})]
    assert new.positions == [None]
    found.stop()
    assert found.join(60.0)


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (AiopsError("no broker"), "no broker"),
        (RuntimeError("defect"), "RuntimeError: defect"),
        (None, "ended without an error"),
    ],
)
def test_one_that_ends_is_restarted_and_shown_until_then(raised: Exception | None, reason: str) -> None:
    def end() -> None:
        if raised is not None:
            raise raised

    source = Scripted("odd", end)
    found = started(source)
    eventually(lambda: found.falls["odd"] == 1)
    # The pause before the next attempt is a second: a slow machine may have passed it.
    shown = found.health()["odd"]
    assert shown.get("detail") == reason or len(source.positions) == 2
    eventually(lambda: len(source.positions) == 2)
    eventually(lambda: found.health()["odd"] == {"ok": True, "falls": 1})
    found.stop()
    assert found.join(60.0)


def test_a_health_that_raises_is_unhealthy() -> None:
    source = Scripted("odd")

    def fail() -> Mapping[str, Any]:
        raise KeyError("lag")

    source.healthy = fail
    assert Sources([source], NOWHERE).health()["odd"] == {"ok": False, "detail": "health: KeyError: 'lag'", "falls": 0}


def test_an_address_in_use_releases_the_others() -> None:
    free, used = Listening("free"), Listening("used", in_use=True)
    with pytest.raises(UsageError, match="in use"):
        Sources([free, used], NOWHERE).bind()
    assert not free.bound


def test_only_sources_that_listen_have_an_address() -> None:
    assert Sources([Listening("free"), Scripted("kafka")], NOWHERE).bind() == ["http://free/"]
