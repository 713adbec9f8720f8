"""The sentence below the verdict, and the figures that decide whether an incident still lasts."""

from __future__ import annotations

from msgspec import Struct

from aiops.records import Cause, Incident
from aiops.verdict.changes import change_sentence
from aiops.verdict.places import hurt
from aiops.verdict.sentence import likely_cause, verdict
from aiops.views.one_line import one_line
from aiops.wording import about, came_back, listed, located, plural

ENDED = ("resolved", "merged")
MAX_HURT = 3
# Firing alerts that a lead names.
MAX_FIRING = 2


class Figures(Struct):
    """Counts and times of an incident; times are Unix seconds, None if unknown.

    `hurts` are the worst places beside the cause, `more_hurt` the number of the others. `lasted_s` is the time from the
    first alert to the last one that mattered: until nothing fired, or a person ended it. `still` names alerts that
    fire.
    """

    opened_at: float | None
    first_alert_at: float | None
    last_alert_at: float | None
    resolved_at: float | None
    lasted_s: float | None
    alerts: int
    streams: int
    firing: int
    entities: int
    is_at_least: bool
    hurts: list[str]
    more_hurt: int
    returns: str = ""
    still: str = ""


def figures(incident: Incident) -> Figures:
    """Return the figures of an incident."""
    cause = likely_cause(incident) if not incident.is_storm else None
    found = hurt(incident, cause.entity if cause is not None else None)
    return Figures(
        incident.opened_at,
        incident.first_alert_at,
        incident.last_alert_at,
        incident.resolved_at,
        lasted_s(incident),
        incident.alert_count or len(incident.alerts),
        max(incident.stream_count, len(incident.members)),
        incident.firing_count,
        max(incident.entity_count, len(incident.entities)),
        incident.more_entities,
        found.names[:MAX_HURT],
        max(0, found.count - min(len(found.names), MAX_HURT)),
        came_back(incident.returns, incident.returned_at) if incident.returns else "",
        still_firing(incident),
    )


def lasted_s(incident: Incident) -> float | None:
    """Return how long an ended incident lasted, without the quiet at its end; None while it is open."""
    begun = incident.first_alert_at if incident.first_alert_at is not None else incident.opened_at
    if incident.status not in ENDED or begun is None:
        return None
    ended = incident.quiet_at or incident.resolved_at or incident.last_alert_at
    return max(0.0, ended - begun) if ended is not None else None


def lead(incident: Incident) -> str:
    """Return one or two sentences: how the verdict stands to what fails, and what was measured beside it."""
    found = verdict(incident)
    over = mostly_over(incident)
    if found.cause is None:
        return " ".join(part for part in (over, _unclear(incident)) if part)
    is_ended = incident.status in ENDED
    change = change_sentence(found.cause, incident)
    parts = (over, _cause(incident, found.cause, found.is_confirmed, is_ended), change)
    return " ".join(part for part in parts if part)


def mostly_over(incident: Incident) -> str:
    """Return what still fires of an open incident whose streams have mostly ended; else nothing."""
    streams = max(incident.stream_count, len(incident.members))
    firing = incident.firing_count
    if incident.status in ENDED or firing * 2 >= streams:
        return ""
    if not firing:
        return f"Nothing fires any more: {'its stream has' if streams == 1 else f'all {streams:,} streams have'} ended."
    fire = "fires" if firing == 1 else "fire"
    names = still_firing(incident)
    return f"Mostly over: {firing:,} of {plural(streams, 'stream')} still {fire}{f' ({names})' if names else ''}."


def still_firing(incident: Incident, shown: int = MAX_FIRING) -> str:
    """Return the alerts that fire, by name and entity, as far as the record lists them."""
    known = [one_line(located(one.name, one.entity), 120) for one in incident.members if one.status == "firing"]
    if not known:
        return ""
    return listed(known, shown, max(incident.firing_count, len(known)))


def _cause(incident: Incident, cause: Cause, is_confirmed: bool, is_ended: bool) -> str:
    of = _of(incident)
    if is_confirmed:
        return f"Confirmed as the cause of {of}."
    if incident.entity_count <= 1 and incident.entities == [cause.entity]:
        return "Nothing else alerted." if is_ended else "Nothing else alerts."
    return f"Likely the cause of {of}."


def _of(incident: Incident) -> str:
    least = "at least " if incident.more_entities else ""
    count = max(incident.entity_count, len(incident.entities))
    what = f"{least}{plural(count, 'failing entity', 'failing entities')}"
    return what + (f" in {plural(len(incident.services), 'service')}" if len(incident.services) > 1 else "")


def _unclear(incident: Incident) -> str:
    if incident.is_storm:
        return (
            "Alerts of one failure domain, grouped during a storm: no evidence ties them to each other, "
            "and no cause is ranked."
        )
    perhaps = [one_line(one) for one in verdict(incident).perhaps]
    beside = f"; perhaps {' or '.join(perhaps)}" if perhaps else ""
    text = f"Cause not clear{'' if incident.status in ENDED else ' yet'}{beside}."
    return text if incident.causes else "No cause was ranked."


def ended_text(incident: Incident) -> str:
    """Return why an incident ended and what fixed it; empty while it is open."""
    if incident.status != "resolved":
        return ""
    if incident.playbook:
        by = f"; resolved by {one_line(incident.resolved_by)}" if incident.resolved_by else ""
        return f"Fixed by {one_line(incident.playbook)}{by}."
    if incident.resolved_by:
        firing = f"; {plural(incident.firing_count, 'stream')} still firing" if incident.firing_count else ""
        return f"Ended by {one_line(incident.resolved_by)}{firing}. Nobody recorded what fixed it."
    quiet_s = (incident.resolved_at or 0.0) - (incident.quiet_at or 0.0)
    if incident.quiet_at is not None and incident.resolved_at is not None and quiet_s >= 60:
        return f"No alert for {about(quiet_s)}. Nobody recorded what fixed it."
    return "All of its alerts resolved. Nobody recorded what fixed it."
