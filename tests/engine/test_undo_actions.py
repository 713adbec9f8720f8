"""The last action on an incident is undone within an hour, if nothing contradicts it; else the reason is given."""

from __future__ import annotations

import pytest

from aiops.engine.undo_actions import UNDO_S
from aiops.records import Alert, Tick
from tests.engine.test_regrouping_actions import Desk, T, alert


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_acknowledgement_is_undone(desk: Desk) -> None:
    desk.act("acknowledge", desk.shop)
    applied, reason, [change] = desk.act("undo", desk.shop)
    assert applied
    assert reason.startswith("acknowledgement by alice undone, nobody is on it; ")
    assert (change.incident.status, change.incident.acknowledged_by) == ("open", None)
    assert change.said == "alice is no longer on it, by alice"
    assert "nothing to undo" in desk.act("undo", desk.shop)[1]


def test_an_assignment_is_undone_with_its_acknowledgement(desk: Desk) -> None:
    desk.act("assign", desk.shop, to="bob")
    desk.act("assign", desk.shop, to="alice")
    assert desk.act("undo", desk.shop)[1].startswith("assigned to bob again; ")
    assert (desk.shown(desk.shop).assigned_to, desk.shown(desk.shop).status) == ("bob", "acknowledged")
    assert desk.act("undo", desk.shop)[1].startswith("assigned to nobody again; ")
    assert (desk.shown(desk.shop).assigned_to, desk.shown(desk.shop).status) == (None, "open")


def test_a_snooze_is_undone_and_its_end_too(desk: Desk) -> None:
    until = T + 3_000
    desk.act("snooze", desk.shop, until=repr(until))
    desk.act("unsnooze", desk.shop)
    assert desk.act("undo", desk.shop)[1].startswith("snoozed again as before; ")
    assert desk.shown(desk.shop).snoozed_until == until
    assert desk.act("undo", desk.shop)[1].startswith("snooze by alice undone; ")
    assert (desk.shown(desk.shop).snoozed_until, desk.shown(desk.shop).status) == (None, "open")


def test_a_longer_snooze_is_undone_to_the_one_before(desk: Desk) -> None:
    desk.act("snooze", desk.shop, until=repr(T + 3_000))
    desk.act("snooze", desk.shop, until=repr(T + 6_000))
    desk.act("undo", desk.shop)
    assert desk.shown(desk.shop).snoozed_until == T + 3_000


def test_a_resolution_is_undone_quietly(desk: Desk) -> None:
    desk.act("resolve", desk.shop)
    applied, reason, [change] = desk.act("undo", desk.shop)
    assert applied
    assert reason.startswith("reopened, with 2 alert streams firing; ")
    assert (change.change, change.by_person) == ("reopened", True)


def test_a_merge_is_undone_with_exactly_what_came(desk: Desk) -> None:
    before = desk.shown(desk.shop)
    desk.act("acknowledge", desk.shop)
    desk.act("note", desk.shop, text="looking", notify="no")
    desk.act("merge", desk.shop, into=desk.db)
    desk.fold(alert("Errors", "shop", 600), alert("Disk", "db", 601, "high"))
    # Of the same workload, so it joins the cluster of the first.
    late = Alert(ts=T + 602, name="Disk", entity="db-2", service="db", severity="high", id="Disk-db-2")
    assert [one.incident for one in desk.fold(late)] == [desk.db]
    applied, reason, [back, left] = desk.act("undo", desk.shop)
    assert applied
    assert reason == (
        f"{desk.shop} is an incident of its own again, with the 2 alert streams of then, and what it taught is "
        "forgotten; endpoints that got its end get a quiet message, and nobody is called"
    )
    assert (back.change, back.by_person, back.incident.status) == ("reopened", True, "acknowledged")
    assert (back.incident.id, back.incident.merged_into) == (before.id, None)
    assert [note.text for note in back.incident.notes] == ["looking"]
    assert desk.streams(desk.shop) == ["Errors-shop", "Latency-shop"]
    # What came there after the merge stays.
    assert desk.streams(desk.db) == ["Disk-db", "Disk-db-2", "Locks-db"]
    assert left.incident.merged_from == []
    assert back.incident.alert_count + left.incident.alert_count == 7
    assert [one.incident for one in desk.fold(alert("Errors", "shop", 700), alert("Disk", "db", 701, "high"))] == [
        desk.shop,
        desk.db,
    ]


