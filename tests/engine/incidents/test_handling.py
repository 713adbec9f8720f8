"""The work on incidents: bounded, united by merges, forgotten with the incident."""

from __future__ import annotations

from math import inf

from aiops.engine.incidents.clusters import Clusters
from aiops.engine.incidents.handled import new_deed
from aiops.engine.incidents.handling import MAX_DEEDS, MAX_ORIGINS, MAX_REMARKS, Handling
from aiops.records import Incident
from tests.engine.through_bytes import restored, saved


def handling() -> Handling:
    return Handling(Clusters(10))


def test_what_nobody_touched_costs_nothing() -> None:
    found = handling()
    record = Incident(id="a")
    found.describe(record)
    assert (record, found.by_incident, found.origins_of("a")) == (Incident(id="a"), {}, [])
    assert not found.end_snooze("a")
    found.forget("a")
    found.leave("a")
    assert found.next_wake == inf


def test_lists_are_bounded() -> None:
    found = handling()
    for turn in range(100):
        found.remark("a", turn, "alice", str(turn))
        found.did("a", new_deed(str(turn), "acknowledge", turn, "alice"))
    found.known_as("a", [str(turn) for turn in range(100)])
    one = found.of("a")
    assert [len(one.remarks), len(one.deeds), len(one.origins)] == [MAX_REMARKS, MAX_DEEDS, MAX_ORIGINS]
    assert one.origins[-1] == "99"


def test_snoozes_end_in_the_order_of_their_times() -> None:
    found = handling()
    for name, until in (("b", 20.0), ("a", 20.0), ("c", 10.0), ("d", 30.0)):
        found.snooze(name, until)
    assert found.next_wake == 10.0
    assert found.wake(20.0) == ["c", "a", "b"]
    assert found.next_wake == 30.0
    found.forget("d")
    assert found.next_wake == inf


def test_a_merge_by_evidence_keeps_notes_and_the_owner_of_the_one_that_stays() -> None:
    found = handling()
    found.of("young").assigned_to = "bob"
    found.remark("young", 2.0, "bob", "mine")
    found.remark("old", 1.0, "alice", "first")
    found.snooze("young", 9.0)
    found.unite("old", "young")
    assert [text for _, _, text in found.of("old").remarks] == ["first", "mine"]
    assert (found.of("old").assigned_to, found.next_wake) == ("bob", inf)
    found.of("other").assigned_to = "carol"
    found.unite("old", "other")
    assert found.of("old").assigned_to == "bob"


def test_the_last_deed_is_dropped_and_the_ones_before_stay() -> None:
    found = handling()
    deeds = [new_deed(str(turn), "assign", turn, "alice") for turn in range(3)]
    for deed in deeds:
        found.did("a", deed)
    assert found.drop(deeds[1], "a") == []
    assert [one.incident for one in found.drop(deeds[2], "a")] == ["a"]
    found.drop_verb("a", "resolve")
    assert [one.id for one in found.of("a").deeds] == ["0", "1"]
    found.drop_verb("a", "assign")
    assert [one.id for one in found.of("a").deeds] == ["0"]


def test_the_state_survives_a_snapshot() -> None:
    found = handling()
    found.snooze("a", 20.0)
    found.remark("a", 1.0, "alice", "x")
    found.did("a", new_deed("d", "assign", 1.0, "alice", to="bob"))
    found.grouping.bound["f"] = 1
    found.grouping.apart[1, 2] = None
    found.grouping.kept[3] = None
    again = restored(found, handling())
    assert saved(again) == saved(found)
    assert again.next_wake == 20.0


def test_deeds_ahead_of_a_clock_that_was_set_back_count_as_now() -> None:
    found = handling()
    found.did("a", new_deed("d", "assign", 100.0, "alice"))
    found.set_back(50.0)
    assert found.of("a").deeds[0].at == 50.0
