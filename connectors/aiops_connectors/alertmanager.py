"""The webhook body of Prometheus Alertmanager, version 4, for receivers of its notifications.

An incident is a group by the label `incident`. Its alerts are the incident's alert streams with their own labels and
annotations: receivers that route by labels work as behind Alertmanager. The common annotations hold the texts on the
incident. Alertmanager's receivers know "firing" and "resolved": an acknowledged or updated incident is one that fires.
See https://prometheus.io/docs/alerting/latest/configuration/#webhook_config.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from aiops.ports import Message
from aiops.records import Incident, Member
from aiops.records.decode import format_time
from aiops_connectors.sinks.http_sink import UrlOptions, UrlSink
from aiops_connectors.texts.headline import OVER, notice
from aiops_connectors.texts.links import is_web, links
from aiops_connectors.texts.news import news
from aiops_connectors.texts.place import first_place
from aiops_connectors.texts.rows import rows
from aiops_connectors.texts.truncation import cut, line

# What Alertmanager writes for an alert that has not ended.
_NO_END = "0001-01-01T00:00:00Z"
MAX_LABEL, MAX_ANNOTATION = 255, 8_000
# Receivers limit bodies to a few hundred kB; beyond this, alerts are counted in `truncatedAlerts`.
MAX_ALERT_BYTES = 40_000
_ANNOTATIONS = {
    "incident": "link",
    "playbook": "playbook_url",
    "change": "change_url",
    "alert": "alert_url",
    "runbook": "runbook_url",
}


class AlertmanagerOptions(UrlOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the Alertmanager sink."""

    receiver: Annotated[
        str, Meta(description="The name in the body, by which receivers route; empty: the endpoint's name.")
    ] = ""
    one_alert: Annotated[
        bool, Meta(description="One alert named `Incident` in place of the alert streams of the incident.")
    ] = False


class AlertmanagerSink(UrlSink[AlertmanagerOptions]):
    """Post the webhook body of Alertmanager, version 4, for each change of an incident."""

    Options = AlertmanagerOptions

    def body(self, message: Message) -> dict[str, Any]:
        """Return the notification."""
        return notification(message, self.options.receiver or self.name, one_alert=self.options.one_alert)


def notification(message: Message, receiver: str, *, one_alert: bool = False) -> dict[str, Any]:
    """Return the body; `groupKey` is the same for all notifications of an incident."""
    incident = message.incident
    group = {"incident": line(incident.id, MAX_LABEL)}
    texts = _texts(message)
    members = [] if one_alert else [one for one in incident.members if one.labels or one.service or one.source]
    alerts = _bounded([_alert(message, one, group) for one in members]) or [_whole(message, group, texts)]
    return {
        "version": "4",
        "groupKey": '{}:{incident="' + group["incident"].replace("\\", "\\\\").replace('"', '\\"') + '"}',
        "truncatedAlerts": max(0, incident.stream_count - len(alerts)) if members else 0,
        "status": _status(message),
        "receiver": receiver,
        "groupLabels": group,
        "commonLabels": _shared([alert["labels"] for alert in alerts]),
        # The texts on the incident come first: a receiver shows `summary`, be there one alert or many.
        "commonAnnotations": {**_shared([alert["annotations"] for alert in alerts]), **texts},
        "externalURL": message.link or "",
        "alerts": alerts,
    }


def _status(message: Message) -> str:
    return "resolved" if message.change in OVER else "firing"


def _alert(message: Message, member: Member, group: Mapping[str, str]) -> dict[str, Any]:
    """Return an alert stream with its own labels; of an ended incident none fires."""
    status = "resolved" if message.change in OVER else member.status
    labels = {line(name, MAX_LABEL): line(value, MAX_LABEL) for name, value in member.labels.items()}
    labels = {"severity": member.severity, **labels, "alertname": line(member.name, MAX_LABEL), **group}
    if member.service:
        labels.setdefault("service", line(member.service, MAX_LABEL))
    annotations = {line(name, MAX_LABEL): cut(value, MAX_ANNOTATION) for name, value in member.annotations.items()}
    if member.message:
        annotations.setdefault("description", cut(member.message, MAX_ANNOTATION))
    return {
        "status": status,
        "labels": labels,
        "annotations": annotations,
        "startsAt": format_time(member.first_at),
        "endsAt": format_time(_end(message, member)) if status == "resolved" else _NO_END,
        "generatorURL": member.url if member.url and is_web(member.url) else "",
        "fingerprint": _fingerprint(labels),
    }


def _end(message: Message, member: Member) -> float:
    if member.status == "resolved":
        return member.last_at
    return message.incident.resolved_at if message.incident.resolved_at is not None else message.at


def _whole(message: Message, group: Mapping[str, str], texts: dict[str, str]) -> dict[str, Any]:
    """Return one alert that stands for the incident."""
    incident, status = message.incident, _status(message)
    opened = incident.opened_at if incident.opened_at is not None else message.at
    ended = incident.resolved_at if incident.resolved_at is not None else message.at
    return {
        "status": status,
        "labels": _incident_labels(incident, group),
        "annotations": texts,
        "startsAt": format_time(opened),
        "endsAt": format_time(ended) if status == "resolved" else _NO_END,
        "generatorURL": message.link or "",
        "fingerprint": hashlib.sha256(incident.id.encode()).hexdigest()[:16],
    }


def _incident_labels(incident: Incident, group: Mapping[str, str]) -> dict[str, str]:
    labels = {**group, "alertname": "Incident", "severity": line(incident.severity or "warning", 20)}
    if incident.services:
        labels["service"] = line(incident.services[0], MAX_LABEL)
    return labels


def _texts(message: Message) -> dict[str, str]:
    """Return the texts on the incident as annotations.

    The cause may change while the incident lasts: it is no label, since receivers take labels for an identity.
    """
    texts = {"summary": notice(message), "entity": first_place(message.incident)}
    texts["description"] = cut("\n".join(f"{label}: {value}" for label, value in rows(message)), MAX_ANNOTATION)
    if message.news:
        texts["news"] = cut("\n".join(news(message)), MAX_ANNOTATION)
    if message.incident.message:
        texts["message"] = line(message.incident.message, MAX_ANNOTATION)
    texts.update({_ANNOTATIONS[link.kind]: link.url for link in links(message)})
    return texts


def _bounded(alerts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first alerts of at most `MAX_ALERT_BYTES` together."""
    size = 0
    for number, alert in enumerate(alerts):
        size += len(msgspec.json.encode(alert))
        if size > MAX_ALERT_BYTES:
            return alerts[:number]
    return alerts


def _shared(each: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {name: value for name, value in each[0].items() if all(other.get(name) == value for other in each[1:])}


def _fingerprint(labels: Mapping[str, str]) -> str:
    """Return an identity of labels: 16 hexadecimal digits, other ones than Alertmanager's."""
    return hashlib.sha256(msgspec.json.encode(dict(labels), order="sorted")).hexdigest()[:16]
