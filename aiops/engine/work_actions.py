"""Actions of people who work on an incident: acknowledge, assign, snooze, resolve, reopen, and note.

Each answer states the effect, and its notifications. None of them calls anybody.
"""

from __future__ import annotations

from aiops.engine.acted_incident import MAX_ACTOR_CHARS, acted_incident, actor_of
from aiops.engine.arrival import Moment
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.handled import Handled, new_deed
from aiops.engine.incidents.lifecycle import Incidents
from aiops.engine.incidents.state import IncidentState
from aiops.engine.silences.actions import parse_moment
from aiops.errors import UsageError
from aiops.records import Action
from aiops.records.decode import format_time
from aiops.wording import duration, plural

# A note is a sentence or two; it is kept with the incident and goes into messages.
MAX_NOTE_CHARS = 1_000
# Longer is no snooze but a decision that needs a silence with a reason, or a ticket.
MAX_SNOOZE_S = 7 * 86_400.0
UPDATED = "endpoints that know it get one update, and nobody is called"


class WorkActions:
    """Applies them to incidents that the engine remembers."""

    def __init__(self, incidents: Incidents) -> None:
        self.incidents = incidents
        self.handling = incidents.handling

    def acknowledge(self, action: Action, moment: Moment) -> str:
        """Mark an open incident as acknowledged."""
        incident, _, now = acted_incident(self.incidents, action)
        if incident.status == "resolved":
            raise UsageError(f"{now}{incident.id} is resolved: only an open incident can be acknowledged")
        if incident.status == "acknowledged":
            return f"{now}was acknowledged before: nothing changed"
        self.handling.did(incident.id, new_deed(action.id, "acknowledge", moment.now, actor_of(action)))
        self.incidents.acknowledge(incident, actor_of(action), moment)
        return f"{now}acknowledged; {UPDATED}"

    def resolve(self, action: Action, moment: Moment) -> str:
        """End an incident, although its alerts may still fire."""
        incident, cluster, now = acted_incident(self.incidents, action)
        if incident.status == "resolved":
            return f"{now}was resolved before: nothing changed"
        self.handling.did(incident.id, new_deed(action.id, "resolve", moment.now, actor_of(action)))
        self.incidents.resolve(incident, cluster, moment.now, moment, actor_of(action))
        return f"{now}resolved; endpoints that know it get its end"

    def reopen(self, action: Action, moment: Moment) -> str:
        """Open an incident again that was resolved too early."""
        incident, cluster, now = acted_incident(self.incidents, action)
        if incident.status != "resolved":
            return f"{now}is {incident.status} already: nothing changed"
        self.handling.drop_verb(incident.id, "resolve")
        return now + reopen(self.incidents, incident, cluster, actor_of(action), moment)

    def assign(self, action: Action, moment: Moment) -> str:
        """Make an incident a person's, who is then on it; without a person it is nobody's."""
        incident, cluster, now = acted_incident(self.incidents, action)
        person = action.args.get("to", "").strip()
        if len(person) > MAX_ACTOR_CHARS:
            raise UsageError(f"$.args.to: expected at most {MAX_ACTOR_CHARS} characters; got {len(person)}")
        _check_open(incident, now, "assigned")
        handled = self.handling.of(incident.id)
        if handled.assigned_to == person:
            return f"{now}{_owner(person)} before: nothing changed"
        by = actor_of(action)
        acknowledges = bool(person) and incident.status == "open"
        before = {"to": handled.assigned_to, **({"acknowledged": "yes"} if acknowledges else {})}
        self.handling.did(incident.id, new_deed(action.id, "assign", moment.now, by, **before))
        handled.assigned_to = person
        self.incidents.note(incident, f"{_owner(person)} by {by}")
        if acknowledges:
            self.incidents.acknowledge(incident, by, moment)
            return f"{now}assigned to {person}, and acknowledged; {UPDATED}"
        self._announce(incident, cluster, "assigned", f"{_owner(person)} by {by}", moment)
        return f"{now}{_owner(person)}; {UPDATED}"

    def snooze(self, action: Action, moment: Moment) -> str:
        """Send no news of an incident until a time; it is acknowledged meanwhile."""
        incident, cluster, now = acted_incident(self.incidents, action)
        _check_open(incident, now, "snoozed")
        until = parse_moment(action.args.get("until", ""), "$.args.until")
        if not moment.now < until <= moment.now + MAX_SNOOZE_S:
            raise UsageError(
                f"{now}$.args.until: expected a time to come within {duration(MAX_SNOOZE_S)}; got {format_time(until)}"
            )
        by, handled = actor_of(action), self.handling.of(incident.id)
        before = {"until": _text(handled), **({"acknowledged": "yes"} if incident.status == "open" else {})}
        self.handling.did(incident.id, new_deed(action.id, "snooze", moment.now, by, **before))
        self.handling.snooze(incident.id, until)
        said = f"snoozed until {format_time(until)} by {by}"
        self.incidents.note(incident, said)
        if incident.status == "open":
            self.incidents.acknowledge(incident, by, moment, ["status", "snoozed"])
        else:
            self._announce(incident, cluster, "snoozed", said, moment)
        return (
            f"{now}snoozed until {format_time(until)}; no news until then, unless it becomes critical, and a message "
            "then if it still fires"
        )

    def unsnooze(self, action: Action, moment: Moment) -> str:
        """End the snooze of an incident before its time; it stays acknowledged."""
        incident, cluster, now = acted_incident(self.incidents, action)
        handled = self.handling.of(incident.id)
        before = _text(handled)
        if not self.handling.end_snooze(incident.id):
            return f"{now}is not snoozed: nothing changed"
        by = actor_of(action)
        self.handling.did(incident.id, new_deed(action.id, "unsnooze", moment.now, by, until=before))
        self.incidents.note(incident, f"snooze ended by {by}")
        self._announce(incident, cluster, "snoozed", f"snooze ended by {by}", moment)
        return f"{now}snooze ended; endpoints get one update with the news that they missed, and nobody is called"

    def note(self, action: Action, moment: Moment) -> str:
        """Keep a sentence with an incident; its endpoints are notified of it unless `notify` is no.

        With `page` they call a person, as for an incident that was reopened.
        """
        text = action.args.get("text", "")[:MAX_NOTE_CHARS]
        if not text.strip():
            raise UsageError("$.args.text: expected a sentence; got none")
        is_quiet = action.args.get("notify") == "no"
        incident, cluster, now = acted_incident(self.incidents, action)
        if not is_quiet and incident.status not in ("open", "acknowledged"):
            raise UsageError(
                f"{now}$.incident: expected an incident that is not over; {incident.id} is {incident.status}"
            )
        self.handling.remark(incident.id, moment.now, actor_of(action), text)
        if is_quiet:
            # A version of its own: page and API show it at once, and no endpoint gets anything.
            self.incidents.announce(incident, cluster, moment.now, ("updated", ["remark"]), moment)
            return f"{now}noted; nobody is notified"
        self.incidents.note(incident, text)
        pages = action.args.get("notify") == "page"
        self.incidents.updated(incident, ["note", "page"] if pages else ["note"], moment)
        return f"{now}noted; endpoints that know it get the note"

    def _announce(self, incident: IncidentState, cluster: ClusterState, what: str, said: str, moment: Moment) -> None:
        self.incidents.announce(incident, cluster, moment.now, ("updated", [what]), moment).said = said


def reopen(incidents: Incidents, incident: IncidentState, cluster: ClusterState, by: str, moment: Moment) -> str:
    """Open a resolved incident again for a person; return the answer."""
    incident.is_return = False
    incidents.note(incident, f"reopened by {by}")
    event = incidents.reopen(incident, cluster, moment.now, moment)
    event.by_person, event.said = True, f"reopened by {by}"
    if cluster.firing <= 0:
        # Nothing of it ends any more, which would end the incident.
        incidents.quiet(cluster, moment.now, moment.now)
    firing = plural(max(0, cluster.firing), "alert stream")
    return f"reopened, with {firing} firing; endpoints that got its end get one quiet message, and nobody is called"


def _check_open(incident: IncidentState, now: str, what: str) -> None:
    if incident.status == "resolved":
        raise UsageError(f"{now}{incident.id} is resolved: only an open incident can be {what}; reopen it first")


def _owner(person: str) -> str:
    return f"assigned to {person}" if person else "assigned to nobody"


def _text(handled: Handled) -> str:
    return repr(handled.snoozed_until) if handled.snoozed_until is not None else ""
