"""Engine time when clocks jump: the host's or a sender's, forward or back, at the first record or later."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.app.engine import build_engine
from aiops.backtest import replay
from aiops.engine.clock import LEAD_S, SET_BACK_S, Timeline
from aiops.engine.config import EngineConfig, IncidentConfig, PlaybooksConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Event, IncidentChanged, Notice
from aiops.records import MAX_AHEAD_S, Action, Alert, Change, Metric, Record, Tick
from aiops.topology import Topology

T0 = 1_795_000_000.0
ABSURD = 4_000_000_000.0


def fault(number: int, at: float, **fields: object) -> Alert:
    return Alert(ts=at, name=f"Fault{number}", entity=f"e{number}", service=f"s{number}", severity="critical", **fields)  # type: ignore[arg-type]


def faults(count: int = 5, gap: float = 1200.0) -> list[Record]:
    return [fault(number, T0 + gap * number) for number in range(count)]


def ticks(start: float, end: float, step: float = 5.0) -> list[Record]:
    return [Tick(ts=start + step * n) for n in range(int((end - start) / step) + 1)]


def opened(events: list[Event]) -> list[IncidentChanged]:
    return [event for event in events if isinstance(event, IncidentChanged) and event.change == "opened"]


def with_clock(records: list[Record]) -> list[Record]:
    """As the daemon writes them: the clock before the records, and again while time passes."""
    found: list[Record] = []
    now = T0
    for record in records:
        found.append(Tick(ts=now, passes=False))
        found.append(record)
        found += ticks(now, now + 1195.0)
        now += 1200.0
    return found


@pytest.mark.parametrize("absurd", [ABSURD, 3.0e9, T0 + 86_400 * 365])
def test_a_replay_whose_first_record_is_of_the_far_future_has_its_five_incidents(absurd: float) -> None:
    done = replay([fault(99, absurd), *faults()], Engine())
    incidents = done.incidents()
    assert len(incidents) == 5
    assert max(incident.opened_at or 0.0 for incident in incidents) < T0 + 5000
    assert all((incident.resolved_at or 0.0) < T0 + 86_400 for incident in incidents)
    assert done.engine.accounts()["conserved"]


def test_with_the_hosts_clock_the_first_record_counts_at_its_receipt() -> None:
    engine = Engine()
    events = engine.step([Tick(ts=T0, passes=False), fault(99, ABSURD)])
    assert [change.incident.opened_at for change in opened(events)] == [T0]
    events = engine.step(with_clock(faults()))
    assert len(opened(events)) == 4, "the first fault came at the time of the broken clock"
    assert not [event for event in events if isinstance(event, Notice) and event.topic == "clock"]


def test_an_absurd_first_record_sets_the_time_back_with_a_notice() -> None:
    events = Engine().step([fault(99, ABSURD), fault(0, T0)])
    notices = [event for event in events if isinstance(event, Notice)]
    assert [notice.topic for notice in notices] == ["clock"]
    assert "ahead of the records that followed, and was set back" in notices[0].text


def test_times_that_disagree_are_not_believed() -> None:
    engine = Engine()
    engine.step([*faults(3, 10.0), *(fault(9, at) for at in (3.0e9, 4.0e9, 3.5e9))])
    assert engine.timeline.now == T0 + 20.0


def test_three_in_a_row_that_agree_are_believed_and_two_are_not() -> None:
    engine = Engine()
    later = T0 + 100 * 86_400
    engine.step([fault(0, T0), fault(1, later), fault(2, later + 60)])
    assert engine.timeline.now == T0
    engine.step([fault(3, later + 120)])
    assert engine.timeline.now == later + 120


def test_far_times_with_an_ordinary_one_between_are_not_in_a_row() -> None:
    engine = Engine()
    later = T0 + 100 * 86_400
    engine.step([fault(0, T0), fault(1, later), fault(2, later), fault(3, T0 + 1), fault(4, later)])
    assert engine.timeline.now == T0 + 1


def test_three_absurd_first_records_that_agree_are_left_again() -> None:
    engine = Engine()
    events = engine.step([*(fault(99, ABSURD + n) for n in range(3)), *faults(8)])
    assert engine.timeline.now == T0 + 1200.0 * 7
    assert len(opened(events)) >= 6


def test_late_records_do_not_set_back_a_time_that_is_known() -> None:
    engine = Engine()
    old = [fault(9, T0 - 100 * 86_400 + n) for n in range(5)]
    engine.step([Tick(ts=T0), *faults(3, 1.0), *old])
    assert engine.timeline.now == T0 + 2


@pytest.mark.parametrize("ahead", [6.0, 61.0, 299.0])
def test_an_alert_moves_the_time_at_most_seconds_ahead_of_the_hosts_clock(ahead: float) -> None:
    engine = Engine()
    engine.step([Tick(ts=T0, passes=False), fault(0, T0 + ahead)])
    assert engine.timeline.now == T0 + LEAD_S


@pytest.mark.parametrize("ahead", [MAX_AHEAD_S + 1.0, 1000.0, 2900.0, 7200.0, ABSURD - T0])
def test_an_alert_further_ahead_than_clocks_disagree_counts_at_its_receipt(ahead: float) -> None:
    engine = Engine()
    engine.step([Tick(ts=T0, passes=False), fault(0, T0 + ahead)])
    assert engine.timeline.now == T0


def test_far_times_do_not_age_history_that_is_being_caught_up_with() -> None:
    engine = Engine()
    old = T0 - 90 * 86_400
    engine.step([Tick(ts=T0, passes=False), fault(0, old), *(fault(9, ABSURD + n) for n in range(4))])
    assert engine.timeline.now == old


def jumped(for_s: float) -> list[Record]:
    """The host's clock is two hours ahead for a while, and then right again."""
    records: list[Record] = [Tick(ts=T0), fault(0, T0 + 1, starts_at=T0)]
    records += ticks(T0 + 7200, T0 + 7200 + for_s, 1.0)
    return [*records, *ticks(T0 + for_s, T0 + for_s + 60)]


