"""The report of a replay in numbers: `report.json`."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from aiops.archive import Rejections
from aiops.backtest.driver import Replay, digest, incident_lines
from aiops.backtest.truth import truth_report
from aiops.engine.events import DISPOSITIONS
from aiops.records import Incident
from aiops.score import TruthReport, noise_reduction
from aiops.topology import Topology


class Report(Struct, omit_defaults=False):
    """The numbers of a replay. `seconds` is the time in the engine alone, without reading and decoding."""

    records: dict[str, int]
    rejected: int
    rejections: list[str]
    dispositions: dict[str, int]
    conserved: bool
    incidents: int
    incidents_by_severity: dict[str, int]
    background_clusters: int
    noise_reduction: float
    seconds: float
    alerts_per_second: float
    digest: str
    sensitivity: float
    warnings: list[str] = field(default_factory=list)
    actions: dict[str, int] = field(default_factory=dict)
    refused_actions: list[str] = field(default_factory=list)
    truth: TruthReport | None = None


# Rejected lines listed in a report; all are counted.
MAX_LISTED = 20


def make_report(done: Replay, rejections: Rejections, topology: Topology, incidents: list[Incident]) -> Report:
    """Make the report of a finished replay."""
    accounts = done.engine.accounts()
    dispositions: dict[str, int] = dict.fromkeys(DISPOSITIONS, 0)
    clusters: dict[str, Any] = {}
    for decision in done.decisions():
        dispositions[decision.disposition] += 1
        if decision.incident is None:
            clusters[decision.cluster] = None
    dispositions["rejected"] += rejections.count
    alerts = accounts["records"]["alert"]
    severities: dict[str, int] = {}
    for incident in incidents:
        severities[incident.severity or "warning"] = severities.get(incident.severity or "warning", 0) + 1
    return Report(
        records=accounts["records"],
        rejected=rejections.count,
        rejections=[str(each) for each in rejections.kept[:MAX_LISTED]],
        dispositions=dispositions,
        conserved=accounts["conserved"] and sum(dispositions.values()) == alerts + rejections.count,
        incidents=len(incidents),
        incidents_by_severity=severities,
        background_clusters=len(clusters),
        noise_reduction=noise_reduction(alerts, len(incidents)),
        seconds=round(done.seconds, 3),
        alerts_per_second=round(alerts / done.seconds, 1) if done.seconds > 0 else 0.0,
        digest=digest(incident_lines(incidents)),
        sensitivity=done.engine.config.correlate.sensitivity,
        warnings=topology.warnings[:MAX_LISTED],
        actions=dict(done.ledger.actions),
        refused_actions=done.ledger.refused[:MAX_LISTED],
        truth=truth_report(done, topology),
    )
