"""The states of an incident that a reader must know before acting: the state, and its consequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from aiops.records import Incident
from aiops.store.held import Held
from aiops.views.lead import ended_text, lasted_s
from aiops.views.one_line import one_line
from aiops.wording import about, listed, plural

MAX_NAMES = 3


class State(Struct):
    """One state: `kind` is a severity; `at` a time that belongs to it (Unix seconds).

    `incident` is another incident to open, `page` a page of the site.
    """

    name: Literal[
        "merged",
        "resolved",
        "acknowledged",
        "assigned",
        "snoozed",
        "silenced",
        "held",
        "returned",
        "storm",
        "includes",
        "split",
        "marked",
    ]
    kind: Literal["critical", "high", "warning", "info", "ok", ""]
    title: str
    text: str = ""
    at: float | None = None
    until: float | None = None
    incident: str | None = None
    page: str | None = None


class Owned(Struct):
    """Times of who is on an incident.

    `assigned` has time and person while the owner has done nothing on it.
    """

    acknowledged_at: float | None = None
    assigned: tuple[float, str] | None = None


def states(incident: Incident, held: Sequence[Held], owned: Owned | None = None) -> list[State]:
    """Return the states of an incident, the one that ends it first."""
    return [
        *_ends(incident),
        *_owner(incident, owned or Owned()),
        *_snoozed(incident),
        *_muted(incident, held),
        *_course(incident),
        *_marked(incident),
    ]


def _ends(incident: Incident) -> list[State]:
    if incident.status == "merged":
        target = incident.merged_into
        where = f"Now part of {one_line(target)}." if target else "Now part of another incident."
        return [
            State(
                "merged",
                "info",
                "Merged",
                f"{where} Its alerts, notifications and playbook are there.",
                incident=target,
            )
        ]
    if incident.status != "resolved":
        return []
    lasted = lasted_s(incident)
    title = f"Resolved after {about(lasted)}" if lasted is not None else "Resolved"
    return [State("resolved", "ok", title, ended_text(incident), at=incident.resolved_at)]


def _owner(incident: Incident, owned: Owned) -> list[State]:
    if incident.status != "acknowledged":
        return []
    if incident.assigned_to and owned.assigned is not None:
        at, person = owned.assigned
        title = f"Assigned to {one_line(incident.assigned_to)} by {one_line(person or 'somebody')}"
        return [State("assigned", "", title, at=at)]
    who = one_line(incident.assigned_to or incident.acknowledged_by or "somebody")
    by = incident.acknowledged_by
    text = f"Acknowledged by {one_line(by)}." if by and by != who else ""
    return [State("acknowledged", "", f"{who} is on it", text, at=owned.acknowledged_at)]


def _marked(incident: Incident) -> list[State]:
    marked = incident.marked
    if marked is None or marked.is_implied:
        return []
    title = "Marked as noise" if marked.label == "noise" else "Marked as actionable"
    return [State("marked", "", title, f"By {one_line(marked.actor)}.", at=marked.at)]


def _snoozed(incident: Incident) -> list[State]:
    if incident.snoozed_until is None or incident.status not in ("open", "acknowledged"):
        return []
    text = "Nobody gets news of it, unless it becomes critical."
    return [State("snoozed", "", "Snoozed", text, until=incident.snoozed_until)]


def _muted(incident: Incident, held: Sequence[Held]) -> list[State]:
    found = []
    if incident.silenced_by:
        names = listed([one_line(name) for name in incident.silenced_by], MAX_NAMES)
        text = f"By {names}: all of its firing alerts are muted, and nobody is notified."
        found.append(State("silenced", "warning", "Silenced", text, until=incident.silenced_until, page="/silences"))
    for one in held:
        where = one_line(one.endpoint)
        text = f"Inhibited by {one_line(one.hold.by)} ({one_line(one.hold.rule)}), until that ends."
        state = State("held", "warning", f"{where} is not notified", text, at=one.hold.since)
        state.incident = one.hold.incident
        found.append(state)
    return found


def _course(incident: Incident) -> list[State]:
    found = []
    if incident.is_storm:
        text = (
            "Alerts of one failure domain, without evidence that ties them to each other. Playbooks are only suggested."
        )
        found.append(State("storm", "critical", "Grouped during a storm", text))
    if incident.returns:
        last = incident.returned_at[-1] if incident.returned_at else None
        every = f", about every {about(incident.return_every_s)}" if incident.return_every_s else ""
        count = "once" if incident.returns == 1 else f"{incident.returns:,} times"
        text = "It stays open over its pauses." if incident.status in ("open", "acknowledged") else ""
        found.append(State("returned", "warning", f"Came back {count}{every}", text, at=last))
    if incident.merged_from:
        names = listed([one_line(name) for name in incident.merged_from], MAX_NAMES)
        title = f"Includes {plural(len(incident.merged_from), 'merged incident')}"
        found.append(State("includes", "", title, f"{names}."))
    if incident.split_from:
        text = "A person took its alerts out of that one."
        found.append(
            State("split", "", f"Split out of {one_line(incident.split_from)}", text, incident=incident.split_from)
        )
    return found