@pytest.mark.parametrize("for_s", [2.0, 600.0])
def test_a_host_clock_that_jumps_bends_nothing_for_longer_than_a_minute(for_s: float) -> None:
    engine = Engine()
    events = engine.step(jumped(for_s))
    start = T0 + for_s + 60
    assert start - 5 <= engine.timeline.now <= start
    notices = [event.text for event in events if isinstance(event, Notice) and event.topic == "clock"]
    assert len(notices) == 1
    assert "ahead of the host's clock, and was set back" in notices[0]
    later: list[Event] = []
    for number in range(1, 5):
        at = start + 1200.0 * number
        later += engine.step([Tick(ts=at), fault(number, at), *ticks(at, at + 1000, 60.0)])
    assert len(opened(later)) == 4
    resolved = [event for event in later if isinstance(event, IncidentChanged) and event.change == "resolved"]
    assert {event.incident.title for event in resolved} >= {change.incident.title for change in opened(later)[:3]}


def test_a_jump_that_is_short_is_not_set_back_before_it_is_sure() -> None:
    engine = Engine()
    engine.step([Tick(ts=T0 + 7200), *ticks(T0, T0 + SET_BACK_S - 1, 1.0)])
    assert engine.timeline.now == T0 + 7200
    assert engine.accounts()["clock_ahead_s"] > 7000
    engine.step(ticks(T0 + SET_BACK_S, T0 + SET_BACK_S + 5, 1.0))
    assert engine.timeline.now == T0 + SET_BACK_S + 5
    assert engine.accounts()["clock_ahead_s"] == 0
    assert engine.accounts()["set_backs"] == 1


