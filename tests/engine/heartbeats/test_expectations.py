"""What is declared of a stream: by matchers, and by its sender."""

from __future__ import annotations

import pytest

from aiops.engine.heartbeats.config import ExpectedConfig, HeartbeatConfig
from aiops.engine.heartbeats.expectations import MAX_EXPECTED, Expectations, declared_s
from aiops.errors import UsageError
from aiops.records import Alert


def expectations(*matchers: str, every: str = "10m") -> Expectations:
    return Expectations(HeartbeatConfig(expected=[ExpectedConfig(matchers=[one], every=every) for one in matchers]))


def text_of(known: Expectations, alert: Alert, entity: str = "") -> str | None:
    found = known.of(alert, entity)
    return None if found is None else found.text


def test_the_first_expectation_that_matches_counts() -> None:
    known = expectations('alertname="Watchdog", cluster="a"', "team=ops", 'alertname="Watchdog"')
    of_a = Alert(ts=0, name="Watchdog", labels={"cluster": "a", "team": "ops"})
    assert text_of(known, of_a) == 'alertname="Watchdog", cluster="a"'
    assert text_of(known, Alert(ts=0, name="Watchdog", labels={"team": "ops"})) == 'team="ops"'
    assert text_of(known, Alert(ts=0, name="Watchdog")) == 'alertname="Watchdog"'
    assert text_of(known, Alert(ts=0, name="Other", labels={"team": "ops"})) == 'team="ops"'
    assert text_of(known, Alert(ts=0, name="Other")) is None


def test_an_expectation_may_match_an_expression_and_the_entity() -> None:
    known = expectations('entity=~"backup-.*"')
    assert text_of(known, Alert(ts=0, name="done"), "backup-7") == 'entity=~"backup-.*"'
    assert text_of(known, Alert(ts=0, name="done"), "web-7") is None


def test_the_alert_of_an_expectation_that_nothing_matched_is_named_after_it() -> None:
    first, second = expectations('alertname="Watchdog", service="prom"', "team=ops").all
    assert (first.name, first.entity) == ("Watchdog", "prom")
    assert (second.name, second.entity) == (None, 'team="ops"')


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30.0), ("10m", 600.0), ("31d", 31 * 86_400.0)])
def test_a_declared_time_is_read(text: str, seconds: float) -> None:
    assert declared_s(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "10", "1s", "32d", "10 m", "1h30m", "10m\n", "9" * 400 + "s"])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected_every: expected"):
        declared_s(text)


def test_expectations_are_bounded_and_distinct() -> None:
    with pytest.raises(UsageError, match=f"at most {MAX_EXPECTED}"):
        expectations(*[f"team=t{number}" for number in range(MAX_EXPECTED + 1)])
    with pytest.raises(UsageError, match=r"expected\[1\].matchers: expected others than those of"):
        expectations("team=a", 'team="a"')


def test_matchers_that_match_everything_are_refused() -> None:
    with pytest.raises(UsageError, match="matchers"):
        expectations('team!="a"')


def test_a_sender_declares_by_label_or_annotation() -> None:
    known = Expectations(HeartbeatConfig(label="heartbeat"))
    assert known.declared(Alert(ts=0, name="x", labels={"heartbeat": "5m"})) == "5m"
    assert known.declared(Alert(ts=0, name="x", annotations={"heartbeat": "6m"})) == "6m"
    assert known.declared(Alert(ts=0, name="x", labels={"expected_every": "5m"})) is None
