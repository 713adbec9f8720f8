"""Members of incidents: the streams of their alerts, with the evidence that the engine had for each.

The alerts are counted as they are placed at the end, after all merges and splits. The evidence is what the engine still
holds, else what an event of the incident carried: an engine keeps a bounded number of ended incidents, and an event
carries a bounded number of members.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.engine.incident_view import members_of
from aiops.notebook.alert_columns import AlertColumns
from aiops.records import LABELS, Incident, Member, parse_severity


class MemberHistory:
    """Members as the events of a replay had them, and the streams that fired at the end of the input."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Member] = {}
        self._firing: dict[str, set[str]] = {}

    def watch(self, change: IncidentChanged) -> None:
        """Keep the members that an event carries."""
        for member in change.incident.members:
            self._seen[change.incident.id, member.fingerprint] = member

    def at_end(self, engine: Engine) -> None:
        """Keep what fires now: time passes after the end of the input, and everything ends."""
        for name in engine.incidents.unended():
            self._firing[name] = {one.fingerprint for one in members_of(engine, name) if one.status == "firing"}

    def members(
        self, incidents: Sequence[Incident], alerts: AlertColumns, homes: Sequence[str | None], engine: Engine
    ) -> dict[str, list[Member]]:
        """Return the members of each incident, the most severe first; `homes` has the incident of each alert."""
        places: dict[str, dict[str, list[int]]] = {incident.id: {} for incident in incidents}
        for place, home in enumerate(homes):
            fingerprint = alerts.fingerprint[place]
            if home is not None and fingerprint is not None:
                places[home].setdefault(fingerprint, []).append(place)
        return {one.id: self._of(one, places[one.id], alerts, engine) for one in incidents}

    def _of(
        self, incident: Incident, places: dict[str, list[int]], alerts: AlertColumns, engine: Engine
    ) -> list[Member]:
        held = {one.fingerprint: one for one in members_of(engine, incident.id)}
        # An alert that the engine derived from a metric is no input: its stream has no places.
        found = [one for one in held.values() if one.fingerprint not in places]
        for fingerprint, mine in places.items():
            known = held.get(fingerprint) or self._seen.get((incident.id, fingerprint))
            found.append(_member(fingerprint, mine, alerts, known))
        firing = self._firing.get(incident.id, set()) if incident.status != "resolved" else set()
        for member in found:
            member.status = "firing" if member.fingerprint in firing else "resolved"
        return sorted(found, key=lambda one: (-parse_severity(one.severity), one.first_at, one.fingerprint))


def _member(fingerprint: str, places: Sequence[int], alerts: AlertColumns, known: Member | None) -> Member:
    times = [alerts.ts[place] for place in places]
    first = places[0]
    return Member(
        fingerprint=fingerprint,
        name=known.name if known is not None else alerts.texts["name"][first] or "",
        entity=known.entity if known is not None else alerts.entity[first] or "",
        severity=known.severity if known is not None else LABELS[max(alerts.severity[place] for place in places)],
        status="resolved",
        count=len(places),
        first_at=min(times),
        last_at=max(times),
        evidence=known.evidence if known is not None else [],
        notes=known.notes if known is not None else [],
        alert_id=alerts.ids[first],
        workload=known.workload if known is not None else "",
    )
