"""Which clusters are worth an incident, and which wait until they have lasted."""

from __future__ import annotations

import pytest

from aiops.engine.arrival import Arrival
from aiops.engine.config import IncidentConfig
from aiops.engine.correlate.result import CorrelationResult
from aiops.engine.dedup.stream import Stream, new_stream
from aiops.engine.detect.rate_anomaly import Surprise
from aiops.engine.incidents.clusters import Clusters, ClusterState
from aiops.engine.incidents.triage import Triage
from aiops.engine.interning import Shared
from aiops.records import Alert

NOW = 1_795_000_000.0
LONE_S = 600.0


def stream(name: str = "Slow", entity: str = "db", has_life_cycle: bool = True) -> Stream:
    made = new_stream(0, (None, name, entity, None, ()), Shared(), Alert(ts=0.0, name=name), entity)
    made.has_life_cycle = has_life_cycle
    return made


class Desk:
    """A triage with one cluster, which alerts join one after the other."""

    def __init__(self, **config: object) -> None:
        self.clusters = Clusters(100)
        fields = {"lone_warning_s": LONE_S, **config}
        self.triage = Triage(IncidentConfig(**fields), self.clusters)  # type: ignore[arg-type]
        self.cluster = self.clusters.open(1, NOW)
        self.members = 0

    def arrival(self, severity: str | None = "critical", background: str | None = None, p: float = 0.01) -> Arrival:
        arrival = Arrival()
        arrival.now = NOW
        arrival.begin(Alert(ts=NOW, name="Slow", entity="db", severity=severity), NOW)
        arrival.stream, arrival.cluster = stream(), self.cluster
        arrival.result, arrival.surprise = CorrelationResult(), Surprise()
        arrival.result.background = background
        arrival.surprise.p, arrival.surprise.first = p, False
        return arrival

    def judged(self, severity: str | None = "critical", **facts: object) -> str | None:
        arrival = self.arrival(severity, **facts)  # type: ignore[arg-type]
        self.triage.judge(arrival)
        return arrival.stream.background

    def join(self, name: str, entity: str, severity: str = "warning", has_life_cycle: bool = True) -> None:
        self.members += 1
        joining = stream(name, entity, has_life_cycle)
        joining.member = self.members
        alert = Alert(ts=NOW, name=name, entity=entity, severity=severity)
        self.clusters.join(self.cluster, self.members, joining, alert, NOW)
        self.clusters.fires(self.cluster, joining, 1)


@pytest.mark.parametrize(
    ("severity", "background", "p", "reason"),
    [
        ("critical", None, 0.01, None),
        ("high", None, 0.9, None),
        ("high", "chronic: fires all day", 0.01, "chronic: fires all day"),
        ("critical", "chronic: fires all day", 0.9, None),
        ("info", None, 0.01, "severity info is below warning"),
        ("warning", None, 0.5, "as usual: expected 0/min, saw 0, p = 0.5"),
        ("warning", None, 0.01, "too few warnings to tell: an incident when others join or it lasts 10 min 0 s"),
        # A tool that states no severity sent it because somebody wants to know.
        (None, None, 0.01, None),
    ],
)
def test_each_reason_against_an_incident(
    severity: str | None, background: str | None, p: float, reason: str | None
) -> None:
    desk = Desk()
    assert desk.judged(severity, background=background, p=p) == reason
    assert desk.cluster.background == reason


def test_a_cluster_that_has_an_incident_is_not_judged_again() -> None:
    desk = Desk()
    desk.cluster.incident = "inc-1"
    assert desk.judged("info") is None
    assert desk.cluster.background is None


def test_the_least_severity_is_that_of_the_configuration() -> None:
    assert Desk(min_severity="high").judged("warning") == "severity warning is below high"
    assert Desk(min_severity="info", lone_warning_s=0.0).judged("info") is None


@pytest.mark.parametrize(
    ("members", "speak"),
    [
        ([("Slow", "db")], False),
        ([("Slow", "db"), ("Errors", "db")], False),
        ([("Slow", "db"), ("Errors", "db"), ("Slow", "web")], True),
        ([("Slow", "db"), ("Slow", "web")], False),
        ([("Slow", "db"), ("Slow", "web"), ("Slow", "cart")], True),
    ],
)
def test_warnings_of_other_kinds_or_on_many_entities_speak_for_each_other(
    members: list[tuple[str, str]], speak: bool
) -> None:
    desk = Desk()
    for name, entity in members:
        desk.join(name, entity)
    assert (desk.judged("warning") is None) == speak


