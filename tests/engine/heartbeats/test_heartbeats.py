"""What is expected and does not come opens an alert; what could not be received does not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.engine import Engine
from aiops.engine.events import Placed
from aiops.engine.heartbeats import heartbeats
from aiops.engine.heartbeats.beat import FORGET_S
from aiops.engine.heartbeats.config import ExpectedConfig
from aiops.errors import UsageError
from aiops.records import Action, Alert, Tick
from tests.engine.heartbeats.listening import EXPECTED, START, Bench, watchdog

DAY = 86_400.0


def test_silence_of_an_expected_stream_opens_an_incident_and_its_return_ends_it() -> None:
    bench = Bench(EXPECTED)
    bench.beats(0, 1_200, 300)
    assert (bench.made, bench.open_incidents) == ([], 0)
    bench.ticks(1_500, 2_400)
    assert bench.made == [(1_800.0, "firing")]
    assert bench.open_incidents == 1
    alert = bench.engine.arrival.alert
    assert (alert.name, alert.entity, alert.severity) == ("Watchdog is silent", "prom-1", "critical")
    assert alert.message is not None
    assert 'alertname="Watchdog"' in alert.message
    bench.feed(watchdog(START + 2_401))
    bench.ticks(2_402, 2_404)
    assert bench.made[1:] == [(2_402.0, "resolved")]
    bench.ticks(2_405, 2_900)
    assert bench.open_incidents == 0


def test_a_repeat_of_a_firing_alert_is_a_sign_of_life_and_its_end_is_none() -> None:
    bench = Bench(EXPECTED)
    bench.beats(0, 1_500, 300, starts_at=START)
    bench.feed(watchdog(START + 1_790, starts_at=START, status="resolved"))
    bench.ticks(1_791, 2_200)
    assert [status for _, status in bench.made] == ["firing"]
    assert bench.made[0][0] == pytest.approx(2_100, abs=6)


@pytest.mark.parametrize("declares", [True, False])
def test_a_heartbeat_that_fires_again_keeps_no_incident_open(declares: bool) -> None:
    # Prometheus stops for a minute, and its Watchdog fires again on the entity of the incident, seconds after it.
    how = {"labels": {"expected_every": "1m"}} if declares else {}
    bench = Bench(*([] if declares else [ExpectedConfig(matchers=['alertname="Watchdog"'], every="1m")]))
    bench.beats(0, 120, 30, starts_at=START, **how)
    bench.feed(watchdog(START + 155, starts_at=START, status="resolved", **how))
    bench.ticks(156, 230)
    assert bench.open_incidents == 1
    bench.beats(231, 1_000, 30, starts_at=START + 230, **how)
    assert [status for _, status in bench.made] == ["firing", "resolved"]
    assert bench.open_incidents == 0
    placed = [event for event in bench.events if isinstance(event, Placed) and not event.id.startswith("Watchdog/")]
    assert {(event.disposition, event.incident) for event in placed} == {("background", None), ("duplicate", None)}


def test_an_expected_alert_that_is_severe_is_trouble_as_well() -> None:
    bench = Bench(EXPECTED)
    bench.feed(watchdog(START, severity="critical"))
    assert bench.open_incidents == 1


def test_a_silenced_heartbeat_still_counts() -> None:
    bench = Bench(EXPECTED)
    until = {"id": "s", "matchers": 'alertname="Watchdog"', "until": str(START + DAY)}
    bench.feed(Action(ts=START, verb="silence", args=until))
    bench.beats(1, 1_801, 300)
    assert bench.made == []


def test_nothing_is_judged_while_the_daemon_was_down() -> None:
    bench = Bench(EXPECTED)
    bench.beats(0, 600, 300)
    # Down for two hours: the sender gets the time that was left.
    bench.ticks(600 + 300 + 7_200, 600 + 300 + 7_200 + 280)
    assert bench.made == []
    bench.ticks(8_385, 8_500)
    assert [status for _, status in bench.made] == ["firing"]


def test_a_source_that_is_away_is_no_silence_of_the_sender() -> None:
    bench = Bench(EXPECTED)
    bench.beats(0, 600, 300)
    bench.ticks(900, 4_500, away=("alertmanager",))
    assert bench.made == []
    bench.ticks(4_505, 5_000)
    assert len(bench.made) == 1


def test_another_source_that_is_away_excuses_nobody() -> None:
    bench = Bench(EXPECTED)
    bench.beats(0, 600, 300)
    bench.ticks(900, 1_300, away=("zabbix",))
    assert bench.made == [(1_200.0, "firing")]


def test_a_clock_that_jumps_ahead_and_back_bends_nothing() -> None:
    bench = Bench(EXPECTED)
    bench.beats(0, 600, 300)
    bench.ticks(900, 960)
    bench.ticks(90_000, 90_010)
    assert bench.made == []
    bench.ticks(985, 1_400)
    assert [status for _, status in bench.made] == ["firing"]
    assert bench.made[0][0] == pytest.approx(1_200, abs=65)


def test_an_expectation_that_nothing_ever_matched_is_reported() -> None:
    bench = Bench(EXPECTED)
    bench.ticks(0, 700)
    assert bench.made == [(600.0, "firing")]
    assert "no alert has matched it" in str(bench.engine.arrival.alert.message)
    bench.beats(701, 701, 60)
    assert bench.made[1][1] == "resolved"


def test_each_stream_is_expected_by_itself_and_one_alert_is_made_a_tick() -> None:
    bench = Bench(EXPECTED)
    for number in range(3):
        bench.feed(watchdog(START, entity=f"prom-{number}"))
    bench.ticks(1, 700)
    assert bench.made == [(601.0, "firing"), (606.0, "firing"), (611.0, "firing")]


def test_a_sender_declares_its_own_expectation() -> None:
    bench = Bench()
    bench.feed(watchdog(START, labels={"expected_every": "5m", "team": "a"}))
    bench.feed(watchdog(START, entity="prom-2", annotations={"expected_every": "10m"}))
    bench.ticks(1, 800)
    assert bench.made == [(301.0, "firing"), (601.0, "firing")]
    assert bench.engine.arrival.alert.severity == "high"


def test_a_declaration_that_does_not_fit_is_reported_and_counted() -> None:
    bench = Bench()
    for _ in range(3):
        bench.feed(watchdog(START, labels={"expected_every": "soon"}))
        bench.ticks(1, 1)
    assert len(bench.notices()) == 1
    assert "expected a duration" in bench.notices()[0]
    assert bench.engine.heartbeats.accounts()["refused"] == 3


def test_streams_that_are_expected_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "MAX_BEATS", 5)
    bench = Bench()
    for number in range(9):
        bench.feed(watchdog(START, entity=f"e{number}", labels={"expected_every": "5m"}))
    assert bench.engine.heartbeats.accounts()["expected"] == 5
    assert bench.engine.heartbeats.refused == 4


def regular(bench: Bench, until: float, severity: str = "info") -> None:
    for at in range(0, int(until), 600):
        bench.feed(watchdog(START + at + at % 7, severity=severity))
        bench.ticks(at + 10, at + 599, every_s=50.0)


def test_silence_of_a_stream_that_always_came_is_learned() -> None:
    bench = Bench()
    regular(bench, 26 * 3_600)
    assert bench.made == []
    bench.ticks(26 * 3_600, 28 * 3_600, every_s=50.0)
    assert [status for _, status in bench.made] == ["firing"]
    alert = bench.engine.arrival.alert
    assert alert.severity == "warning"
    assert "learned: it came 155 times, every 10 min" in str(alert.message)
    assert 1_500 <= bench.made[0][0] - 26 * 3_600 + 600 <= 2_100


@pytest.mark.parametrize("how", ["warning", "short", "ended", "off"])
def test_what_may_end_at_any_time_is_not_learned(how: str) -> None:
    bench = Bench(learned=how != "off")
    regular(bench, (5 if how == "short" else 26) * 3_600, "warning" if how == "warning" else "info")
    end = bench.engine.timeline.now - START
    if how == "ended":
        bench.feed(watchdog(START + end + 1, severity="info", status="resolved"))
    bench.ticks(end + 50, end + 7_200, every_s=50.0)
    assert bench.made == []


def test_a_stream_that_went_silent_once_is_regular_no_more() -> None:
    bench = Bench()
    regular(bench, 26 * 3_600)
    bench.ticks(26 * 3_600, 30 * 3_600, every_s=50.0)
    bench.feed(watchdog(START + 30 * 3_600 + 60, severity="info"))
    bench.ticks(30 * 3_600 + 100, 40 * 3_600, every_s=50.0)
    assert [status for _, status in bench.made] == ["firing", "resolved"]


def test_a_sender_that_never_returns_is_forgotten() -> None:
    bench = Bench()
    bench.feed(watchdog(START, labels={"expected_every": "5m"}))
    bench.ticks(1, 400)
    days = int(FORGET_S / 3_000) + 10
    for at in range(days):
        bench.ticks(400 + at * 3_000, 400 + at * 3_000)
    assert len(bench.made) == 1
    assert bench.engine.heartbeats.accounts()["expected"] == 0
    assert bench.open_incidents == 0


def test_a_rule_that_left_the_configuration_ends_its_alert() -> None:
    bench = Bench(EXPECTED)
    bench.beats(0, 0, 60)
    bench.ticks(60, 700)
    after = Bench()
    after.engine.restore(bench.engine.snapshot())
    after.ticks(705, 720)
    assert [status for _, status in after.made] == ["resolved"]
    assert "is expected no more" in str(after.engine.arrival.alert.message)


STEPS = st.lists(
    st.tuples(st.sampled_from(["beat", "other", "tick", "away", "pause"]), st.integers(1, 400)), max_size=40
)


@settings(max_examples=15, deadline=None)
@given(STEPS, st.integers(0, 39))
def test_a_restart_anywhere_changes_nothing(steps: list[tuple[str, int]], cut: int) -> None:
    whole, first = Bench(EXPECTED), Bench(EXPECTED)
    second = Bench(EXPECTED)
    at = 0.0
    for number, (kind, length) in enumerate(steps):
        at += length
        if kind == "beat":
            records: list[Alert | Tick] = [watchdog(START + at)]
        elif kind == "other":
            records = [watchdog(START + at, name="Backup", labels={"expected_every": "2m"})]
        else:
            away = ["alertmanager"] if kind == "away" else []
            at += 3_000 if kind == "pause" else 0
            records = [Tick(ts=START + at, away=away)]
        if number == cut:
            second.engine.restore(first.engine.snapshot())
        whole.feed(*records)
        (second if number >= cut else first).feed(*records)
    last = second if len(steps) > cut else first
    assert first.made + second.made == whole.made
    assert last.engine.snapshot() == whole.engine.snapshot()


def test_expectations_that_do_not_fit_are_refused_with_their_place() -> None:
    for wrong in (
        ExpectedConfig(matchers=[], every="10m"),
        ExpectedConfig(matchers=["a=~("], every="10m"),
        ExpectedConfig(matchers=["a=b"], every="1s"),
        ExpectedConfig(matchers=["a=b"], every="10m", severity="hihg"),
    ):
        with pytest.raises(UsageError, match=r"\$\.heartbeats\.expected\[0\]"):
            Bench(wrong)


def test_without_clock_records_nothing_is_judged_and_that_is_reported() -> None:
    bench = Bench(EXPECTED)
    bench.feed(*[Alert(ts=START + at, name="x", source="s", id=f"x{at}") for at in range(0, 7_200, 60)])
    bench.events += bench.engine.finish()
    assert bench.made == []
    assert "clock records" in bench.notices()[0]


def test_a_replay_of_the_same_records_derives_the_same() -> None:
    bench = Bench(EXPECTED)
    bench.beats(0, 900, 300)
    bench.ticks(1_200, 2_000)
    again = Engine(bench.config)
    again.step(bench.records)
    assert again.snapshot() == bench.engine.snapshot()
