"""Episodes in the order of receipt: clocks of senders are compared with themselves only; one fault, one incident."""

from __future__ import annotations

import pytest

from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged, Placed
from aiops.records import Alert, Record, Tick

T0 = 1_795_000_000.0


def disk(ts: float, status: str = "firing", entity: str = "db", **fields: object) -> Alert:
    fields.setdefault("severity", "critical")
    return Alert(ts=ts, name="DiskFull", entity=entity, status=status, **fields)  # type: ignore[arg-type]


def fold(*records: Record, engine: Engine | None = None) -> tuple[list[IncidentChanged], list[Placed]]:
    events = (engine or Engine()).step(list(records))
    changes = [event for event in events if isinstance(event, IncidentChanged)]
    return changes, [event for event in events if isinstance(event, Placed)]


def ticks(start: float, end: float, step: float = 5.0) -> list[Record]:
    return [Tick(ts=start + step * n) for n in range(int((end - start) / step) + 1)]


def told(changes: list[IncidentChanged]) -> list[str]:
    return [change.change for change in changes if change.change != "updated"]


def test_a_late_replica_with_the_start_of_a_resolved_episode_opens_nothing() -> None:
    """Alertmanager in pairs: firing, resolved, firing of the other replica, resolved again with the same end."""
    changes, placed = fold(
        disk(T0, starts_at=T0 - 600),
        disk(T0 + 300, "resolved", starts_at=T0 - 600, ends_at=T0 + 300),
        disk(T0 + 302, starts_at=T0 - 600),
        disk(T0 + 300, "resolved", starts_at=T0 - 600, ends_at=T0 + 300),
        *ticks(T0 + 302, T0 + 900),
    )
    assert told(changes) == ["opened", "resolved"]
    assert changes[-1].at <= T0 + 302 + 300
    assert placed[2].reason == "late: its episode was resolved"


def test_whoever_resolves_the_running_episode_ends_it_though_the_end_lies_before_the_firing_came() -> None:
    """Over HTTP the firing is stamped on receipt, and the end is the sender's."""
    changes, _ = fold(
        disk(T0 + 5, starts_at=T0),
        disk(T0 + 2, "resolved", starts_at=T0, ends_at=T0 + 2),
        *ticks(T0 + 5, T0 + 700),
    )
    assert told(changes) == ["opened", "resolved"]


def test_a_resolve_without_a_start_ends_what_fires_whatever_its_time() -> None:
    changes, _ = fold(disk(T0), disk(T0 - 400, "resolved"), *ticks(T0, T0 + 700))
    assert told(changes) == ["opened", "resolved"]


def test_an_incident_stays_open_for_its_calm_after_an_end_of_a_late_clock() -> None:
    """`resolve_after_s` counts from receipt, so that a flap right after does not open a second incident."""
    late = [disk(T0 - 3000), disk(T0 - 2990, "resolved")]
    changes, _ = fold(Tick(ts=T0), *late, *ticks(T0, T0 + 290))
    assert told(changes) == ["opened"]


def test_the_second_end_of_an_earlier_episode_does_not_end_the_running_one() -> None:
    changes, placed = fold(
        disk(T0, starts_at=T0),
        disk(T0 + 100, "resolved", starts_at=T0, ends_at=T0 + 100),
        disk(T0 + 200, starts_at=T0 + 200),
        disk(T0 + 100, "resolved", starts_at=T0, ends_at=T0 + 100),
        *ticks(T0 + 200, T0 + 700),
    )
    assert told(changes) == ["opened"]
    assert placed[-1].reason == "late: an earlier episode's end"


def test_a_newer_start_is_a_new_episode_and_so_is_the_same_start_long_after() -> None:
    engine = Engine()
    first = [disk(T0, starts_at=T0), disk(T0 + 60, "resolved", starts_at=T0, ends_at=T0 + 60)]
    changes, _ = fold(*first, *ticks(T0 + 60, T0 + 500), disk(T0 + 510, starts_at=T0 + 500), engine=engine)
    assert told(changes) == ["opened", "resolved", "reopened"]
    # A tool whose start never changes is news again once no replica can be so late.
    again = [*first, *ticks(T0 + 60, T0 + 4000, 60.0), disk(T0 + 4000, starts_at=T0)]
    assert told(fold(*again)[0]) == ["opened", "resolved", "opened"]


