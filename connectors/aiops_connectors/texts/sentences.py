"""Sentences about an incident: what it hurts, why, what its alert alert_text, and how it ended."""

from __future__ import annotations

from aiops.ports import Message
from aiops.records import Evidence, Incident
from aiops.verdict.certainty import certainty
from aiops.verdict.changes import change_sentence
from aiops.verdict.places import hurt
from aiops.verdict.sentence import verdict
from aiops.wording import about, came_back, listed, plural
from aiops_connectors.texts.truncation import line

MAX_NAME = 120
MAX_SENTENCE = 300
MAX_MESSAGE = 500
# Places that are named: what people read of a list; the page has the rest.
SHOWN = 3
# A record lists as many services; there may be more.
_LISTED = 200
# Sentences of the reason; more is on the page.
_REASONS = 3
# Labels that alerts share and that are shown; those that the other sentences name already are left out.
_LABELS = 8
_NAMED = ("alertname", "severity", "instance", "entity", "service", "job", "runbook_url", "aiops_incident")


def hurts(incident: Incident) -> str:
    """Return the sentence on what is hurt, or that no cause is clear; empty if the verdict names it all."""
    found = verdict(incident)
    if found.cause is None:
        if incident.entity_count <= 1 and not found.perhaps:
            return ""
        perhaps = f"; perhaps {line(' or '.join(found.perhaps), MAX_SENTENCE)}" if found.perhaps else ""
        return f"Cause not clear yet{perhaps}."
    others = hurt(incident, found.cause.entity)
    if not others.names or others.names == [found.subject]:
        return ""
    return f"Hurts {line(others.text(1), MAX_SENTENCE)}."


def hurt_places(incident: Incident) -> str:
    """Return the first places that are hurt and the number of entities: `checkout, cart: 10 entities`.

    Empty if the verdict names all there is.
    """
    found = verdict(incident)
    places = hurt(incident, found.cause.entity if found.cause is not None else None)
    if not places.names:
        return ""
    entities = max(incident.entity_count, len(incident.entities))
    if entities <= 1:
        return line(places.text(SHOWN), MAX_SENTENCE) if places.names != [found.subject] else ""
    services = [line(name, MAX_NAME) for name in incident.services[:SHOWN]] + incident.services[SHOWN:]
    is_cut = len(services) >= _LISTED
    named = listed(services, SHOWN, is_cut=is_cut) if services else places.text(SHOWN)
    least = "at least " if incident.more_entities else ""
    return f"{line(named, MAX_SENTENCE)}: {least}{plural(entities, 'entity', 'entities')}"


def found_texts(incident: Incident) -> str:
    """Return what collectors found when it opened: `OOMKilled in the last state of cart-7d9f4`."""
    texts = list(dict.fromkeys(one.text for one in incident.findings))
    return listed([line(text, MAX_SENTENCE) for text in texts], SHOWN, separator="; ")


def counts(incident: Incident) -> str:
    """Return `20 alerts in 1 min`; at the end, the number alone."""
    number = plural(incident.alert_count or len(incident.alerts), "alert")
    return number if incident.status in ("resolved", "merged") else number + _within(incident)


def _within(incident: Incident) -> str:
    first, last = incident.first_alert_at, incident.last_alert_at
    return f" in {about(last - first)}" if first is not None and last is not None and last - first >= 1 else ""


def reasons(incident: Incident) -> list[str]:
    """Return why the cause is one, the change first; empty where no cause is clear."""
    cause = verdict(incident).cause
    if cause is None:
        return []
    found = [change_sentence(cause, incident)]
    ordered = sorted(cause.evidence, key=lambda one: (-abs(one.value), one.name))
    found += [_reason(one) for one in ordered if one.name != "change" or not found[0]]
    return [line(text, MAX_SENTENCE) for text in found if text][:_REASONS]


def _reason(evidence: Evidence) -> str:
    if evidence.name == "blame":
        leads = " along the dependencies to " in evidence.text
        return "Errors of its callers lead to it." if leads else "Latency and error alerts point to it."
    text = evidence.text or evidence.name
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")


def likely(incident: Incident) -> str:
    """Return the cause with its certainty, or the suspects where none is clear; empty without any."""
    found = verdict(incident)
    if found.cause is None:
        names = [line(one.entity, MAX_NAME) for one in incident.causes[:2]]
        return f"not clear yet; perhaps {' or '.join(names)}" if names else ""
    if found.is_confirmed:
        return f"{line(found.subject, MAX_NAME)} (confirmed)"
    return f"{line(found.subject, MAX_NAME)} ({certainty(found.cause)})"


def alert_text(incident: Incident) -> str:
    """Return the message of the worst alert, after its name if it does not begin with that."""
    name = line(incident.members[0].name, MAX_NAME) if incident.members else ""
    message = line(incident.message or "", MAX_MESSAGE)
    if name and message.startswith(name):
        return message
    return ": ".join(part for part in (name, message) if part)


def shared_labels(incident: Incident) -> list[tuple[str, str]]:
    """Return the labels that all described alerts share, up to eight, without those that sentences name."""
    described = [one.labels for one in incident.members if one.labels]
    if not described:
        return []
    shared = [pair for pair in described[0].items() if all(other.get(pair[0]) == pair[1] for other in described[1:])]
    kept = [(line(name, 60), line(value, 100)) for name, value in shared if name not in _NAMED and value]
    return kept[:_LABELS]


def duration_s(message: Message) -> float | None:
    """Return how long an incident lasted: until nothing fired, or a person ended it; None if unknown."""
    incident = message.incident
    begun = incident.first_alert_at if incident.first_alert_at is not None else incident.opened_at
    if begun is None:
        return None
    ended = incident.quiet_at or incident.resolved_at or message.at
    return max(0.0, ended - begun)


def ended_by(message: Message) -> str:
    """Return who or what ended an incident: a playbook, a person, or its alerts."""
    incident = message.incident
    if incident.playbook:
        by = f" ({line(incident.resolved_by, MAX_NAME)})" if incident.resolved_by else ""
        return f"Fixed by {line(incident.playbook, MAX_NAME)}{by}."
    if incident.resolved_by:
        firing = f"; {plural(incident.firing_count, 'stream')} still firing" if incident.firing_count else ""
        return f"Resolved by {line(incident.resolved_by, MAX_NAME)}{firing}."
    if incident.quiet_at is not None and incident.resolved_at is not None:
        quiet_s = incident.resolved_at - incident.quiet_at
        return f"No further alert for {about(quiet_s)}." if quiet_s >= 60 else "Its alerts ended."
    return "Its alerts ended."


def returned(incident: Incident) -> str:
    """Return how often it returned; empty if it did not."""
    return came_back(incident.returns, incident.returned_at) if incident.returns else ""


def seen_before(incident: Incident) -> str:
    """Return the most similar past incident; empty without one."""
    if not incident.similar:
        return ""
    best = incident.similar[0]
    parts = [part for part in best.text.split("; ") if not part.startswith("shares ")]
    more = f": {line('; '.join(parts), MAX_SENTENCE)}" if parts else ""
    return f"{line(best.name, MAX_NAME)}, {best.value:.0%} alike{more}"