def test_a_split_is_undone_from_either_side(desk: Desk) -> None:
    for side in ("whole", "part"):
        _, _, [made, _] = desk.act("split", desk.shop, alerts="Latency-shop")
        named = desk.shop if side == "whole" else made.incident.id
        applied, reason, _ = desk.act("undo", named)
        assert applied, reason
        assert f"{made.incident.id} is a part of {desk.shop} again, and what it taught is forgotten; " in reason
        assert desk.streams(desk.shop) == ["Errors-shop", "Latency-shop"]


def test_the_last_action_is_undone_first(desk: Desk) -> None:
    desk.act("acknowledge", desk.shop)
    desk.act("assign", desk.shop, to="bob")
    assert desk.act("undo", desk.shop, action="act-1")[1] == "assign by alice came after it: undo that first"
    assert "expected the id of an action" in desk.act("undo", desk.shop, action="act-9")[1]
    assert desk.act("undo", desk.shop, action="act-2")[0]
    assert desk.act("undo", desk.shop, action="act-1")[0]


def test_an_action_is_undone_within_an_hour(desk: Desk) -> None:
    desk.act("acknowledge", desk.shop)
    done_at = desk.engine.timeline.now
    desk.engine.step([alert("Errors", "shop", 2_000), Tick(ts=done_at + UNDO_S + 1)])
    applied, reason, _ = desk.act("undo", desk.shop)
    assert (applied, reason) == (False, "acknowledge by alice was 1 h 0 min ago: it can be undone for 1 h 0 min")


def test_what_was_contradicted_is_not_undone(desk: Desk) -> None:
    desk.act("acknowledge", desk.shop)
    desk.act("snooze", desk.shop, until=repr(T + 700))
    desk.engine.step([Tick(ts=T + 700)])
    assert desk.act("undo", desk.shop)[1] == "the snooze has ended by now: there is nothing to undo"


def test_a_merge_is_not_undone_once_a_part_has_left(desk: Desk) -> None:
    desk.act("merge", desk.shop, into=desk.db)
    desk.act("split", desk.db, alerts="Errors-shop")
    assert "came after it: undo that first" in desk.act("undo", desk.shop)[1]


def test_an_incident_that_evidence_merged_stays(desk: Desk) -> None:
    clusters = desk.engine.clusters
    shop, db = (clusters.of(desk.engine.incidents.by_id[name].cluster) for name in (desk.shop, desk.db))
    assert shop is not None
    assert db is not None
    desk.engine.pipeline.merging.merge(shop, db.number, "a test", desk.engine.arrival)
    desk.act("acknowledge", desk.shop)
    assert "was not merged by a person: it stays there" in desk.act("undo", desk.db)[1]


def test_resolved_incidents_keep_their_merges_and_splits(desk: Desk) -> None:
    _, _, [made, _] = desk.act("split", desk.shop, alerts="Latency-shop")
    desk.act("resolve", made.incident.id)
    refusal = f"alice resolved {made.incident.id}: reopen it first, then the split can be undone"
    assert refusal in desk.act("undo", desk.shop)[1]
    # What was refused can be undone once that is mended.
    last = desk.shown(desk.shop).last_action
    assert last is not None
    assert last.verb == "split"


@pytest.mark.parametrize("ends", [["Latency"], ["Errors"], ["Latency", "Errors"]])
@pytest.mark.parametrize("side", ["whole", "part"])
def test_a_split_is_undone_after_a_part_ended_by_itself(desk: Desk, ends: list[str], side: str) -> None:
    _, _, [made, _] = desk.act("split", desk.shop, alerts="Latency-shop")
    at = desk.engine.timeline.now - T + 1
    desk.engine.step([alert(name, "shop", at, status="resolved") for name in ends])
    desk.engine.step([Tick(ts=T + at + 1_000)])
    part = made.incident.id
    over = {"Latency": part, "Errors": desk.shop}
    assert [desk.shown(over[name]).status for name in ends] == ["resolved"] * len(ends)
    applied, reason, _ = desk.act("undo", desk.shop if side == "whole" else part)
    assert applied, reason
    assert f"{part} is a part of {desk.shop} again, and what it taught is forgotten; " in reason
    shown = desk.shown(desk.shop)
    assert desk.streams(desk.shop) == ["Errors-shop", "Latency-shop"]
    assert (shown.status, shown.alert_count, shown.firing_count) == ("open", 2 + len(ends), 2 - len(ends))
    assert part not in desk.engine.incidents.by_id
    # Where nothing of it fires, it ends by itself again.
    desk.engine.step([Tick(ts=desk.engine.timeline.now + 2_000)])
    assert desk.shown(desk.shop).status == ("resolved" if len(ends) == 2 else "open")
