"""What is shown is the present: on the page, in lists, over the API and on the command line, with no notification."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.daemon.present_state import EVERY_S, MAX_EACH, MAX_SHARE, PresentStateWriter
from aiops.engine.engine import Engine
from aiops.engine.events import Event, IncidentChanged
from aiops.records import Alert, Incident, Record, Tick
from aiops.store import audit, incidents
from aiops.store.store import FrameDecisions, Store
from aiops.testing.daemon_process import DaemonProcess, spawn
from tests.app.test_run import aiops, free_port, post, wait_listening
from tests.web.test_daemon import wait_for

START = 1_700_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


class Host:
    """An engine, its store and the presenter between them, on a clock of the test."""

    def __init__(self, store: Store, engine: Engine | None = None) -> None:
        self.store = store
        self.engine = engine or Engine()
        self.now = 0.0
        self.cost_s = 0.0
        self.presenter = PresentStateWriter(store, self._monotonic)
        self.presenter.start(self.engine)
        self.frame = store.applied()

    def _monotonic(self) -> float:
        self.now += self.cost_s
        return self.now

    def fold(self, *records: Record) -> list[Event]:
        events = self.engine.step(records)
        self.presenter.changed(events, self.engine)
        self.store.apply([FrameDecisions(self.frame, self.now, events)])
        self.frame += 1
        return events

    def show(self, seconds: float = EVERY_S) -> None:
        self.now += seconds
        self.presenter.write(self.engine)

    def shown(self) -> dict[str, int]:
        return {one.id: one.alert_count for one in incidents.listed(self.store.database.reader)}

    def real(self) -> dict[str, int]:
        found = ((name, self.engine.present(name)) for name in self.engine.incidents.by_id)
        return {name: one[0].alert_count for name, one in found if one is not None}


def alert(at: float, entity: str = "shop", name: str = "ShopDown", **more: object) -> Alert:
    return Alert(ts=START + at, name=name, entity=entity, severity="critical", **more)  # type: ignore[arg-type]


def test_a_row_follows_its_incident_without_versions_entries_or_messages(store: Store) -> None:
    host = Host(store)
    host.fold(alert(0))
    for number in range(1, 25):
        host.fold(alert(number * 0.1, id=str(number)))
    assert list(host.shown().values()) == [1]
    entries = len(audit.entries(store.database.reader))
    host.show()
    assert list(host.shown().values()) == [25]
    (summary,) = incidents.listed(store.database.reader)
    stored = incidents.get(store.database.reader, summary.id)
    assert stored is not None
    assert (stored.version, stored.incident.alert_count) == (1, 25)
    assert len(audit.entries(store.database.reader)) == entries
    assert store.outbox.rows() == []


def test_members_that_ended_by_silence_are_shown_so(store: Store) -> None:
    host = Host(store)
    host.fold(*[alert(n, "shop", f"Shop{n}", ends_at=START + 60 + n * 600) for n in range(2)])
    host.show()
    host.fold(Tick(ts=START + 120))
    host.show()
    (summary,) = incidents.listed(store.database.reader)
    stored = incidents.get(store.database.reader, summary.id)
    assert stored is not None
    assert [member.status for member in stored.incident.members] == ["resolved", "firing"]


def test_nothing_is_written_while_nothing_changes_nor_before_its_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = Host(store)
    rounds: list[int] = []
    refresh = store.refresh

    def counted(found: Any) -> None:
        rounds.append(len(found))
        refresh(found)

    monkeypatch.setattr(store, "refresh", counted)
    host.fold(alert(0))
    host.show()
    assert rounds == [1]
    host.show()
    assert rounds == [1]
    assert host.presenter.wait_s() == float("inf")
    host.fold(alert(1, id="a"))
    host.show(EVERY_S / 4)
    host.fold(alert(2, id="b"))
    host.show(EVERY_S / 4)
    assert rounds == [1, 1], "after a second of calm a change is shown at once, and the next one waits for its time"
    assert 0 < host.presenter.wait_s() <= EVERY_S
    host.show(EVERY_S)
    assert rounds == [1, 1, 1]


def test_more_than_a_round_takes_is_shown_in_turn_and_what_changed_last_first(store: Store) -> None:
    host = Host(store, Engine())
    # Every 20 minutes another thing breaks: none is tied to another.
    host.fold(*[alert(n * 1_200.0, f"host-{n}", f"Alert{n}") for n in range(3 * MAX_EACH)])
    host.now += 10
    host.presenter.write(host.engine)
    names = list(host.engine.incidents.by_id)
    for _ in range(4):
        host.show()
    assert host.presenter.wait_s() == float("inf")
    for name in names:
        host.presenter._touch(name)
    # As many as a round takes change all the time.
    busy = names[:MAX_EACH]
    assert len(names) > len(busy)
    seen: set[str] = set()
    for _ in range(12):
        for name in busy:
            host.presenter._touch(name)
        chosen = host.presenter._chosen()
        assert busy[-1] in chosen, "what changed last is in the next round"
        seen |= set(chosen)
        host.show()
    assert seen == set(names), "none of the others starves"


def test_a_slow_disk_gets_a_small_share_of_the_time(store: Store) -> None:
    host = Host(store)
    host.fold(alert(0))
    host.cost_s = 1.0
    begun = host.now
    host.show()
    host.cost_s = 0.0
    host.fold(alert(1, id="a"))
    assert host.presenter.wait_s() >= 1.0 / MAX_SHARE - (host.now - begun)


def test_what_cannot_be_written_is_written_later(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(store)
    host.fold(alert(0))
    host.fold(alert(1, id="a"))
    with monkeypatch.context() as broken:

        def full(found: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        broken.setattr(store, "refresh", full)
        host.show()
    host.show()
    assert list(host.shown().values()) == [2]


RECORDS = st.lists(
    st.builds(
        alert,
        st.integers(0, 4_000).map(float),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["Down", "Slow"]),
        status=st.sampled_from(["firing", "firing", "resolved"]),
    ),
    min_size=1,
    max_size=60,
).map(lambda found: sorted(found, key=lambda one: one.ts))


@settings(max_examples=60, deadline=None)
@given(records=RECORDS, shows=st.lists(st.integers(0, 60), max_size=8), cut=st.integers(0, 60))
def test_the_present_stays_whatever_is_folded_again(
    records: list[Alert], shows: list[int], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A crash after any record, with the present written at any time: the rows end as if nothing had happened."""
    store = Store(tmp_path_factory.mktemp("present"))
    try:
        host = Host(store)
        for number, record in enumerate(records[:cut]):
            host.fold(record)
            if number in shows:
                host.show()
        before = host.shown()
        # The process dies: another engine folds all of it again, and the store takes only what it lacks.
        again = Host(store)
        frame = again.frame
        again.frame = 0
        for number, record in enumerate(records):
            events = again.engine.step((record,))
            if number >= min(cut, frame):
                again.presenter.changed(events, again.engine)
            store.apply([FrameDecisions(number, 0.0, events)])
            if number < cut:
                assert all(again.shown()[name] >= count for name, count in before.items()), "never older than it was"
        again.presenter.start(again.engine)
        again.show()
        again.show()
        assert again.shown().items() >= again.real().items()
    finally:
        store.close()


