"""Tracks the cluster of each alert through merges, splits and promotions, at a few bytes an alert."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

from msgspec import Struct

from aiops.engine.events import (
    DISPOSITIONS,
    ClusterMerged,
    ClusterPromoted,
    ClusterSplit,
    Disposition,
    Event,
    Feedback,
    IncidentChanged,
    Placed,
)
from aiops.records import Incident

# Refused actions that are kept with their reason; all are counted.
MAX_REFUSED = 1_000
_CODES = {name: code for code, name in enumerate(DISPOSITIONS)}


class Decision(Struct, gc=False):
    """One line of a decisions file: an input alert and its final decision."""

    id: str
    disposition: Disposition
    cluster: str
    incident: str | None
    reason: str | None


class Ledger:
    """Consumes events in order; `decisions` yields the final decision about each alert.

    An alert costs its id and 25 bytes: 650,000 of them stay far below 100 MB.
    """

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.clusters = array("q")
        self.members = array("q")
        self.codes = array("b")
        self.reasons = array("l")
        self.texts: list[str | None] = [None]
        self._text_codes: dict[str | None, int] = {None: 0}
        self._parent: dict[int, int] = {}
        self._moved: dict[int, int] = {}
        self._incident_of: dict[int, str] = {}
        self._merged_into: dict[str, str] = {}
        self.incidents: dict[str, Incident] = {}
        self.opened_at: dict[str, float] = {}
        self.changes: dict[str, int] = {}
        # Counts of applied and refused actions, and sentences about the refused ones.
        self.actions: dict[str, int] = {"applied": 0, "refused": 0}
        self.refused: list[str] = []

    def placed(self, event: Placed) -> None:
        """Record the cluster of an input alert; alerts that the engine derived from a metric are left out."""
        self.ids.append(event.id)
        self.clusters.append(event.cluster)
        self.members.append(event.member)
        self.codes.append(_CODES[event.disposition])
        code = self._text_codes.get(event.reason)
        if code is None:
            code = self._text_codes[event.reason] = len(self.texts)
            self.texts.append(event.reason)
        self.reasons.append(code)

    def take(self, events: Iterable[Event], inputs: frozenset[int] | range) -> list[IncidentChanged]:
        """Record events and return incidents' changes.

        `inputs` are the numbers of the records that were alerts.
        """
        changed: list[IncidentChanged] = []
        for event in events:
            kind = type(event)
            if kind is Placed:
                assert isinstance(event, Placed)
                if event.incident is not None:
                    self._incident_of[event.cluster] = event.incident
                if event.seq in inputs:
                    self.placed(event)
            elif kind is IncidentChanged:
                assert isinstance(event, IncidentChanged)
                self._incident(event)
                changed.append(event)
            else:
                self._moves(event)
        return changed

    def _moves(self, event: Event) -> None:
        if isinstance(event, ClusterMerged):
            self._parent[event.source] = event.target
        elif isinstance(event, ClusterSplit):
            for member in event.members:
                self._moved[member] = event.target
        elif isinstance(event, ClusterPromoted):
            self._incident_of[event.cluster] = event.incident
        elif isinstance(event, Feedback):
            self._action(event)

    def _action(self, event: Feedback) -> None:
        self.actions["applied" if event.applied else "refused"] += 1
        if not event.applied and len(self.refused) < MAX_REFUSED:
            self.refused.append(f"{event.verb} {event.id}: {event.reason}")

    def _incident(self, event: IncidentChanged) -> None:
        incident = event.incident
        self.changes[event.change] = self.changes.get(event.change, 0) + 1
        self.opened_at.setdefault(incident.id, incident.opened_at or event.at)
        if incident.merged_into is not None:
            self._merged_into[incident.id] = incident.merged_into
            self.incidents.pop(incident.id, None)
        else:
            # A person may have taken it out of the one that it was merged into.
            self._merged_into.pop(incident.id, None)
            self.incidents[incident.id] = incident

    def reopen(self, name: str, before: Incident) -> None:
        """Reopen an incident that resolved because the archive ended.

        It is as it was `before`, with later rankings.
        """
        found = self.incidents.get(name)
        if found is None or found.status != "resolved":
            return
        self.changes["resolved"] -= 1
        before.causes, before.playbooks, before.similar = found.causes, found.playbooks, found.similar
        self.incidents[name] = before

    def _root(self, cluster: int) -> int:
        parent = self._parent
        root = cluster
        while root in parent:
            root = parent[root]
        while cluster != root:
            parent[cluster], cluster = root, parent[cluster]
        return root

    def final_incidents(self) -> dict[int, str]:
        """Map each final cluster to the incident that continued."""
        final: dict[int, str] = {}
        for cluster, name in self._incident_of.items():
            while name in self._merged_into:
                name = self._merged_into[name]
            final[self._root(cluster)] = name
        return final

    def final_clusters(self) -> list[int]:
        """Return the final cluster of each alert, in input order."""
        moved = self._moved
        root = self._root
        return [root(moved.get(member, cluster)) for cluster, member in zip(self.clusters, self.members, strict=True)]

    def decisions(self) -> Iterator[Decision]:
        """Yield the final decision about each alert, in input order."""
        incident_of = self.final_incidents()
        places = zip(self.ids, self.codes, self.final_clusters(), self.reasons, strict=True)
        for name, code, cluster, reason in places:
            incident = incident_of.get(cluster)
            disposition = DISPOSITIONS[code]
            if disposition == "background" and incident is not None:
                yield Decision(name, "incident", f"c{cluster}", incident, "its cluster became an incident later")
            elif disposition == "suppressed":
                yield Decision(name, disposition, f"c{cluster}", None, self.texts[reason])
            else:
                yield Decision(name, disposition, f"c{cluster}", incident, self.texts[reason])