def test_leases_and_deadlines_of_the_wrong_time_are_of_now() -> None:
    engine = Engine()
    wrong = T0 + 7200
    engine.step(
        [
            Tick(ts=wrong),
            fault(0, wrong, ends_at=wrong + 300),
            fault(1, wrong + 1),
            fault(2, wrong + 2, starts_at=wrong),
            *ticks(T0, T0 + 40, 1.0),
        ]
    )
    by_name = {stream.name: stream for stream in engine.dedup.streams.values()}
    assert by_name["Fault0"].lease_until == pytest.approx(T0 + 330, abs=40)
    assert by_name["Fault1"].due_at <= T0 + 40 + 900
    assert by_name["Fault2"].last_at <= T0 + 40
    events = engine.step(ticks(T0 + 40, T0 + 400, 5.0))
    assert any("Fault0" in (event.incident.title or "") for event in opened(events)) is False
    assert by_name["Fault0"].firing is False
    assert by_name["Fault2"].firing is True


def test_an_end_by_a_clock_that_is_not_believed_is_no_lease() -> None:
    engine = Engine()
    engine.step([fault(0, ABSURD), Tick(ts=T0, passes=False), fault(0, ABSURD, ends_at=ABSURD - 360)])
    engine.step([fault(0, T0) for _ in range(3)])
    engine.finish()
    assert engine.accounts()["open_incidents"] == 0


def times_of(engine: Engine) -> list[float]:
    """What the stages hold as engine time."""
    found = [engine.timeline.now, engine.correlate.now]
    for stream in engine.dedup.streams.values():
        found += [stream.last_at, stream.opened_at, stream.resolved_at, stream.ended_at, *stream.firings]
        found += [stream.habit_at]
    for cluster in engine.clusters.by_number.values():
        found += [cluster.opened_at, cluster.last_at]
        found += [at for member in cluster.members.values() for at in (member.first_at, member.last_at)]
    for incident in engine.incidents.by_id.values():
        found += [incident.opened_at, incident.resolved_at or 0.0, incident.said_at]
    for clusters in (engine.correlate.clusters, engine.correlate.background):
        found += [cluster.last for cluster in clusters.values()]
    for key in engine.correlate.keys.values():
        found += [key.scored, key.habit.last, key.habit.start]
    return found


def test_nothing_that_is_held_lies_ahead_after_the_time_was_set_back() -> None:
    engine = build_engine(EngineConfig(incidents=IncidentConfig(storm_incidents=3)), Topology())
    wrong = [fault(n % 7, T0 + 7200 + 60 * n) for n in range(40)]
    samples = [Metric(ts=T0 + 7200 + 60 * n, entity="db", name="cpu", value=50.0 + n % 3) for n in range(40)]
    for alert, sample in zip(wrong, samples, strict=True):
        engine.step([Tick(ts=alert.ts), alert, sample, Change(ts=alert.ts, entity="db", name="deploy")])
    engine.step(ticks(T0, T0 + 60, 1.0))
    assert max(times_of(engine)) <= engine.timeline.now
    assert engine.dedup.next_due() <= engine.timeline.now + 900
    # Detection and correlation go on: an hour of ordinary alerts is counted in its own bins.
    streams = engine.detect._streams
    assert streams._bin <= engine.timeline.now // streams.bin_s
    before = streams._bin
    engine.step([record for n in range(10) for record in (Tick(ts=T0 + 120 + 60 * n), fault(1, T0 + 120 + 60 * n))])
    assert streams._bin > before


CONFIG = EngineConfig(playbooks=PlaybooksConfig(""), incidents=IncidentConfig(storm_incidents=3))
STEPS = st.one_of(st.floats(0, 40), st.sampled_from([-7200.0, 7200.0, 300.0, -100 * 86_400.0, 100 * 86_400.0]))


