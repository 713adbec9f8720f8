"""Frames: their columns, types, and that they agree with each other and with the report."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aiops
from aiops.notebook import frames
from aiops.notebook.schema import CHOICES, DTYPES, FRAMES, INDEXES
from aiops.notebook.sources import rows_of


def frames_of(result: aiops.Result) -> dict[str, pd.DataFrame]:
    compared = result.compare(result)
    names = ("incidents", "alerts", "members", "causes", "playbooks", "rejected")
    found: dict[str, pd.DataFrame] = {name: getattr(result, name) for name in names}
    return {**found, "differences": compared.differences, "scores": compared.scores}


@pytest.mark.parametrize("is_empty", [False, True])
def test_columns_are_as_documented(result: aiops.Result, is_empty: bool) -> None:
    found = frames_of(aiops.replay([]) if is_empty else result)
    assert set(found) == set(FRAMES)
    for name, frame in found.items():
        assert list(frame.columns) == [column.name for column in FRAMES[name]]
        assert frame.index.name == INDEXES.get(name)
        for column in FRAMES[name]:
            dtype = frame[column.name].dtype
            shown = "category, ordered" if getattr(dtype, "ordered", False) else str(dtype)
            assert shown == DTYPES[column.kind].partition(" (")[0], (name, column)


def test_severities_are_ordered(result: aiops.Result) -> None:
    severity = result.alerts["severity"]
    assert list(severity.cat.categories) == ["ok", "info", "warning", "high", "critical"]
    assert severity.max() in ("high", "critical")
    high = (severity >= "high").sum()
    assert 0 < high < len(severity)
    assert high == severity.isin(["high", "critical"]).sum()


def test_alerts_agree_with_the_report(result: aiops.Result) -> None:
    alerts, report = result.alerts, result.report
    assert len(alerts) == report["records"]["alert"]
    assert alerts["disposition"].value_counts().to_dict() == report["dispositions"]
    assert set(alerts["incident"].dropna()) <= set(result.incidents.index)
    assert alerts["cluster"].notna().all()
    assert alerts["ts"].dt.tz is not None


def test_incidents_count_their_alerts(result: aiops.Result) -> None:
    counted = result.alerts["incident"].value_counts()
    incidents = result.incidents
    assert len(incidents) == result.report["incidents"] > 0
    assert incidents["alerts"].to_dict() == counted.reindex(incidents.index, fill_value=0).to_dict()
    for name, row in incidents.iterrows():
        incident = result.incident(str(name))
        assert row["title"] == incident.title
        assert len(incident.alerts) == row["alerts"]
        assert row["opened_at"].timestamp() == pytest.approx(incident.opened_at)


def test_members_are_the_streams_of_the_alerts(result: aiops.Result) -> None:
    """Every (incident, stream) of the alerts has a row, and no other."""
    members, alerts = result.members, result.alerts.dropna(subset=["incident"])
    of_alerts = set(zip(alerts["incident"], alerts["fingerprint"], strict=True))
    of_members = set(zip(members["incident"], members["fingerprint"], strict=True))
    assert of_members == of_alerts
    assert not members.duplicated(["incident", "fingerprint"]).any()


def test_members_say_why_they_joined(result: aiops.Result) -> None:
    joined = result.members.dropna(subset=["score"])
    assert 0 < len(joined) < len(result.members)
    for _, row in joined.iterrows():
        assert sum(row["evidence"].values()) == pytest.approx(row["score"])
        assert (row["why"] is not pd.NA) == any(value > 0 for value in row["evidence"].values())
    assert result.members.loc[result.members["score"].isna(), "why"].isna().all()


def test_causes_and_playbooks_are_ranked(result: aiops.Result) -> None:
    for frame in (result.causes, result.playbooks):
        assert len(frame) > 0
        for _, ranks in frame.groupby("incident")["rank"]:
            assert ranks.tolist() == list(range(1, len(ranks) + 1))
    first = result.causes[result.causes["rank"] == 1].set_index("incident")
    suspects = result.incidents["suspect"].dropna()
    assert first["entity"].to_dict() == suspects.to_dict()
    for _, row in result.causes.iterrows():
        assert sum(row["evidence"].values()) == pytest.approx(row["score"], abs=0.01)


def test_frames_are_made_once(result: aiops.Result) -> None:
    assert result.incidents is result.incidents
    assert result.alerts is result.alerts


def test_a_large_incident_has_all_members() -> None:
    """Its record shows a hundred."""
    alerts = [
        {"ts": at / 10, "name": "NodeDown", "severity": "critical", "entity": f"node-{at}", "service": "grid"}
        for at in range(150)
    ]
    result = aiops.replay(alerts, settings={"incidents.storm_incidents": 0})
    incident = result.incident(str(result.incidents["streams"].idxmax()))
    assert len(incident.members) == 100
    assert (result.members["incident"] == incident.id).sum() == incident.stream_count > 100


def test_an_incident_that_was_open_at_the_end_has_firing_members() -> None:
    alert = {"name": "DiskFull", "severity": "high", "source": "prometheus", "starts_at": 1}
    result = aiops.replay(
        [
            {"ts": 1, "entity": "db-1", **alert},
            {"ts": 2, "entity": "db-2", **alert},
            {"ts": 9, "entity": "db-2", **alert, "status": "resolved", "ends_at": 9},
        ]
    )
    states = result.members.set_index("entity")["status"].to_dict()
    assert states == {"db-1": "firing", "db-2": "resolved"}
    assert result.incidents["status"].tolist().count("open") == 1


def test_an_unknown_incident_is_a_usage_error(result: aiops.Result) -> None:
    with pytest.raises(aiops.UsageError, match=r"incident: unknown id \(got 'inc-0'\)"):
        result.incident("inc-0")


def test_one_evidence_that_comes_twice_is_added() -> None:
    evidence = [
        aiops.records.Evidence("near", 2.0, "one hop"),
        aiops.records.Evidence("near", 1.0, "two hops"),
        aiops.records.Evidence("silence", -0.5, "silent"),
        aiops.records.Evidence("timing", 2.5),
    ]
    incident = aiops.Incident(id="i", causes=[aiops.records.Cause("db", 5.0, 0.5, "high", evidence)])
    row = frames.causes_frame([incident]).iloc[0]
    assert row["evidence"] == {"near": 3.0, "silence": -0.5, "timing": 2.5}
    assert row["why"] == "timing; one hop; two hops"


@given(st.lists(st.none() | st.floats(0, 4_102_444_799), max_size=20))
def test_times_give_the_same_seconds_back(seconds: list[float | None]) -> None:
    times = frames.times_of(seconds)
    back = [None if row["ts"] is None else row["ts"] for row in _rows(times)]
    # Below a nanosecond, which no clock of a record has.
    assert back == [None if at is None else pytest.approx(at, abs=1e-9, rel=0) for at in seconds]


@given(st.lists(st.floats(1e9, 4_102_444_799), min_size=1, max_size=20))
def test_times_of_this_century_are_exact(seconds: list[float]) -> None:
    assert [row["ts"] for row in _rows(frames.times_of(seconds))] == seconds


def _rows(times: pd.DatetimeIndex) -> list[dict[str, Any]]:
    frame = pd.DataFrame({"ts": times, "name": "a"})
    return [{"ts": None, **row} for row in rows_of(frame)]


def test_times_as_people_write_them_have_no_noise() -> None:
    assert str(frames.times_of([1_767_225_600.381])[0]) == "2026-01-01 00:00:00.381000+00:00"
    assert frames.times_of([None, np.nan]).isna().all()


def test_choices_belong_to_columns() -> None:
    known = {(name, column.name) for name, columns in FRAMES.items() for column in columns if column.kind == "choice"}
    assert set(CHOICES) == known
