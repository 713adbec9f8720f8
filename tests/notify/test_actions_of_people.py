"""What people do notifies endpoints once, and calls nobody twice: engine, policy and outbox together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from aiops.config import EndpointConfig
from aiops.engine.engine import Engine
from aiops.notify.policy import EndpointPolicy
from aiops.records import Action, Alert, Record, Tick
from aiops.store.store import FrameDecisions, Store

T = 1_772_400_000.0
# Changes for which a pager may ring.
RINGS = ("opened", "reopened")


def alert(name: str, entity: str, at: float, severity: str = "critical", status: str = "firing") -> Alert:
    return Alert(
        ts=T + at,
        name=name,
        entity=entity,
        service=entity,
        severity=severity,
        status=status,  # type: ignore[arg-type]
        id=f"{name}-{entity}",
        starts_at=T,
    )


class Watch:
    """An engine whose decisions are stored, and two endpoints: a pager from high on, and a chat for all."""

    def __init__(self, directory: Path, settle_s: float = 0.0) -> None:
        quick = {"critical": settle_s, "high": settle_s, "warning": settle_s}
        endpoints = [
            EndpointConfig("pager", "webhook", min_severity="high", settle_s=quick, update_every_s=0.0),
            EndpointConfig("chat", "webhook", min_severity="info", settle_s=quick, update_every_s=0.0),
        ]
        self.engine = Engine()
        self.store = Store(directory, EndpointPolicy(endpoints))
        self.frame = 0
        self.turn = 0
        self.now = T

    def fold(self, *records: Record) -> None:
        events = self.engine.step(list(records))
        self.now = max(self.now, records[-1].ts)  # type: ignore[union-attr]
        self.store.apply([FrameDecisions(self.frame, self.now, events)])
        self.frame += 1

    def act(self, verb: str, incident: str, **args: str) -> None:
        self.turn += 1
        at = max(T + 500 + self.turn, self.engine.timeline.now)
        self.fold(Tick(ts=at))
        self.left()
        self.fold(Action(ts=at, verb=verb, incident=incident, args=args, id=f"act-{self.turn}", actor="alice"))

    def left(self) -> list[tuple[str, str, str, list[str]]]:
        """What leaves now: endpoint, incident, change, news."""
        found = []
        while rows := self.store.outbox.claim(self.now + 1, 50, ["pager", "chat"]):
            found += [(row.endpoint, row.incident, row.change, msgspec.json.decode(row.news)) for row in rows]
            self.store.outbox.sent([row.id for row in rows], self.now)
        return found

    def changes(self, endpoint: str) -> list[tuple[str, str]]:
        return [(incident, change) for name, incident, change, _ in self.left() if name == endpoint]


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    found = Watch(tmp_path)
    yield found
    found.store.close()


def two(watch: Watch, severity: str = "high") -> tuple[str, str]:
    """An incident that both endpoints know, and one of a severity."""
    watch.fold(alert("Errors", "shop", 0), alert("Latency", "shop", 1))
    watch.fold(
        alert("Disk", "db", 400, severity), alert("Locks", "db", 401, severity), alert("Swap", "db", 402, severity)
    )
    first, second = watch.engine.incidents.by_id
    watch.left()
    return first, second


def test_an_assignment_is_one_acknowledgement_and_a_second_one_an_update(watch: Watch) -> None:
    shop, _ = two(watch)
    watch.act("assign", shop, to="bob")
    assert watch.changes("pager") == [(shop, "acknowledged")]
    watch.act("assign", shop, to="carol")
    assert [(change, news) for name, _, change, news in watch.left() if name == "pager"] == [
        ("updated", ["assigned to carol by alice"])
    ]


def test_a_snoozed_incident_is_quiet_until_it_ends(watch: Watch) -> None:
    _, db = two(watch)
    watch.act("snooze", db, until=repr(T + 2_000))
    assert watch.changes("pager") == [(db, "acknowledged")]
    watch.fold(alert("Swap2", "db", 520, "high"), alert("Disk", "db", 521, "high"))
    watch.fold(Tick(ts=T + 1_000))
    assert [one for one in watch.changes("pager") if one[0] == db] == []
    watch.fold(Tick(ts=T + 2_000))
    [(_, _, change, news)] = [one for one in watch.left() if one[0] == "pager" and one[1] == db]
    assert change == "updated"
    assert news[0].startswith("the snooze has ended: ")
    assert news[0].endswith("still firing")


def test_what_becomes_critical_under_a_snooze_is_sent(watch: Watch) -> None:
    _, db = two(watch)
    watch.act("snooze", db, until=repr(T + 2_000))
    watch.left()
    watch.fold(alert("Disk", "db", 520, "critical"))
    [(_, _, change, news)] = [one for one in watch.left() if one[0] == "pager" and one[1] == db]
    assert change == "updated"
    assert any("severity: now critical, was high" in line for line in news)


def test_a_merge_ends_one_and_updates_the_other(watch: Watch) -> None:
    shop, db = two(watch)
    watch.act("merge", shop, into=db)
    found = watch.changes("pager")
    assert (shop, "merged") in found
    assert (db, "updated") in found
    assert not [change for _, change in found if change in RINGS]


def test_a_merge_into_what_the_pager_never_knew_opens_quietly(watch: Watch) -> None:
    shop, db = two(watch, "warning")
    assert watch.store.outbox.history(watch.store.database.reader, "pager", db).changes == 0
    watch.act("merge", shop, into=db)
    assert watch.changes("pager") == [(shop, "merged"), (db, "moved")]
    watch.fold(alert("Latency", "shop", 600))
    assert watch.changes("pager") == []
    # It resolves there: an endpoint that had it opened gets its end.
    watch.act("resolve", db)
    assert watch.changes("pager") == [(db, "resolved")]


def test_a_split_is_a_quiet_message_where_the_whole_was_known(watch: Watch) -> None:
    shop, _ = two(watch)
    watch.act("split", shop, alerts="Latency-shop")
    found = watch.changes("pager")
    [made] = [incident for incident, change in found if change == "moved"]
    assert made not in (shop,)
    assert (shop, "updated") in found
    assert not [change for _, change in found if change in RINGS]
    # What is new there rings as usual news does.
    watch.fold(alert("Latency", "shop", 610))
    assert watch.changes("pager") == []
    watch.act("undo", shop)
    assert (made, "merged") in watch.changes("pager")


def test_a_person_reopens_quietly(watch: Watch) -> None:
    shop, _ = two(watch)
    watch.act("resolve", shop)
    assert watch.changes("pager") == [(shop, "resolved")]
    watch.act("undo", shop)
    assert [(change, news) for name, _, change, news in watch.left() if name == "pager"] == [
        ("returned", ["reopened by alice"])
    ]


def test_an_undone_merge_is_quiet_for_those_who_knew_both(watch: Watch) -> None:
    shop, db = two(watch)
    watch.act("merge", shop, into=db)
    watch.left()
    watch.act("undo", shop)
    found = watch.changes("pager")
    assert (shop, "returned") in found
    assert not [change for _, change in found if change in RINGS]


def test_a_quiet_note_is_no_message(watch: Watch) -> None:
    shop, _ = two(watch)
    watch.act("note", shop, text="looking", notify="no")
    assert watch.left() == []


def test_an_opening_that_settles_waits_for_the_end_of_the_snooze(tmp_path: Path) -> None:
    found = Watch(tmp_path, settle_s=60.0)
    try:
        found.fold(alert("Disk", "db", 0, "high"))
        [name] = found.engine.incidents.by_id
        found.fold(Action(ts=T + 1, verb="snooze", incident=name, args={"until": repr(T + 500)}, id="a", actor="alice"))
        found.fold(alert("Disk", "db", 400, "high"))
        assert found.changes("pager") == []
        found.fold(Tick(ts=T + 500))
        found.fold(Tick(ts=T + 570))
        assert found.changes("pager") == [(name, "opened")]
    finally:
        found.store.close()