@st.composite
def journals(draw: st.DrawFn) -> list[Record]:
    """A host's clock and a sender's that jump, with everything between."""
    host, sender = T0, T0
    records: list[Record] = []
    for _ in range(draw(st.integers(0, 60))):
        host += draw(STEPS) if draw(st.integers(0, 5)) == 0 else draw(st.floats(0, 40))
        sender = host + draw(st.sampled_from([0.0, 0.0, 0.0, -600.0, 200.0, ABSURD - T0]))
        kind, status = draw(st.integers(0, 6)), draw(st.sampled_from(["firing", "firing", "resolved"]))
        number = draw(st.integers(0, 4))
        if kind <= 2:
            ends_at = draw(st.sampled_from([None, sender + 240, sender - 360]))
            records.append(fault(number, max(0.0, sender), status=status, ends_at=ends_at))
        elif kind <= 4:
            records.append(Tick(ts=max(0.0, host), passes=draw(st.booleans())))
        elif kind == 5:
            records.append(Metric(ts=max(0.0, sender), entity="db", name="cpu", value=draw(st.floats(0, 100))))
        else:
            matchers = '[{"label":"alertname","op":"=","value":"Fault1"}]'
            args = {"id": "s", "matchers": matchers, "until": repr(host + 600)}
            records.append(Action(ts=max(0.0, host), verb="silence", args=args))
    return records


def plain(engine: Engine) -> dict[str, object]:
    """The snapshot by stage, to see which one differs."""
    found: dict[str, object] = msgspec.msgpack.decode(engine.snapshot())
    return found


def encoded(events: list[Event]) -> bytes:
    return msgspec.json.encode(events)


@settings(max_examples=60, deadline=None)
@given(journals(), st.integers(0, 60))
def test_clocks_that_jump_leave_replays_and_snapshots_equal(records: list[Record], cut: int) -> None:
    whole = build_engine(CONFIG, Topology())
    events = whole.step(records)
    first, second = build_engine(CONFIG, Topology()), build_engine(CONFIG, Topology())
    parts = first.step(records[:cut])
    second.restore(first.snapshot())
    parts += second.step(records[cut:])
    assert encoded(parts + second.finish()) == encoded(events + whole.finish())
    one, other = plain(whole), plain(second)
    assert [name for name in one if one[name] != other[name]] == []
    assert second.snapshot() == whole.snapshot()
    assert whole.accounts()["conserved"]
    assert whole.accounts()["open_incidents"] == 0


@settings(max_examples=40, deadline=None)
@given(journals())
def test_a_minute_of_the_right_clock_is_enough(records: list[Record]) -> None:
    engine = build_engine(CONFIG, Topology())
    engine.step(records)
    host = T0 + 400 * 86_400.0
    engine.step(ticks(host, host + 60, 5.0))
    assert engine.timeline.now == host + 60
    assert max(times_of(engine)) <= host + 60 + LEAD_S


def test_the_time_of_a_log_that_starts_is_the_first_records() -> None:
    timeline = Timeline()
    assert timeline.at(T0) == T0


def test_live_alert_after_a_first_record_of_long_ago_is_one_of_now() -> None:
    """Somebody tries a tool's sample with its old time first; what comes next is real, and no part of that."""
    engine = build_engine(EngineConfig(), Topology())
    old = T0 - 300 * 86_400.0
    events = engine.step([Tick(ts=T0, passes=False), fault(1, old)])
    events += engine.step([Tick(ts=T0 + 2, passes=False), fault(2, T0 + 2)])
    events += engine.step(ticks(T0 + 5, T0 + 60))
    changes = [(event.change, event.incident.title) for event in events if isinstance(event, IncidentChanged)]
    live = [change for change, title in changes if title is not None and "Fault2" in title]
    assert live[0] == "opened"
    assert "resolved" not in live
    assert len(opened(events)) == 2


@given(st.floats(min_value=31.0, max_value=400.0), st.floats(min_value=-290.0, max_value=4.0))
def test_time_that_the_host_confirms_needs_no_others(days: float, off_s: float) -> None:
    timeline = Timeline(now=T0 - days * 86_400.0, support=3)
    timeline.host(T0, passes=False)
    assert timeline.at(T0 + off_s) == T0 + off_s
    # Without the host's clock, or well before it, a single far time is still not believed.
    for tick, ts in ((-1.0, T0), (T0, T0 - 600.0)):
        doubtful = Timeline(now=T0 - 400 * 86_400.0, tick=tick, receipt=tick, support=3)
        assert doubtful.at(ts) == doubtful.now
