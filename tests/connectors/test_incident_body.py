"""Incidents cut to a number of bytes, the least needed parts first."""

from __future__ import annotations

import msgspec
import pytest
from aiops_connectors.sinks.incident_body import shortened
from hypothesis import given
from hypothesis import strategies as st

from aiops.records import Affected, Cause, Evidence, Incident, Member, Suggestion


def incident(size: int = 100) -> Incident:
    evidence = [Evidence("a", 1.0, "because " * 20)]
    members = [
        Member(f"f{n}", "Disk", f"db-{n}", "high", "firing", 3, 1.0, 2.0, evidence=evidence) for n in range(size)
    ]
    return Incident(
        id="i-1",
        opened_at=1.0,
        title="t" * 900,
        status="open",
        severity="high",
        alert_count=size * 3,
        alerts=[f"a{n}" for n in range(size)],
        members=members,
        entities=[f"db-{n}" for n in range(size)],
        services=["db"] * size,
        workloads=[Affected(f"db-{n}", f"db-{n}") for n in range(size)],
        explanation=["a sentence"] * size,
        causes=[Cause(f"db-{n}", 1.0, evidence=evidence) for n in range(9)],
        playbooks=[Suggestion(f"p{n}", score=1.0, evidence=evidence) for n in range(5)],
        similar=evidence,
    )


def size_of(value: object) -> int:
    return len(msgspec.json.encode(value))


def test_incident_that_fits_is_whole() -> None:
    whole, cuts = shortened(incident(2), 1_000_000)
    assert (whole, cuts) == (msgspec.to_builtins(incident(2)), [])


@given(st.integers(700, 60_000))
def test_what_is_left_fits_and_is_still_the_incident(limit: int) -> None:
    whole, cuts = shortened(incident(), limit)
    assert size_of(whole) <= limit
    assert whole["id"] == "i-1"
    assert whole["alert_count"] == 300, "counts stay"
    assert cuts == list(dict.fromkeys(cuts)), "each part is named once"
    assert msgspec.convert(whole, Incident).id == "i-1"


def test_alerts_go_first_and_causes_last() -> None:
    full = size_of(msgspec.to_builtins(incident()))
    _, first = shortened(incident(), full - 1)
    assert first == ["alerts"]
    whole, cuts = shortened(incident(), 1_500)
    assert cuts.index("members") < cuts.index("causes")
    assert len(whole.get("causes", [])) in (0, 3)


@pytest.mark.parametrize("limit", [0, 1, 100])
def test_limit_below_the_core_leaves_the_core(limit: int) -> None:
    whole, cuts = shortened(incident(), limit)
    assert set(whole) <= {"kind", "id", "opened_at", "status", "severity", "alert_count", "title"}
    assert len(whole["title"]) == 200
    assert cuts[-1] == "rest"


def test_incident_itself_is_not_changed() -> None:
    given_incident = incident()
    before = msgspec.json.encode(given_incident)
    shortened(given_incident, 500)
    assert msgspec.json.encode(given_incident) == before