@pytest.mark.parametrize("severity", ["critical", "high", "warning", "info", None])
@pytest.mark.parametrize("background", [None, "chronic"])
@pytest.mark.parametrize("p", [0.01, 0.9])
def test_an_alert_that_stands_alone_opens_at_once_what_triage_would_open(
    severity: str | None, background: str | None, p: float
) -> None:
    desk = Desk()
    opens = desk.triage.opens(desk.arrival(severity, background=background, p=p))
    assert opens == (desk.judged(severity, background=background, p=p) is None)


def lasting(desk: Desk, at: float) -> list[tuple[float, ClusterState]]:
    return desk.triage.lasting(at)


def test_a_lone_warning_that_lasts_comes_back_when_its_time_is_over() -> None:
    desk = Desk()
    desk.join("Slow", "db")
    assert desk.judged("warning") is not None
    assert desk.triage.next_due() == NOW + LONE_S
    assert lasting(desk, NOW + LONE_S - 1) == []
    assert lasting(desk, NOW + LONE_S) == [(NOW + LONE_S, desk.cluster)]
    assert lasting(desk, NOW + 9 * LONE_S) == []


def test_a_lone_warning_that_ended_does_not_come_back() -> None:
    desk = Desk()
    desk.join("Slow", "db")
    desk.judged("warning")
    desk.cluster.firing = 0
    assert lasting(desk, NOW + LONE_S) == []


def test_a_warning_without_an_end_must_repeat_to_last() -> None:
    desk = Desk()
    desk.join("Slow", "db", has_life_cycle=False)
    desk.judged("warning")
    assert lasting(desk, NOW + LONE_S) == []
    assert desk.triage.next_due() == NOW + 2 * LONE_S, "it waits once more"
    next(iter(desk.cluster.members.values())).last_at = NOW + LONE_S
    assert lasting(desk, NOW + 2 * LONE_S) == [(NOW + 2 * LONE_S, desk.cluster)]


def test_a_cluster_waits_once_however_many_warnings_it_has() -> None:
    desk = Desk()
    desk.join("Slow", "db")
    for _ in range(5):
        desk.judged("warning")
    assert len(desk.triage.dump()) == 1


def test_a_clock_that_was_set_back_waits_no_longer_than_the_bound() -> None:
    desk = Desk()
    desk.join("Slow", "db")
    desk.judged("warning")
    desk.triage.set_back(NOW - 7_200.0)
    assert desk.triage.next_due() == NOW - 7_200.0 + LONE_S


def test_what_waits_survives_a_snapshot() -> None:
    desk = Desk()
    desk.join("Slow", "db")
    desk.judged("warning")
    other = Triage(IncidentConfig(lone_warning_s=LONE_S), desk.clusters)
    other.load(desk.triage.dump())
    assert other.lasting(NOW + LONE_S) == [(NOW + LONE_S, desk.cluster)]


def came_back(desk: Desk, *offsets: float) -> None:
    for offset in offsets:
        desk.cluster.came_back(NOW + offset)


def test_a_lone_warning_that_returns_twice_lasts_even_in_a_pause() -> None:
    desk = Desk()
    desk.join("Slow", "db")
    desk.judged("warning")
    desk.cluster.firing = 0
    came_back(desk, 200, 400)
    assert lasting(desk, NOW + LONE_S) == [(NOW + LONE_S, desk.cluster)]


@pytest.mark.parametrize("offsets", [(), (400,), (-9_000, -100)])
def test_one_return_or_returns_of_long_ago_make_no_lone_warning_last(offsets: tuple[float, ...]) -> None:
    desk = Desk()
    desk.join("Slow", "db")
    desk.judged("warning")
    desk.cluster.firing = 0
    came_back(desk, *offsets)
    assert lasting(desk, NOW + LONE_S) == []


def test_a_habit_that_returns_stays_background() -> None:
    desk = Desk()
    desk.join("Slow", "db")
    desk.judged("warning")
    for member in desk.cluster.members.values():
        member.habitual = True
    came_back(desk, 200, 400)
    desk.cluster.firing = 0
    assert lasting(desk, NOW + LONE_S) == []


def test_a_lone_warning_that_has_waited_opens_with_the_return_that_makes_it_last() -> None:
    desk = Desk()
    desk.join("Slow", "db")
    desk.cluster.opened_at = NOW - LONE_S
    came_back(desk, -300)
    assert desk.judged("warning") is not None
    came_back(desk, 0)
    assert desk.judged("warning") is None
    desk.cluster.opened_at = NOW - LONE_S + 1
    assert desk.judged("warning") is not None, "it has not waited long enough"