@pytest.mark.parametrize("after", [1.0, 60.0, 600.0])
def test_a_replica_that_hears_of_the_end_late_is_late(after: float) -> None:
    placed = fold(disk(T0, starts_at=T0), disk(T0 + 10, "resolved", starts_at=T0), disk(T0 + 10 + after, starts_at=T0))[
        1
    ]
    assert placed[-1].disposition == "duplicate"


def test_a_lease_that_ran_out_without_a_message_goes_on_with_the_same_start() -> None:
    changes, _ = fold(
        disk(T0, starts_at=T0, ends_at=T0 + 240),
        *ticks(T0, T0 + 1000),
        disk(T0 + 1000, starts_at=T0, ends_at=T0 + 1240),
    )
    assert told(changes) == ["opened", "resolved", "reopened"]


def posts_of_a_late_prometheus(first: float, last: float, late_s: float = 600.0, every_s: float = 60.0) -> list[Record]:
    """As the connector for `/api/v2/alerts` takes them: an end that has passed has no status but resolved."""
    records: list[Record] = []
    now = first
    while now <= last:
        end = now - late_s + 240
        records += [Tick(ts=now), disk(end, "resolved", starts_at=first - late_s - 60, ends_at=end)]
        now += every_s
    return records


@pytest.mark.parametrize("every_s", [2.0, 15.0, 60.0, 120.0])
def test_an_end_that_moves_on_is_a_lease_though_it_lies_in_the_past(every_s: float) -> None:
    engine = Engine()
    last = T0 + 10 * every_s
    changes, placed = fold(*posts_of_a_late_prometheus(T0, last, every_s=every_s), engine=engine)
    assert told(changes) == ["opened"]
    assert changes[0].at == T0 + 2 * every_s
    assert placed[-1].disposition == "duplicate"
    # It is renewed no more.
    ended, _ = fold(*ticks(last, last + 700), engine=engine)
    assert told(ended) == ["resolved"]


def test_a_late_clock_resolves_with_the_end_that_stays() -> None:
    engine = Engine()
    fold(*posts_of_a_late_prometheus(T0, T0 + 300), engine=engine)
    end = T0 + 330 - 600
    over = [disk(end, "resolved", starts_at=T0 - 660, ends_at=end) for _ in range(4)]
    changes, placed = fold(Tick(ts=T0 + 360), over[0], Tick(ts=T0 + 420), *over[1:], engine=engine)
    assert placed[0].reason == "resolved"
    assert {place.reason for place in placed[1:]} == {"already resolved"}
    changes, _ = fold(*ticks(T0 + 420, T0 + 700), engine=engine)
    assert told(changes) == ["resolved"]


def test_ends_that_stay_or_go_back_and_forth_are_no_lease() -> None:
    """What two replicas of Prometheus repeat for a quarter of an hour after an end."""
    records: list[Record] = []
    for n in range(15):
        now = T0 + 60.0 * n
        for end in (T0 - 90, T0 - 60):
            records += [Tick(ts=now), disk(end, "resolved", starts_at=T0 - 900, ends_at=end)]
    changes, placed = fold(*records)
    assert changes == []
    assert {place.disposition for place in placed} == {"background"}


def test_a_script_that_reports_a_good_state_again_and_again_fires_nothing() -> None:
    """It ends the alert now, each minute; the end is as old as the message was on its way."""
    records: list[Record] = []
    for n in range(20):
        now = T0 + 60.0 * n
        records += [Tick(ts=now), disk(now - 1, "resolved", ends_at=now - 1)]
    assert fold(*records)[0] == []


@pytest.mark.parametrize("gap", [62.0, 130.0, 180.0, 600.0, 890.0])
def test_a_repeat_without_start_or_end_stays_in_its_incident(gap: float) -> None:
    changes, placed = fold(*(disk(T0 + gap * n) for n in range(4)))
    assert told(changes) == ["opened"]
    assert {place.incident for place in placed} == {changes[0].incident.id}
    assert [place.disposition for place in placed] == ["incident", *["duplicate"] * 3]


