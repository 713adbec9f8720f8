"""Texts on an incident for pagers and chats, the same words for all of them.

Titles, entities and messages come from payloads of anybody: here they become single lines without control characters;
what a receiver's own markup needs on top is its sink's business.
"""

from __future__ import annotations

import re

from aiops.ports import Message
from aiops.records import Cause, Incident
from aiops.records.decode import format_time
from aiops.wording import listed
from aiops_connectors.sinks.truncation import line

OVER = ("resolved", "merged")
# Of a list, people read the first few; the page has the rest.
_SHOWN = 5
# A record lists as many; there may be more.
_LISTED = 200
_MAX_NAME = 120
_MAX_TITLE = 900
_MAX_NEWS = 300
_MAX_MESSAGE = 500
# What browsers and receivers take as an address.
_MAX_URL = 2_000
# A web address of ASCII alone, without what ends or nests a link in the markup of any receiver.
_WEB = re.compile(r"https?://[!#$%&()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
_ENDED = {"resolved": "RESOLVED", "merged": "MERGED"}


def headline(message: Message) -> str:
    """Return one line with the severity and the title; at most 1,000 characters."""
    incident = message.incident
    mark = _ENDED.get(message.change) or (incident.severity or "warning").upper()
    title = line(incident.title or f"incident {incident.id}", _MAX_TITLE - _MAX_NEWS)
    news = f": {line(message.news[0], _MAX_NEWS)}" if message.news else ""
    return f"[{line(mark, 20)}] {title}{news}"


def happening(message: Message) -> str:
    """Return the change of the incident in words."""
    incident = message.incident
    if message.change == "merged" and incident.merged_into:
        return f"merged into {line(incident.merged_into, _MAX_NAME)}"
    if message.repeats:
        return "still open"
    return {"opened": "new incident", "updated": "changed", "reopened": "is back"}.get(message.change, message.change)


def facts(message: Message) -> list[tuple[str, str]]:
    """Return labels and values for a table, without the link."""
    incident = message.incident
    found = [("State", happening(message))]
    if message.news:
        found.append(("New", "; ".join(news(message))))
    if incident.message:
        found.append(("Message", line(incident.message, _MAX_MESSAGE)))
    found += [
        ("Severity", line(incident.severity or "unknown", 20)),
        ("Alerts", str(incident.alert_count or len(incident.alerts))),
    ]
    if incident.opened_at is not None:
        found.append(("Opened", format_time(incident.opened_at)))
    if incident.resolved_at is not None and message.change in OVER:
        found.append(("Resolved", format_time(incident.resolved_at)))
    found.extend((label, text) for label, text in _places(incident) if text)
    if incident.causes:
        found.append(("Suspected cause", "; ".join(suspect(cause) for cause in incident.causes[:3])))
    if incident.playbooks:
        found.append(("Playbook", line(incident.playbooks[0].name, _MAX_NAME)))
    return found


def news(message: Message) -> list[str]:
    """Return the news for the endpoint, the most important first."""
    return [line(one, _MAX_NEWS) for one in message.news]


def links(message: Message) -> list[tuple[str, str]]:
    """Return labels and web addresses: the incident's page, the worst alert in its tool, its runbook."""
    incident = message.incident
    found = [("Incident", message.link), ("Alert", incident.url), ("Runbook", incident.runbook_url)]
    return [(label, url) for label, url in found if url and len(url) <= _MAX_URL and _WEB.fullmatch(url)]


def suspect(cause: Cause) -> str:
    """Return an entity with its probability or confidence."""
    sure = f"{cause.probability:.0%}" if cause.probability is not None else f"{cause.confidence} confidence"
    return f"{line(cause.entity, _MAX_NAME)} ({sure})"


def reasons(incident: Incident) -> list[str]:
    """Return the evidence for the first suspect and for the grouping, the strongest first."""
    found: list[str] = []
    if incident.causes:
        ordered = sorted(incident.causes[0].evidence, key=lambda one: (-abs(one.value), one.name))
        found = [line(one.text or one.name, 300) for one in ordered[:_SHOWN]]
    return found + [line(text, 300) for text in incident.explanation[:_SHOWN]]


def first_place(incident: Incident) -> str:
    """Return the entity or service to name: the first suspect, else the first that alerted."""
    candidates = [cause.entity for cause in incident.causes[:1]] + incident.entities + incident.services
    return line(candidates[0], 255) if candidates else "unknown"


def _places(incident: Incident) -> tuple[tuple[str, str], tuple[str, str]]:
    services = listed(_named(incident.services), _SHOWN, is_cut=len(incident.services) >= _LISTED)
    entities = listed(_named(incident.entities), _SHOWN, incident.entity_count, is_cut=incident.more_entities)
    return ("Services", services), ("Entities", entities)


def _named(names: list[str]) -> list[str]:
    return [line(name, _MAX_NAME) for name in names[:_SHOWN]] + names[_SHOWN:]
