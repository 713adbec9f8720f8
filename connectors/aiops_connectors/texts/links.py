"""Links of a message: web addresses of ASCII alone, which cannot break out of any receiver's markup."""

from __future__ import annotations

import re

from msgspec import Struct

from aiops.ports import Message
from aiops.records import Incident
from aiops.verdict.changes import before_onset, what_of
from aiops.verdict.sentence import likely_cause
from aiops_connectors.texts.truncation import line

# What browsers and receivers take as an address.
MAX_URL = 2_000
_WEB = re.compile(r"https?://[!#$%&()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
# The part of the incident's page with the playbooks.
PLAYBOOKS = "#playbooks"


class Link(Struct, frozen=True):
    """A link: `kind` is incident, playbook, change, alert or runbook."""

    kind: str
    label: str
    url: str


def links(message: Message) -> list[Link]:
    """Return the links: the incident's page, its playbook there, the change, the worst alert, its runbook."""
    incident = message.incident
    review = f"{message.link}{PLAYBOOKS}" if message.link and incident.playbooks else None
    found = [
        ("incident", "Open incident", message.link),
        ("playbook", f"Review {playbook(incident)}", review),
        ("change", *_change(incident)),
        ("alert", "Alert in its tool", incident.url),
        ("runbook", "Runbook", incident.runbook_url),
    ]
    return [Link(kind, label, url) for kind, label, url in found if url and is_web(url)]


def _change(incident: Incident) -> tuple[str, str | None]:
    """Return the change before the incident as a label, and its page in the tool that made it."""
    change = before_onset(likely_cause(incident), incident)
    return (f"See {line(what_of(change), 60)}", change.url) if change is not None else ("", None)


def is_web(url: str) -> bool:
    """Return True for an address that a browser opens and no markup misreads."""
    return len(url) <= MAX_URL and _WEB.fullmatch(url) is not None


def playbook(incident: Incident) -> str:
    """Return the name of the first playbook; empty if none fits."""
    return line(incident.playbooks[0].name, 120) if incident.playbooks else ""
