"""The sentence: `payments-api failing since deploy 8.14.6`, or what is hurt where no cause is clear.

A cause is named from medium confidence on, or once a person confirmed it: below, the first two suspects might as
well be swapped. What is wrong with it is what its own alerts report (`alert_words`).
"""

from __future__ import annotations

from msgspec import Struct

from aiops.records import Cause, Incident, Member
from aiops.verdict.alert_words import UNKNOWN, plain_words
from aiops.verdict.changes import before_onset, since, what_of
from aiops.verdict.places import hurt, on, place_of, stands_for_itself

MAX_NAME = 80
# A calibrated probability from which on a suspect is more likely the cause than not.
PROBABLE = 0.5
# Suspects that are named where no cause is clear.
_PERHAPS = 2


class Verdict(Struct):
    """The parts of the sentence.

    `subject` is the cause, or the worst of what is hurt; `what` is wrong with it; `since` is empty if nothing was
    measured. `is_confirmed`: a person confirmed the cause. `alert` is the name of the worst alert.
    """

    subject: str
    what: str
    since: str = ""
    cause: Cause | None = None
    is_confirmed: bool = False
    more: int = 0
    perhaps: list[str] = []
    alert: str = ""

    @property
    def text(self) -> str:
        """Return the sentence without a full stop."""
        parts = [part for part in (self.subject, self.what, self.since) if part]
        return " ".join(parts) + (f", {self.more:,} more affected" if self.more and self.cause is None else "")


def likely_cause(incident: Incident) -> Cause | None:
    """Return the cause that may be named; None where none is clear.

    >>> likely_cause(Incident(id="i", causes=[Cause("db-1", confidence="low")])) is None
    True
    """
    if incident.root_cause is not None:
        name = incident.root_cause.entity
        return next((one for one in incident.causes if one.entity == name), Cause(name, confidence="high"))
    first = incident.causes[0] if incident.causes else None
    if first is None:
        return None
    if first.probability is not None:
        return first if first.probability >= PROBABLE or first.confidence != "low" else None
    return first if first.confidence != "low" else None


def suspect(incident: Incident) -> str | None:
    """Return the likely cause; None if none is clear, or if nothing else alerts, which is named already."""
    cause = likely_cause(incident)
    if cause is None:
        return None
    is_all = incident.entities == [cause.entity] and incident.entity_count <= 1 and not incident.more_entities
    return None if is_all else cause.entity


def verdict(incident: Incident) -> Verdict:
    """Return the verdict on an incident as it stands."""
    cause = likely_cause(incident) if not incident.is_storm else None
    if cause is None:
        return _unclear(incident)
    own = on(incident, cause.entity)
    subject, what = _short(cause.entity), plain_words(one.name for one in own) or UNKNOWN
    if own and stands_for_itself(own[0]):
        subject, what = _short(own[0].name), ""
    is_confirmed = incident.root_cause is not None
    return Verdict(subject, what, since(cause, incident), cause, is_confirmed, alert=_alert(own or incident.members))


def title_of(incident: Incident) -> str:
    """Return the name of an incident for people: its verdict, which a list of entities cannot replace.

    >>> title_of(Incident(id="i", title="Probe failed on web and 10 more entities"))
    'Probe failed on web and 10 more entities'
    """
    return verdict(incident).text or incident.title or incident.id


def what_it_was(incident: Incident) -> str:
    """Return what an incident was about, for its end: `payments-api, deploy 8.14.6`."""
    found = verdict(incident)
    change = before_onset(found.cause, incident)
    if change is not None:
        return f"{found.subject}, {what_of(change)}"
    what = found.what if found.what != UNKNOWN else found.alert
    return f"{found.subject}, {what}" if what and what != found.subject else found.subject


def _unclear(incident: Incident) -> Verdict:
    worst = _worst(incident.members)
    alert = _alert(incident.members)
    if worst is None or incident.is_storm:
        # Of a storm few streams are kept: its title counts them all.
        return Verdict(_short(incident.title or f"incident {incident.id}"), "")
    what = plain_words([worst.name]) or plain_words(one.name for one in on(incident, worst.entity))
    name = place_of(worst, incident)
    others = hurt(incident, name)
    found = Verdict(_short(name), what or UNKNOWN, alert=alert)
    if stands_for_itself(worst):
        found.subject, found.what = _short(worst.name), ""
    found.more = others.count if others.names and _short(name) not in others.names else 0
    suspects = [one.entity for one in incident.causes[:_PERHAPS] if one.entity not in (name, worst.entity)]
    found.perhaps = [_short(one) for one in suspects]
    return found


def _worst(members: list[Member]) -> Member | None:
    # A record lists the most severe first, and of those the first that came.
    return members[0] if members else None


def _alert(members: list[Member]) -> str:
    return _short(members[0].name) if members else ""


def _short(name: str) -> str:
    line = " ".join(name.split())
    return line if len(line) <= MAX_NAME else line[: MAX_NAME - 1] + "…"
