"""The record of an incident for the outside: the page, the API, notifications."""

from __future__ import annotations

from aiops.engine.incidents import summary
from aiops.engine.incidents.affected import affected, same_alert
from aiops.engine.incidents.clusters import ClusterState, MemberState
from aiops.engine.incidents.coverage import cover_of, mark
from aiops.engine.incidents.handling import Handling
from aiops.engine.incidents.state import IncidentState
from aiops.engine.noise.stage import Noise
from aiops.engine.silences.silences import Silences
from aiops.records import LABELS, Incident, RootCause
from aiops.records.runbook_link import runbook_link

# Entities and services listed in a record; the counts in the sentences are of all.
MAX_LISTED = 200


class IncidentRecords:
    """Makes records of incidents; the sentences of members are made once."""

    def __init__(self, silences: Silences, handling: Handling, noise: Noise) -> None:
        self.silences = silences
        self.handling = handling
        self.noise = noise
        # It follows from the members, and is no part of the state.
        self._sentences: summary.Sentences = {}

    def prepare(self, cluster: ClusterState, number: int) -> None:
        """Make a new member's sentences now.

        At the announcement, those of a hundred members would be made at once.
        """
        member = cluster.members.get(number)
        if member is not None and len(cluster.members) <= summary.MAX_SHOWN:
            summary.evidence_of(member, self._sentences)

    def make(self, incident: IncidentState, cluster: ClusterState, at: float) -> Incident:
        """Return the incident at a time, with the members that matter most."""
        members = list(cluster.members.values())
        entities = _entities(cluster, members)
        # Where streams are not kept for all entities, a count by workload would be too low.
        workloads = affected(members) if _is_whole(cluster) else []
        record = Incident(
            id=incident.id,
            opened_at=incident.opened_at,
            resolved_at=incident.resolved_at,
            status=incident.status,
            severity=LABELS[incident.severity],
            alert_count=cluster.count,
            first_alert_at=cluster.opened_at,
            last_alert_at=cluster.last_at,
            entities=entities[:MAX_LISTED],
            entity_count=len(entities),
            more_entities=summary.is_capped(cluster),
            is_storm=cluster.storm is not None,
            workloads=workloads[:MAX_LISTED],
            services=summary.distinct([member.service for member in members if member.service])[:MAX_LISTED],
            stream_count=len(members),
            firing_count=max(0, cluster.firing),
            merged_from=incident.merged_from,
            causes=incident.causes,
            playbooks=incident.playbooks,
            similar=incident.similar,
            explanation=[
                *summary.summary(cluster, members, entities, self._sentences),
                *([incident.trust] if incident.trust else []),
                *incident.notes,
            ],
            root_cause=RootCause(incident.root) if incident.root is not None else None,
        )
        _add_course(record, incident, cluster)
        self.handling.describe(record)
        self.noise.describe(record)
        self._describe(record, cluster, members)
        self._show_members(record, cluster, members, at)
        return record

    def _describe(self, record: Incident, cluster: ClusterState, members: list[MemberState]) -> None:
        """Set the title and the message of the worst member."""
        worst = summary.worst_of(members)
        alike = same_alert(members, worst) if worst is not None and _is_whole(cluster) else None
        record.title = summary.title(cluster, worst, record.entity_count, alike)
        if worst is not None:
            record.message, record.url = worst.message, worst.url
            record.runbook_url = runbook_link(worst.annotations, worst.labels)

    def _show_members(self, record: Incident, cluster: ClusterState, members: list[MemberState], at: float) -> None:
        """List the members that matter most, and the silences over them."""
        record.members = summary.described(summary.shown(members, self._sentences), members)
        cover = cover_of(cluster, self.silences, at)
        record.silenced_by, record.silenced_until = cover.names, cover.until
        if self.silences.by_id:
            mark(record.members, {member.fingerprint: member for member in members}, self.silences, at)


def _add_course(record: Incident, incident: IncidentState, cluster: ClusterState) -> None:
    """Set who worked on an incident, when it became quiet, and how it returned."""
    record.acknowledged_by, record.resolved_by = incident.acknowledged_by or None, incident.resolved_by or None
    record.playbook = incident.fixed_by or None
    record.findings = incident.findings or []
    if cluster.firing <= 0 and cluster.active_at > 0:
        record.quiet_at = cluster.active_at
    record.back_after_s = incident.paused_s
    returns = cluster.returns
    if returns is not None:
        record.returns, record.returned_at = returns.count, list(returns.times)
        record.return_every_s = returns.typical_s()


def _is_whole(cluster: ClusterState) -> bool:
    return cluster.storm is None and not cluster.beyond


def _entities(cluster: ClusterState, members: list[MemberState]) -> list[str]:
    """Return the entities that alert, in the order in which they came first."""
    if cluster.storm is not None:
        return list(cluster.storm.entities)
    entities = summary.distinct([member.entity for member in members])
    return list(dict.fromkeys([*entities, *cluster.beyond])) if cluster.beyond else entities