def test_an_older_state_never_takes_the_place_of_a_newer_one(store: Store) -> None:
    def at(version: int, seq: int, count: int) -> None:
        incident = Incident(id="i-1", severity="high", alert_count=count, opened_at=START)
        store.apply(
            [FrameDecisions(store.applied(), 0.0, [IncidentChanged(seq, START, "updated", incident, version, [])])]
        )

    def refresh(version: int, seq: int, count: int) -> None:
        incident = Incident(id="i-1", severity="high", alert_count=count, opened_at=START)
        store.refresh([incidents.Present(incident, version, seq)])

    def shown() -> int:
        return incidents.listed(store.database.reader)[0].alert_count

    at(2, 10, 5)
    refresh(2, 12, 7)
    assert shown() == 7
    at(2, 10, 5)
    assert shown() == 7, "the same version of an earlier record"
    refresh(2, 11, 6)
    refresh(1, 20, 4)
    assert shown() == 7
    at(3, 13, 8)
    refresh(2, 14, 9)
    assert shown() == 8


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DaemonProcess, int, Path]]:
    directory = tmp_path_factory.mktemp("present-daemon")
    config, port = directory / "aiops.toml", free_port()
    config.write_text(
        f'[state]\ndirectory = "{directory / "state"}"\n[http]\nport = {port}\n[incidents]\nrank_after_s = 86400\n'
    )
    process = spawn(config, directory / "state", directory / "log")
    process.wait_ready()
    wait_listening(port)
    yield process, port, config
    process.stop()


def test_25_alerts_are_25_alerts_everywhere_and_no_version_was_made(daemon: tuple[DaemonProcess, int, Path]) -> None:
    _, port, config = daemon
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
        now = time.time()
        for number in range(25):
            one = {"kind": "alert", "ts": now, "name": "ShopDown", "severity": "critical", "entity": "shop"}
            assert post(port, {**one, "id": f"a-{number}"}) == 200

        def line() -> dict[str, object]:
            found = client.get("/api/v1/incidents").json()["incidents"]
            return found[0] if found else {}

        wait_for(lambda: line().get("alert_count") == 25)
        name = str(line()["id"])
        detail = client.get(f"/api/v1/incidents/{name}").json()
        assert (detail["incident"]["alert_count"], detail["version"]) == (25, 1)
        assert "25 alerts" in client.get(f"/incidents/{name}").text
        assert ">25<" in client.get("/").text.replace(" ", "").replace("\n", "")
    listed = aiops("incidents", "list", "--json", "--config", str(config))
    assert [one["alert_count"] for one in msgspec.json.decode(listed.stdout)] == [25], listed.stderr
    shown = aiops("incidents", "show", name, "--config", str(config))
    assert "25 alerts" in shown.stdout, shown.stderr
