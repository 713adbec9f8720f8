"""The silence of an incident: matchers for what fires of it, and what else they would mute."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from aiops.engine.silence_preview import RECENT_S
from aiops.engine.silences.silences import selector
from aiops.matchers import Matcher
from aiops.records import Incident
from aiops.views.incident_alerts import read_alerts
from aiops.views.one_line import one_line
from aiops.views.silence_cover import cover, recent_of
from aiops.views.silence_matches import MAX_TEXT, Recent, alert_of, recent
from aiops.web.incidents import show_incident
from aiops.web.operations import Call, Operation
from aiops.wording import located

# Streams that are named; the number has all of them.
MAX_LEFT = 5


class Share(Struct):
    """The part of an incident that matchers mute.

    Of its `firing` streams `muted` match; `left` names a few that do not. `also` counts the firing streams of other
    incidents that match, `loose` those of no incident.
    """

    incident: str
    title: str
    firing: int
    muted: int
    left: list[str]
    also: int
    loose: int


class IncidentSilence(Struct):
    """Matchers for what fires of an incident, or for all it had; empty if no set is short enough."""

    matchers: list[Matcher]
    share: Share


def show_incident_silence(call: Call) -> IncidentSilence:
    """Return matchers that mute what fires of an incident."""
    incident = show_incident(call).incident
    matchers = matchers_of(call, [incident])
    return IncidentSilence(matchers, share_of(call, incident, matchers))


def matchers_of(call: Call, incidents: Sequence[Incident]) -> list[Matcher]:
    """Return matchers that mute what fires of incidents, or all that they had if nothing does."""
    every = [one for incident in incidents for one in _streams(call, incident)]
    wanted = [one for one in every if one.is_firing] or every
    names = {one.id for one in incidents}
    own = {one.fingerprint for one in every}
    others = [one for one in _recent(call) if one.fingerprint not in own and one.incident not in names]
    return cover(wanted, others) if wanted else []


def share_of(call: Call, incident: Incident, matchers: Sequence[Matcher], beside: Collection[str] = ()) -> Share:
    """Return what matchers mute of an incident, and of others except those `beside` it."""
    own = [one for one in _streams(call, incident) if one.is_firing]
    known = {one.fingerprint for one in own}
    selects = selector(matchers) if matchers else lambda alert, entity: False
    left = [one for one in own if not selects(alert_of(one), one.entity)]
    others = [
        one
        for one in _recent(call)
        if one.is_firing
        and one.fingerprint not in known
        and one.incident not in beside
        and selects(alert_of(one), one.entity)
    ]
    loose = sum(one.incident is None for one in others)
    return Share(
        incident.id,
        one_line(incident.title or incident.id, MAX_TEXT),
        len(own),
        len(own) - len(left),
        [one_line(located(one.name, one.entity), MAX_TEXT) for one in left[:MAX_LEFT]],
        len(others) - loose,
        loose,
    )


def _streams(call: Call, incident: Incident) -> list[Recent]:
    """Return the streams of an incident, as its page counts them."""
    found = read_alerts(call.host.store.database.reader, incident, call.host.services)
    return [recent_of(one, incident.id) for one in found.streams]


def _recent(call: Call) -> list[Recent]:
    return recent(call.host.store.database.reader, call.clock() - RECENT_S)


OPERATIONS = [
    Operation(
        "showIncidentSilence",
        "GET",
        "/api/v1/incidents/{id}/silence",
        "Show matchers for what fires of an incident, and what else they would mute",
        "read",
        show_incident_silence,
        IncidentSilence,
        errors=(404,),
    ),
]
