"""What people do to the grouping is learned, explained, forgotten and undone."""

from __future__ import annotations

import pytest

from aiops.engine.config import EngineConfig
from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.lesson import new_lesson
from aiops.engine.correlate.state import Name
from aiops.engine.correlate.trace import Trace
from aiops.engine.engine import Engine
from aiops.engine.grouping_lessons import KNOWN, LEARNED, names_of
from aiops.engine.incidents.clusters import MemberState
from aiops.engine.member_explanation import explain_member
from aiops.records import Action, Alert, Record, Tick
from aiops.topology import Topology
from tests.engine.made import made
from tests.engine.test_regrouping_actions import Desk, T, alert, desk

__all__ = ["desk"]
ERRORS, LATENCY = ("Errors", "shop"), ("Latency", "shop")
DISK, LOCKS = ("Disk", "db"), ("Locks", "db")


def taught(desk: Desk) -> list[tuple[str, list[tuple[str, str]], list[tuple[str, str]]]]:
    return [(one.verb, one.left, one.right) for one in desk.engine.correlate.lessons.all]


def test_a_merge_teaches_that_the_streams_of_both_belong_together(desk: Desk) -> None:
    _, reason, _ = desk.act("merge", desk.shop, into=desk.db)
    assert LEARNED in reason
    assert taught(desk) == [("merge", [DISK, LOCKS], [ERRORS, LATENCY])]
    [one] = desk.engine.correlate.lessons.all
    assert (one.id, one.by, one.incident, one.at) == ("act-1", "alice", desk.db, T + 501)


def test_a_split_teaches_that_the_part_does_not_belong(desk: Desk) -> None:
    _, reason, _ = desk.act("split", desk.shop, alerts="Latency-shop")
    assert LEARNED in reason
    assert taught(desk) == [("split", [ERRORS], [LATENCY])]


@pytest.mark.parametrize(
    ("args", "lessons"),
    [
        ({}, [("belongs", [ERRORS, LATENCY], [ERRORS, LATENCY])]),
        ({"alerts": "Errors-shop"}, [("belongs", [ERRORS, LATENCY], [ERRORS])]),
        ({"wrong": "Latency-shop"}, [("wrong", [ERRORS], [LATENCY])]),
        ({"wrong": "Latency-shop", "alerts": "Errors-shop"}, [("wrong", [ERRORS], [LATENCY])]),
    ],
)
def test_judgements_teach_what_belongs_and_what_does_not(
    desk: Desk, args: dict[str, str], lessons: list[tuple[str, list[tuple[str, str]], list[tuple[str, str]]]]
) -> None:
    _, reason, _ = desk.act("confirm_grouping", desk.shop, **args)
    assert reason.endswith(LEARNED)
    assert taught(desk) == lessons
    assert desk.act("confirm_grouping", desk.shop, **args)[1].endswith(KNOWN)
    assert taught(desk) == lessons


def test_a_refused_action_teaches_nothing(desk: Desk) -> None:
    assert not desk.act("split", desk.shop, alerts="Disk-db")[0]
    assert not desk.act("confirm_grouping", desk.shop, wrong="Disk-db")[0]
    assert taught(desk) == []


@pytest.mark.parametrize("verb", ["merge", "split", "confirm_grouping"])
def test_an_undone_action_never_taught_anything(desk: Desk, verb: str) -> None:
    args = {"merge": {"into": desk.db}, "split": {"alerts": "Latency-shop"}}.get(verb, {"wrong": "Latency-shop"})
    desk.act("split", desk.db, alerts="Locks-db")
    before = desk.engine.correlate.lessons.dump()
    assert desk.act(verb, desk.shop, **args)[0]
    assert desk.engine.correlate.lessons.dump() != before
    applied, reason, _ = desk.act("undo", desk.db if verb == "merge" else desk.shop)
    assert applied
    assert "what it taught is forgotten" in reason
    assert desk.engine.correlate.lessons.dump() == before


def test_lessons_are_forgotten_by_id_by_person_and_all(desk: Desk) -> None:
    desk.act("split", desk.shop, alerts="Latency-shop")
    desk.act("split", desk.db, alerts="Locks-db")
    applied, reason, _ = desk.act("forget_lessons", "", lesson="act-1")
    assert (applied, reason) == (True, "1 lesson forgotten; open incidents stay as they are")
    assert taught(desk) == [("split", [DISK], [LOCKS])]
    assert desk.act("forget_lessons", "", by="alice")[0]
    assert taught(desk) == []
    desk.act("merge", desk.shop, into=desk.db)
    assert desk.act("forget_lessons", "", lesson="all")[0]
    assert taught(desk) == []


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        ({}, "expected `lesson`"),
        ({"lesson": "act-1", "by": "alice"}, "one of them"),
        ({"lesson": "act-9"}, "expected the id of a lesson that is kept; got 'act-9'"),
        ({"by": "nobody"}, "expected a lesson by 'nobody'"),
    ],
)
def test_nothing_else_is_forgotten(desk: Desk, args: dict[str, str], reason: str) -> None:
    desk.act("split", desk.shop, alerts="Latency-shop")
    applied, answer, _ = desk.act("forget_lessons", "", **args)
    assert not applied
    assert reason in answer
    assert len(taught(desk)) == 1


GAP_S = 60.0


def night(day: int) -> list[Record]:
    """A pair of services that fail at about the same time each night."""
    at = T + day * 86_400.0
    records: list[Record] = []
    for after, name, entity in ((0.0, "Errors", "shop"), (GAP_S, "BackupFailed", "vault")):
        ts = at + after
        records.append(Tick(ts=ts))
        records.append(
            Alert(
                ts=ts, name=name, entity=entity, service=entity, severity="critical", id=f"{name}-{day}", starts_at=ts
            )
        )
    return records


