"""Members of incidents, with evidence from the engine or from the events before."""

from __future__ import annotations

from typing import Any

import aiops

TOPOLOGY = {"nodes": [{"id": "web"}, {"id": "db"}], "edges": [{"from": "web", "to": "db"}]}


def fault(at: float) -> list[dict[str, Any]]:
    """Two alerts that belong together, and the end of both."""
    alerts = [
        {"ts": at, "name": "DiskFull", "entity": "db"},
        {"ts": at + 5, "name": "HTTPErrors", "entity": "web"},
        {"ts": at + 600, "name": "DiskFull", "entity": "db", "status": "resolved"},
        {"ts": at + 605, "name": "HTTPErrors", "entity": "web", "status": "resolved"},
    ]
    # Each fault has streams of its own, which open incidents of their own.
    return [{**alert, "severity": "critical", "labels": {"fault": str(at)}} for alert in alerts]


def test_an_incident_that_the_engine_forgot_keeps_its_members_and_evidence() -> None:
    faults = [alert for number in range(6) for alert in fault(number * 200_000.0)]
    kept = aiops.replay(faults, topology=TOPOLOGY)
    forgotten = aiops.replay(faults, topology=TOPOLOGY, settings={"incidents.max_closed": 1})
    held = forgotten._run.done.engine.incidents.by_id
    assert len(held) < len(forgotten.incidents)
    assert len(forgotten.members) == len(kept.members) == 12
    columns = ["fingerprint", "name", "entity", "alerts", "first_at", "last_at", "why", "alert_id"]
    assert forgotten.members[columns].equals(kept.members[columns])
    assert kept.members["score"].notna().sum() == 6


def test_streams_count_their_alerts() -> None:
    result = aiops.replay(fault(0.0), topology=TOPOLOGY)
    members = result.members.set_index("entity")
    assert members["alerts"].to_dict() == {"db": 2, "web": 2}
    assert members["status"].tolist() == ["resolved", "resolved"]
    assert members.loc["web", "alert_id"] == "records:2"
    assert members["workload"].to_dict() == {"db": "db", "web": "web"}


def test_a_stream_that_the_engine_derives_from_a_metric_is_a_member() -> None:
    """It has no input alert."""
    quiet = [
        {"kind": "metric", "ts": 60.0 * at, "entity": "db", "name": "latency", "value": 1.0 + 0.01 * (at % 3)}
        for at in range(300)
    ]
    loud = [{**quiet[-1], "ts": 60.0 * (300 + at), "value": 90.0} for at in range(5)]
    alert = {"ts": 60.0 * 302, "name": "DiskFull", "entity": "db", "severity": "critical"}
    result = aiops.replay([*quiet, *loud[:3], alert, *loud[3:]], topology=TOPOLOGY)
    derived = result.members[~result.members["fingerprint"].isin(result.alerts["fingerprint"])]
    assert derived["entity"].tolist() == ["db"]
    assert (derived["alerts"] >= 1).all()