@pytest.mark.parametrize("gap", [62.0, 180.0, 3600.0])
def test_a_start_that_moves_without_an_end_between_is_the_same_episode(gap: float) -> None:
    changes, placed = fold(*(disk(T0 + gap * n, starts_at=T0 + gap * n) for n in range(4)))
    assert told(changes) == ["opened"]
    assert {place.incident for place in placed} == {changes[0].incident.id}


def test_a_repeat_stays_though_others_opened_an_incident_meanwhile() -> None:
    """It tells its end, so that it still fires for its own fault, whatever cluster is the latest."""
    other = [Alert(ts=T0 + 175 + n, name=f"Errors{n}", entity="db", severity="critical") for n in range(3)]
    changes, placed = fold(disk(T0, starts_at=T0), *other, disk(T0 + 180, starts_at=T0 + 100))
    opened = [change.incident.id for change in changes if change.change == "opened"]
    assert len(opened) == 2
    assert placed[-1].disposition == "duplicate"
    assert placed[-1].incident == opened[0]


def test_a_repeat_that_is_worse_updates_its_incident() -> None:
    changes, _ = fold(disk(T0, severity="high"), disk(T0 + 300, severity="critical"))
    assert [change.change for change in changes] == ["opened", "updated"]
    assert changes[-1].incident.severity == "critical"


def test_an_incident_that_was_reopened_is_ranked_again() -> None:
    from aiops.app.engine import build_engine
    from aiops.engine.config import EngineConfig
    from aiops.topology import Topology

    engine = build_engine(EngineConfig(), Topology())
    fold(disk(T0), *ticks(T0, T0 + 40), engine=engine)
    # As after many changes: the next ranking is due long after the end.
    next(iter(engine.incidents.by_id.values())).rank_due = T0 + 5000.0
    fold(disk(T0 + 45, "resolved"), *ticks(T0 + 45, T0 + 400), engine=engine)
    changes, _ = fold(
        disk(T0 + 410), Alert(ts=T0 + 412, name="Errors", entity="web", severity="critical"),
        *ticks(T0 + 412, T0 + 500), engine=engine,
    )  # fmt: skip
    assert [change.change for change in changes][:1] == ["reopened"]
    incident = engine.incidents.by_id[changes[0].incident.id]
    assert incident.rank_due is None, "it was ranked within the minute and a half"


def test_a_replica_that_names_an_earlier_start_ends_the_running_episode() -> None:
    """Two Alertmanagers behind two Prometheis: their starts are a little apart."""
    changes, _ = fold(
        disk(T0 + 5, starts_at=T0 + 1.5),
        disk(T0 + 100, "resolved", starts_at=T0, ends_at=T0 + 90),
        *ticks(T0 + 100, T0 + 500),
    )
    assert told(changes) == ["opened", "resolved"]


def test_two_ends_that_look_like_one_step_are_no_lease() -> None:
    """Replica A ended at a time, B a minute later, and each repeats its own end."""
    records: list[Record] = []
    for n in range(12):
        end = T0 - 200 + 60.0 * (n % 2)
        records += [Tick(ts=T0 + 60.0 * n), disk(end, "resolved", starts_at=T0 - 900, ends_at=end)]
    assert fold(*records)[0] == []


def test_an_end_of_2096_is_no_lease() -> None:
    changes, _ = fold(disk(T0, starts_at=T0, ends_at=4.0e9), *ticks(T0, T0 + 90_000, 600.0))
    assert told(changes) == ["opened", "resolved"]


def test_the_start_is_what_a_replica_is_told_by_and_not_its_own_time() -> None:
    """Its message has the time of its receipt, which lies after the end."""
    changes, _ = fold(
        disk(T0, starts_at=T0), disk(T0 + 10, "resolved", starts_at=T0), disk(T0 + 300, starts_at=T0),
        *ticks(T0 + 300, T0 + 700),
    )  # fmt: skip
    assert told(changes) == ["opened", "resolved"]