def corrected(config: EngineConfig | None = None, times: int = 3) -> Engine:
    """An engine on which alice has split the two in so many nights."""
    engine = Engine(config)
    for day in range(times):
        engine.step(night(day))
        [name] = [one.id for one in engine.incidents.by_id.values() if one.status != "resolved"]
        at = T + day * 86_400.0 + 200
        engine.step(
            [
                Action(
                    ts=at,
                    verb="split",
                    incident=name,
                    args={"alerts": f"BackupFailed-{day}"},
                    id=f"s{day}",
                    actor="alice",
                )
            ]
        )
        for one in [each.id for each in engine.incidents.by_id.values() if each.status != "resolved"]:
            engine.step([Action(ts=at + 60, verb="resolve", incident=one, id="r")])
        engine.step([Tick(ts=T + day * 86_400.0 + 43_200.0)])
    return engine


def opened(engine: Engine, day: int) -> int:
    engine.step(night(day))
    return len([one for one in engine.incidents.by_id.values() if one.status != "resolved"])


def test_what_people_split_is_kept_apart_next_time_and_the_explanation_names_it() -> None:
    engine = corrected()
    assert opened(engine, 3) == 2
    vault = next(
        one
        for one in engine.incidents.by_id.values()
        if "vault" in str(engine.present(one.id)) and one.status != "resolved"
    )
    found = explain_member(engine, vault.id, "BackupFailed-3")
    assert found is not None
    assert found.declined is not None
    [term] = [one for one in found.declined.evidence if one.name == "taught"]
    assert term.value < -1.0
    assert term.text.startswith("kept apart: alice split BackupFailed on vault from Errors on shop on 3 March 2026, ")
    assert found.declined.score == pytest.approx(sum(one.value for one in found.declined.evidence))


def test_without_lessons_the_same_corrections_change_nothing_later() -> None:
    assert opened(corrected(EngineConfig(correlate=CorrelateConfig(lessons=False))), 3) == 1
    engine = corrected()
    engine.step([Action(ts=engine.timeline.now, verb="forget_lessons", args={"by": "alice"}, id="f")])
    assert opened(engine, 3) == 1


def test_lessons_survive_a_restart() -> None:
    engine = corrected()
    again = Engine()
    again.restore_parts(engine.snapshot_parts())
    assert again.correlate.lessons.dump() == engine.correlate.lessons.dump()
    assert again.step(night(3)) == engine.step(night(3))
    assert again.snapshot() == engine.snapshot()


def test_names_are_of_the_first_streams_each_once() -> None:
    members = [made(MemberState, name="Errors", workload="shop", service=None, entity="pod-1")] * 2
    members += [made(MemberState, name=f"Kind{n}", workload="", service="db", entity="db-1") for n in range(9)]
    found = names_of(members)
    assert (found[:2], len(found)) == ([("Errors", "shop"), ("Kind0", "db")], 8)


def test_alerts_of_one_stream_are_no_lesson() -> None:
    engine = Engine()
    engine.step([alert("Errors", "shop", 0)])
    [name] = engine.incidents.by_id
    engine.step([Action(ts=T + 60, verb="confirm_grouping", incident=name, id="c")])
    assert engine.correlate.lessons.all == []


class Hosts:
    """A correlator over hosts without services, where kinds and entities alone tie alerts."""

    def __init__(self) -> None:
        self.correlator = Correlator(CorrelateConfig(), Topology.build([], []))
        self.seq = 0

    def place(self, at: float, kind: str, host: str) -> int:
        self.seq += 1
        self.correlator.advance(T + at)
        return self.correlator.place(self.seq, T + at, kind, host).cluster

    def taught(self, verb: str, left: Name, right: Name, number: int) -> None:
        one = new_lesson(f"l{number}", verb, T, "alice", f"inc-{number}")
        one.left, one.right = [left], [right]
        assert self.correlator.lessons.add(one)


def test_lessons_count_for_alerts_without_a_service_too() -> None:
    plain, split = Hosts(), Hosts()
    split.taught("split", ("Scan", "alpha"), ("Login", "alpha"), 1)
    found = []
    for hosts in (plain, split):
        hosts.place(0.0, "Scan", "alpha")
        hosts.correlator.trace = trace = Trace()
        hosts.place(0.2, "Login", "alpha")
        [one] = trace.considered
        assert not one.join.is_placed
        assert one.score == pytest.approx(one.join.score())
        found.append(one)
    assert found[0].join.taught == 0.0
    assert found[1].score == pytest.approx(found[0].score + found[1].join.taught)
    assert found[1].join.taught < -1.0


def test_an_explanation_of_a_cluster_that_was_not_compared_names_the_lesson() -> None:
    hosts = Hosts()
    hosts.taught("split", ("Scan", "alpha"), ("Login", "beta"), 1)
    first = hosts.place(0.0, "Scan", "alpha")
    hosts.correlator.trace = trace = Trace([first])
    hosts.place(400.0, "Login", "beta")
    [one] = trace.considered
    assert one.on_request
    assert one.join.taught < 0.0
    assert one.join.precedent is not None
    assert one.join.precedent.sentence().startswith("kept apart: alice split Login on beta from Scan on alpha on ")
    assert one.score == pytest.approx(one.join.score())


def test_a_stream_that_a_cluster_knows_is_not_weighed_by_lessons() -> None:
    hosts = Hosts()
    first = hosts.place(0.0, "Scan", "alpha")
    assert hosts.place(0.1, "Login", "alpha") == first
    for number in range(6):
        hosts.taught("split", ("Scan", "alpha"), ("Login", "alpha"), number)
    assert hosts.place(0.2, "Login", "alpha") == first
