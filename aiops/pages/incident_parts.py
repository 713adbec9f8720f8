"""Parts of an incident's page with their pictures, for `templates/incident/*.html`."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from markupsafe import Markup
from msgspec import Struct

from aiops import zones
from aiops.pages import graph_picture, timeline_picture
from aiops.records import Incident
from aiops.views.alert_groups import AlertGroups
from aiops.views.course import Course
from aiops.views.marks import Mark
from aiops.views.neighbourhood import Neighbourhood
from aiops.views.stretch import Zoom, zooms
from aiops.views.ties import Tie
from aiops.views.timeline import Timeline
from aiops.web.incident_views import IncidentViews, TimelineQuery, views_of
from aiops.web.operations import ApiError, Call

_NONE = Markup()


class Parts(Struct):
    """Plain data for the templates, and each picture for a screen and for a phone."""

    timeline: Timeline
    zooms: list[Zoom]
    course: list[tuple[str, Mark]]
    neighbourhood: Neighbourhood
    ties: list[Tie]
    alerts: AlertGroups
    timeline_wide: Markup = _NONE
    timeline_narrow: Markup = _NONE
    graph_wide: Markup = _NONE
    graph_narrow: Markup = _NONE


def parts_of(call: Call, incident: Incident, zone: str) -> Parts:
    """Return the parts of an incident's page in the reader's zone; the call's query is a `TimelineQuery`."""
    return drawn(views_of(call, incident), zone)


def drawn(views: IncidentViews, zone: str) -> Parts:
    """Return views with their pictures."""
    line, around = views.timeline, views.neighbourhood
    course = Course(line.changes, line.decisions, line.notifications, line.people, line.runs).in_order()
    found = Parts(line, zooms(views.stretch), course, around, views.ties, views.alerts)
    where = zones.zone(zone)
    if line.tracks:
        found.timeline_wide = timeline_picture.wide(line, zone, where)
        found.timeline_narrow = timeline_picture.narrow(line, zone, where)
    if around.edges:
        found.graph_wide, found.graph_narrow = graph_picture.wide(around), graph_picture.narrow(around)
    return found


def query_of(given: Mapping[str, str]) -> TimelineQuery:
    """Return the stretch of time of an address; raise `ApiError` for one that is no time."""
    found = {name: given[name] for name in ("from", "to") if given.get(name)}
    try:
        return msgspec.convert(found, TimelineQuery, strict=False)
    except msgspec.ValidationError as error:
        raise ApiError(400, f"from, to: expected times in Unix seconds; {error}") from None
