"""People merge incidents and split alerts out of them; the engine keeps to it, and every alert is accounted for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from aiops.engine.events import ClusterSplit, Event, Feedback, IncidentChanged, Placed
from aiops.engine.incidents.config import IncidentConfig
from aiops.records import Action, Alert, Incident, Tick

T = 1_772_400_000.0


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


class Desk:
    """An engine with two incidents, `shop` (two streams) and `db` (two streams), and alice at it."""

    def __init__(self, config: EngineConfig | None = None) -> None:
        self.engine = Engine(config)
        self.turn = 0
        self.engine.step([alert("Errors", "shop", 0), alert("Latency", "shop", 1)])
        self.engine.step([alert("Disk", "db", 400, "high"), alert("Locks", "db", 401, "high")])
        self.shop, self.db = self.engine.incidents.by_id

    def act(self, verb: str, incident: str, **args: str) -> tuple[bool, str, list[IncidentChanged]]:
        self.turn += 1
        action = self.action(verb, incident, **args)
        # What is due by then is no doing of the action.
        self.engine.step([Tick(ts=action.ts)])
        events = self.engine.step([action])
        [feedback] = [event for event in events if isinstance(event, Feedback)]
        return feedback.applied, feedback.reason, changes(events)

    def action(self, verb: str, incident: str, **args: str) -> Action:
        at = max(T + 500 + self.turn, self.engine.timeline.now)
        return Action(ts=at, verb=verb, incident=incident, args=args, id=f"act-{self.turn}", actor="alice")

    def fold(self, *alerts: Alert) -> list[Placed]:
        return [event for event in self.engine.step(list(alerts)) if isinstance(event, Placed)]

    def shown(self, name: str) -> Incident:
        found = self.engine.present(name)
        assert found is not None
        return found[0]

    def streams(self, name: str) -> list[str]:
        return sorted(member.alert_id for member in self.shown(name).members)


def changes(events: Sequence[Event]) -> list[IncidentChanged]:
    return [event for event in events if isinstance(event, IncidentChanged)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_merged_incident_ends_as_a_part_of_the_chosen_one(desk: Desk) -> None:
    applied, reason, [ended, grown] = desk.act("merge", desk.shop, into=desk.db)
    assert applied
    assert reason == (
        f"merged into {desk.db}, which stays; learned for alerts like these; endpoints that know {desk.shop} get its "
        "end, and nobody is called"
    )
    assert (ended.change, ended.incident.id, ended.incident.merged_into) == ("merged", desk.shop, desk.db)
    assert (grown.change, grown.by_person, grown.origins) == ("updated", True, [desk.shop])
    assert grown.said == f"alice merged {desk.shop} into it, with 2 alert streams"
    assert (grown.incident.severity, grown.incident.alert_count, grown.incident.firing_count) == ("critical", 4, 4)
    assert desk.streams(desk.db) == ["Disk-db", "Errors-shop", "Latency-shop", "Locks-db"]
    assert desk.engine.accounts()["open_incidents"] == 1


def test_later_alerts_of_a_merged_incident_go_to_the_one_that_stays(desk: Desk) -> None:
    desk.act("merge", desk.shop, into=desk.db)
    placed = desk.fold(alert("Errors", "shop", 600), alert("Disk", "db", 601, "high"))
    assert {one.incident for one in placed} == {desk.db}
    # Long after the correlator has let go of the cluster, a new episode goes there while the incident is open.
    desk.engine.step([alert("Errors", "shop", 700, status="resolved"), Tick(ts=T + 9_000)])
    assert desk.engine.incidents.is_open(desk.db)
    again = Alert(
        ts=T + 9_001, name="Errors", entity="shop", service="shop", severity="critical", id="n", starts_at=T + 9_001
    )
    assert [one.incident for one in desk.fold(again)] == [desk.db]


@pytest.mark.parametrize(
    ("prepare", "verb", "named", "args", "reason"),
    [
        ([], "merge", "shop", {}, "$.args.into: expected the incident that stays; got none"),
        ([], "merge", "shop", {"into": "inc-nothing"}, "$.args.into: expected an incident that is open"),
        ([], "merge", "shop", {"into": "shop"}, "$.args.into: expected another incident"),
        (["db"], "merge", "shop", {"into": "db"}, "is resolved: only open incidents can be merged; reopen it first"),
        (["shop"], "merge", "shop", {"into": "db"}, "is resolved: only open incidents can be merged; reopen it first"),
        ([], "split", "shop", {}, "$.args.alerts: expected the ids of alerts; got none"),
        ([], "split", "shop", {"alerts": "Disk-db"}, "as `aiops incidents show` lists it (Errors-shop, Latency-shop)"),
        ([], "split", "shop", {"alerts": "Errors-shop,Latency-shop"}, "got all, and nothing would be left"),
        (["shop"], "split", "shop", {"alerts": "Errors-shop"}, "is resolved: only open incidents can be split"),
    ],
)
def test_what_cannot_be_regrouped_is_refused(
    desk: Desk, prepare: list[str], verb: str, named: str, args: dict[str, str], reason: str
) -> None:
    names = {"shop": desk.shop, "db": desk.db}
    for name in prepare:
        desk.act("resolve", names[name])
    before = desk.engine.clusters.dump(), desk.engine.incidents.open_count
    applied, answer, found = desk.act(
        verb, names[named], **{key: names.get(value, value) for key, value in args.items()}
    )
    assert (applied, found) == (False, [])
    assert reason in answer
    assert (desk.engine.clusters.dump(), desk.engine.incidents.open_count) == before


def test_split_alerts_are_an_incident_of_their_own_and_stay_one(desk: Desk) -> None:
    applied, reason, [made, left] = desk.act("split", desk.shop, alerts="Latency-shop")
    assert applied
    name = made.incident.id
    assert reason.startswith(f"1 alert stream split out to {name}, where later alerts of them go; ")
    assert (made.change, made.by_person, made.origins) == ("opened", True, [desk.shop])
    assert (made.incident.split_from, made.said) == (desk.shop, f"alice split it from {desk.shop}")
    assert (left.change, left.said) == ("updated", f"alice split 1 alert stream out to {name}")
    assert (desk.streams(desk.shop), desk.streams(name)) == (["Errors-shop"], ["Latency-shop"])
    assert [one.incident for one in desk.fold(alert("Latency", "shop", 600), alert("Errors", "shop", 601))] == [
        name,
        desk.shop,
    ]


def test_severity_and_times_of_what_is_left_are_its_own() -> None:
    desk = Desk()
    desk.fold(alert("Down", "db", 450))
    assert desk.shown(desk.db).severity == "critical"
    desk.act("split", desk.db, alerts="Down-db")
    left = desk.shown(desk.db)
    assert (left.severity, left.alert_count, left.last_alert_at) == ("high", 2, T + 401)


def test_a_split_stream_that_fires_again_goes_to_its_own_incident_while_that_is_open(desk: Desk) -> None:
    _, _, [made, _] = desk.act("split", desk.shop, alerts=["Latency-shop", "Errors-shop"][0])
    desk.engine.step([alert("Latency", "shop", 700, status="resolved"), Tick(ts=T + 720)])
    again = Alert(
        ts=T + 800, name="Latency", entity="shop", service="shop", severity="critical", id="n", starts_at=T + 800
    )
    assert [one.incident for one in desk.fold(again)] == [made.incident.id]


def test_what_a_person_parted_is_not_merged_again_by_evidence(desk: Desk) -> None:
    _, _, [made, _] = desk.act("split", desk.shop, alerts="Latency-shop")
    clusters, merging = desk.engine.clusters, desk.engine.pipeline.merging
    whole, part = clusters.of(0), clusters.of(desk.engine.incidents.by_id[made.incident.id].cluster)
    assert whole is not None
    assert part is not None
    merging.merge(whole, part.number, "they fit the same alert", desk.engine.arrival)
    merging.merge(part, whole.number, "they fit the same alert", desk.engine.arrival)
    assert desk.streams(made.incident.id) == ["Latency-shop"]
    assert desk.streams(desk.shop) == ["Errors-shop"]
    # A person may.
    assert desk.act("merge", made.incident.id, into=desk.shop)[0]
    assert desk.streams(desk.shop) == ["Errors-shop", "Latency-shop"]


def test_what_a_person_merged_is_not_split_by_evidence(desk: Desk) -> None:
    desk.act("merge", desk.shop, into=desk.db)
    events = desk.engine.step([Tick(ts=T + 20_000)])
    assert not [event for event in events if isinstance(event, ClusterSplit)]
    assert desk.streams(desk.db) == ["Disk-db", "Errors-shop", "Latency-shop", "Locks-db"]


def test_incidents_of_a_storm_are_not_regrouped() -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(storm_incidents=3)))
    engine.step([Alert(ts=T + n, name=f"Fault{n}", entity=f"host-{n}", severity="high", id=f"f{n}") for n in range(6)])
    [storm] = [name for name, one in engine.incidents.by_id.items() if engine.clusters.by_number[one.cluster].storm]
    other = next(name for name in engine.incidents.by_id if name != storm)
    for verb, args in (("split", {"alerts": "f5"}), ("merge", {"into": other})):
        [answer] = [
            event
            for event in engine.step([Action(ts=T + 60, verb=verb, incident=storm, args=args, id="a")])
            if isinstance(event, Feedback)
        ]
        assert not answer.applied
        assert "groups what came during a storm" in answer.reason


def test_decisions_survive_a_restart(desk: Desk) -> None:
    desk.act("merge", desk.shop, into=desk.db)
    desk.act("split", desk.db, alerts="Locks-db")
    again = Engine()
    again.restore_parts(desk.engine.snapshot_parts())
    later = [alert("Errors", "shop", 600), alert("Locks", "db", 601, "high"), alert("New", "db", 602, "high")]
    assert again.step(later) == desk.engine.step(later)
    assert again.snapshot() == desk.engine.snapshot()
