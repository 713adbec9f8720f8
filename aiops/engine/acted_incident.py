"""The incident that an action names; one that was merged into another stands for that one."""

from __future__ import annotations

from collections.abc import Iterable

from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.lifecycle import Incidents
from aiops.engine.incidents.state import IncidentState
from aiops.errors import UsageError
from aiops.records import Action
from aiops.wording import plural

# Names listed in a refusal: enough to see what is meant, short enough for a line.
MAX_NAMED = 5
# A name of a person, in records and messages.
MAX_ACTOR_CHARS = 256
NOBODY = "an operator"


def acted_incident(incidents: Incidents, action: Action) -> tuple[IncidentState, ClusterState, str]:
    """Return the incident of an action, its cluster, and the beginning of the answer."""
    return named_incident(incidents, action.incident or "", "$.incident")


def named_incident(incidents: Incidents, name: str, place: str) -> tuple[IncidentState, ClusterState, str]:
    """Return an incident by name, its cluster, and the beginning of the answer."""
    incident = incidents.find(name)
    cluster = incidents.clusters.of(incident.cluster) if incident is not None else None
    if incident is None or cluster is None:
        raise UsageError(
            f"{place}: expected an incident that is open, or among the last {incidents.config.max_closed} "
            f"that were resolved; got {name[:80]!r}, which the engine does not know or remembers no more"
        )
    return incident, cluster, "" if incident.id == name else f"{name} is part of {incident.id} now: "


def actor_of(action: Action) -> str:
    """Return the person of an action."""
    return (action.actor or "").strip()[:MAX_ACTOR_CHARS] or NOBODY


def ids_in(text: str) -> set[str]:
    """Return the ids of a list in an action's arguments."""
    return {name for name in text.split(",") if name}


def check_members(cluster: ClusterState, names: set[str], now: str) -> None:
    """Raise `UsageError` for a name that is no member's: its first alert's id, or its fingerprint."""
    known: dict[str, None] = {}
    for member in cluster.members.values():
        known[member.alert] = known[member.fingerprint] = None
        known.update(dict.fromkeys(member.streams))
    for name in sorted(names):
        if name not in known:
            kept = f"; {plural(cluster.overflow, 'stream')} more are not kept one by one" if cluster.overflow else ""
            first = [member.alert or member.fingerprint for member in cluster.members.values()]
            raise UsageError(
                f"{now}$.args: expected the id of an alert of the incident as `aiops incidents show` lists it "
                f"({named(first)}){kept}; got {name[:80]!r}"
            )


def named(names: Iterable[str]) -> str:
    """Return the first names of a list, for a refusal."""
    found = [name[:80] for name in names]
    more = f" and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else ""
    return f"{', '.join(found[:MAX_NAMED]) or 'none'}{more}"
