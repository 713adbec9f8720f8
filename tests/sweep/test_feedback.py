"""Judgements of people: read from confirmed groupings, and scored as pairs."""

from __future__ import annotations

from aiops.engine.events import IncidentChanged
from aiops.records import Action, Alert, Incident, Member
from aiops.sweep.blocks import Blocks, PairCounts
from aiops.sweep.feedback import FeedbackReader, Judged, Judgement, judged_pairs, located
from tests.engine.test_regrouping_actions import Desk

MEMBERS = [Member(f"f{one}", f"N{one}", "db", "high", "firing", 1, 0.0, 0.0, alert_id=f"a{one}") for one in range(4)]


def read(**args: str) -> list[Judgement]:
    reader = FeedbackReader()
    action = Action(ts=50.0, verb="confirm_grouping", incident="inc-1", args=args)
    assert list(reader.noting([Alert(ts=1.0, name="N"), action])) == [Alert(ts=1.0, name="N"), action]
    incident = Incident(id="inc-1", members=MEMBERS)
    reader.watch(IncidentChanged(0, 1.0, "updated", incident, 1, ["alerts"]))
    reader.watch(IncidentChanged(1, 50.0, "updated", incident, 2, ["grouping"]))
    return reader.judgements


def test_streams_are_named_by_alert_or_fingerprint() -> None:
    assert read(alerts="a0,f1", wrong="f2") == [Judgement(50.0, ["a0", "a1"], ["a2"])]


def test_without_right_ones_all_others_are_right() -> None:
    assert read(wrong="a3") == [Judgement(50.0, ["a0", "a1", "a2"], ["a3"])]
    assert read() == [Judgement(50.0, ["a0", "a1", "a2", "a3"], [])]


def test_confirmation_that_was_not_applied_is_no_judgement() -> None:
    reader = FeedbackReader()
    list(reader.noting([Action(ts=1.0, verb="confirm_grouping", incident="inc-9")]))
    assert reader.judgements == []


def test_alerts_outside_the_input_are_left_out() -> None:
    found = located([Judgement(1.0, ["a0", "x"], ["a2"])], ["a2", "a0", "a0"])
    assert found == [Judged(1.0, [1], [0])]


def test_judgements_count_as_pairs_in_their_block() -> None:
    judged = [Judged(5.0, [0, 1, 2], [3]), Judged(15.0, [0, 1], [])]
    counts = judged_pairs(judged, [7, 7, 8, 7], Blocks(0.0, 10.0, 2))
    # Of the first: pair (0, 1) is joined, two pairs are missing, and alert 3 is wrongly with 0 and 1.
    assert counts == PairCounts([1.0, 1.0], [3.0, 1.0], [3.0, 1.0])


def test_a_split_is_a_judgement_of_both_parts() -> None:
    desk = Desk()
    reader = FeedbackReader()
    action = desk.action("split", desk.shop, alerts="Latency-shop")
    before = [Alert(ts=1.0, name="N")] * desk.engine.seq
    list(reader.noting([*before, action]))
    for event in desk.engine.step([action]):
        if isinstance(event, IncidentChanged):
            reader.watch(event)
    assert [(one.right, one.wrong) for one in reader.judgements] == [(["Errors-shop"], ["Latency-shop"])]
    assert (reader.waiting, reader.parts) == ({}, {})
