"""The webhook body of Prometheus Alertmanager, version 4, for receivers of its notifications.

An incident is one alert named `Incident`, in a group of its own. Alertmanager's receivers know "firing" and
"resolved": an acknowledged or updated incident is one that fires.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from aiops.ports import Message
from aiops.records.decode import format_time
from aiops_connectors.sinks.http_sink import UrlOptions, UrlSink
from aiops_connectors.sinks.text import OVER, facts, first_place, headline, links, news, reasons
from aiops_connectors.sinks.truncation import cut, line

# What Alertmanager writes for an alert that has not ended.
_NO_END = "0001-01-01T00:00:00Z"
MAX_LABEL, MAX_ANNOTATION = 255, 8_000


class AlertmanagerOptions(UrlOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the Alertmanager sink."""

    receiver: Annotated[
        str, Meta(description="The name in the body, by which receivers route; empty: the endpoint's name.")
    ] = ""


class AlertmanagerSink(UrlSink[AlertmanagerOptions]):
    """Post the webhook body of Alertmanager, version 4, for each change of an incident."""

    Options = AlertmanagerOptions

    def body(self, message: Message) -> dict[str, Any]:
        """Return the notification."""
        return notification(message, self.options.receiver or self.name)


def notification(message: Message, receiver: str) -> dict[str, Any]:
    """Return the body; `groupKey` is the same for all notifications of an incident."""
    incident = message.incident
    status = "resolved" if message.change in OVER else "firing"
    group = {"incident": line(incident.id, MAX_LABEL)}
    labels, annotations = _labels(message, group), _annotations(message)
    opened = incident.opened_at if incident.opened_at is not None else message.at
    ended = incident.resolved_at if incident.resolved_at is not None else message.at
    alert = {
        "status": status,
        "labels": labels,
        "annotations": annotations,
        "startsAt": format_time(opened),
        "endsAt": format_time(ended) if status == "resolved" else _NO_END,
        "generatorURL": message.link or "",
        "fingerprint": hashlib.sha256(incident.id.encode()).hexdigest()[:16],
    }
    return {
        "version": "4",
        "groupKey": '{}:{incident="' + group["incident"].replace("\\", "\\\\").replace('"', '\\"') + '"}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": receiver,
        "groupLabels": group,
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": message.link or "",
        "alerts": [alert],
    }


def _labels(message: Message, group: Mapping[str, str]) -> dict[str, str]:
    incident = message.incident
    labels = {**group, "alertname": "Incident", "severity": line(incident.severity or "warning", 20)}
    if incident.services:
        labels["service"] = line(incident.services[0], MAX_LABEL)
    return labels


def _annotations(message: Message) -> dict[str, str]:
    # The suspect may change while the incident lasts: it is no label, since receivers take labels for an identity.
    annotations = {"summary": headline(message), "entity": first_place(message.incident)}
    lines = [f"{label}: {value}" for label, value in facts(message)] + reasons(message.incident)
    annotations["description"] = cut("\n".join(lines), MAX_ANNOTATION)
    if message.news:
        annotations["news"] = cut("\n".join(news(message)), MAX_ANNOTATION)
    if message.incident.message:
        annotations["message"] = line(message.incident.message, MAX_ANNOTATION)
    names = {"Incident": "link", "Alert": "alert_url", "Runbook": "runbook_url"}
    annotations.update({names[label]: url for label, url in links(message)})
    return annotations
