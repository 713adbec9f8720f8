"""The record of an incident for the outside: the page, the API, notifications."""

from __future__ import annotations

from aiops.engine.incidents import summary
from aiops.engine.incidents.clusters import ClusterState, MemberState
from aiops.engine.incidents.coverage import cover_of, mark
from aiops.engine.incidents.state import IncidentState
from aiops.engine.silences.silences import Silences
from aiops.records import LABELS, Incident, RootCause

# Entities and services listed in a record; the counts in the sentences are of all.
MAX_LISTED = 200


class IncidentRecords:
    """Makes records of incidents; the sentences of members are made once."""

    def __init__(self, silences: Silences) -> None:
        self.silences = silences
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
        self._describe(record, cluster, summary.worst_of(members))
        self._show_members(record, cluster, members, at)
        return record

    def _describe(self, record: Incident, cluster: ClusterState, worst: MemberState | None) -> None:
        """Set the title and the message of the worst member."""
        record.title = summary.title(cluster, worst, record.entity_count)
        if worst is not None:
            record.message, record.url = worst.message, worst.url
            record.runbook_url = worst.labels.get("runbook_url")

    def _show_members(self, record: Incident, cluster: ClusterState, members: list[MemberState], at: float) -> None:
        """List the members that matter most, and the silences over them."""
        record.members = summary.shown(members, self._sentences)
        cover = cover_of(cluster, self.silences, at)
        record.silenced_by, record.silenced_until = cover.names, cover.until
        if self.silences.by_id:
            mark(record.members, {member.fingerprint: member for member in members}, self.silences, at)


def _entities(cluster: ClusterState, members: list[MemberState]) -> list[str]:
    """Return the entities that alert, in the order in which they came first."""
    if cluster.storm is not None:
        return list(cluster.storm.entities)
    entities = summary.distinct([member.entity for member in members])
    return list(dict.fromkeys([*entities, *cluster.beyond])) if cluster.beyond else entities
