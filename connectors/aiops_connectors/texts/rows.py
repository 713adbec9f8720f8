"""The facts on an incident as rows of a table, the most useful first."""

from __future__ import annotations

from aiops.ports import Message
from aiops.records import Incident
from aiops.wording import about, plural
from aiops_connectors.texts.headline import OVER
from aiops_connectors.texts.moments import clock
from aiops_connectors.texts.news import plain_news
from aiops_connectors.texts.sentences import (
    MAX_NAME,
    MAX_SENTENCE,
    alert_text,
    counts,
    ended_by,
    found_texts,
    hurt_places,
    likely,
    reasons,
    returned,
    seen_before,
    shared_labels,
)
from aiops_connectors.texts.truncation import line

# Playbooks that are named: the first, and what else fits.
_PLAYBOOKS = 2


def rows(message: Message) -> list[tuple[str, str]]:
    """Return labels and values, without links; each value is one line without control characters."""
    incident = message.incident
    found = [
        ("New", "; ".join(plain_news(message))),
        ("Ended", ended_by(message) if message.change == "resolved" else ""),
        ("Likely cause", likely(incident)),
        ("Why", " ".join(reasons(incident))),
        ("Found", found_texts(incident)),
        ("Hurts", hurt_places(incident)),
        ("Alert", alert_text(incident)),
        ("Alerts", _alerts(incident)),
        ("Returns", returned(incident)),
        ("Playbook", playbooks(incident)),
        ("Seen before", seen_before(incident)),
        ("Labels", labels_text(incident)),
        ("Severity", line(incident.severity or "unknown", 20)),
        ("Acknowledged", line(incident.acknowledged_by or "", MAX_NAME)),
        *_times(message),
    ]
    return [(label, line(value, 2 * MAX_SENTENCE + 400)) for label, value in found if value]


def playbooks(incident: Incident) -> str:
    """Return the names of the playbooks that fit, with what they would act on."""
    named = incident.playbooks[:_PLAYBOOKS]
    names = [line(one.name, MAX_NAME) + (f" on {line(one.target, MAX_NAME)}" if one.target else "") for one in named]
    return ", or ".join(names)


def labels_text(incident: Incident) -> str:
    """Return the labels that all alerts share: `namespace=shop, cluster=eu-1`."""
    return ", ".join(f"{name}={value}" for name, value in shared_labels(incident))


def _alerts(incident: Incident) -> str:
    firing = f", {plural(incident.firing_count, 'stream')} firing" if incident.firing_count else ""
    return counts(incident) + firing


def _times(message: Message) -> list[tuple[str, str]]:
    incident = message.incident
    found = []
    if incident.opened_at is not None:
        found.append(("Opened", clock(incident.opened_at, message.zone, message.at)))
    if message.change in OVER and incident.resolved_at is not None:
        found.append(("Resolved", clock(incident.resolved_at, message.zone, message.at)))
    elif incident.last_alert_at is not None:
        ago = message.at - incident.last_alert_at
        found.append(("Last alert", f"{about(ago)} ago" if ago >= 1 else "just now"))
    return found
