"""The alert of a silence, and its end."""

from __future__ import annotations

from typing import Any

from aiops.engine.dedup.deduplicator import MAX_LEASE_S
from aiops.engine.heartbeats.beat import FORGET_S, SOURCE, Beat, end_of, silence_of
from tests.engine.made import made


def beat(**how: Any) -> Beat:
    fields = {"key": "k", "name": "Watchdog", "entity": "prom-1", "service": "prom", "source": "alertmanager"}
    rest = {"labels": {"team": "a"}, "rule": "", "every_s": 600.0, "severity": "critical", "last_at": 1_000.0}
    return made(Beat, **(fields | rest | how))


def test_the_alert_names_what_is_silent_for_how_long_and_why_it_is_expected() -> None:
    alert = silence_of(beat(), 1_700.0, "configuration: team=a")
    assert (alert.name, alert.entity, alert.service, alert.source) == ("Watchdog is silent", "prom-1", "prom", SOURCE)
    assert (alert.status, alert.severity, alert.labels) == ("firing", "critical", {"team": "a"})
    assert alert.message == "nothing came for 11 min 40 s; expected every 10 min 0 s (configuration: team=a)"
    assert alert.starts_at == 1_000.0


def test_the_end_has_the_identity_of_the_beginning() -> None:
    first, last = silence_of(beat(), 1_700.0, ""), end_of(beat(last_at=1_800.0), 1_801.0, "came again")
    assert (first.name, first.entity, first.service, first.labels) == (
        last.name,
        last.entity,
        last.service,
        last.labels,
    )
    assert (last.status, last.severity, last.message) == ("resolved", "ok", "Watchdog on prom-1 came again")
    assert first.id != last.id


def test_the_alert_lasts_as_long_as_its_beat() -> None:
    assert silence_of(beat(), 1_700.0, "").ends_at == 1_700.0 + FORGET_S
    assert FORGET_S < MAX_LEASE_S


def test_names_are_bounded() -> None:
    assert len(silence_of(beat(name="x" * 1_024), 1_700.0, "").name) <= 1_024
