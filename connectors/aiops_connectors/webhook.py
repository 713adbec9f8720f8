"""The generic webhook: a signed CloudEvent for each change of an incident.

The body is a CloudEvents 1.0 event in structured mode, with `timestamp` beside `time`: it is also a
message of Standard Webhooks 1.0 (`type`, `timestamp`, `data`). `webhook-id` and the event's `id` are the same for
every attempt: a receiver that has seen them has nothing to do.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from aiops.http.signing import key_of, signature_headers
from aiops.ports import Message
from aiops.records import Incident
from aiops.records.decode import format_time
from aiops_connectors.sinks.http_sink import UrlOptions, UrlSink
from aiops_connectors.sinks.incident_body import shortened
from aiops_connectors.texts.headline import notice
from aiops_connectors.texts.links import MAX_URL
from aiops_connectors.texts.news import changed, news
from aiops_connectors.texts.sentences import duration_s
from aiops_connectors.texts.truncation import cut, line

# Standard Webhooks wants bodies under 20 kB; what surrounds the incident takes less than the rest.
MAX_BODY_BYTES = 20_000
_ENVELOPE_BYTES = 9_000
MAX_TEXT, MAX_NAME, MAX_SERVICES = 600, 200, 10


class WebhookOptions(UrlOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the webhook sink."""

    secret_env: Annotated[
        str,
        Meta(
            description="The environment variable with the signing secret (`whsec_` and base 64) of Standard Webhooks; "
            "without it, nothing is signed."
        ),
    ] = ""
    old_secret_env: Annotated[
        str, Meta(description="The secret before, which signs as well until all receivers know the new one.")
    ] = ""
    event_source: Annotated[
        str, Meta(min_length=1, max_length=200, description="The CloudEvents attribute `source`.")
    ] = "aiops"


class WebhookSink(UrlSink[WebhookOptions]):
    """Post a signed CloudEvent for each change of an incident."""

    Options = WebhookOptions

    def address(self) -> str:
        """Return the URL, and read the signing secrets."""
        self.headers = {"content-type": "application/cloudevents+json; charset=utf-8"}
        self._keys: list[bytes] = []
        for variable in (self.options.secret_env, self.options.old_secret_env):
            if variable:
                self._keys.append(
                    key_of(self.secret(variable), f"{self.place}: environment variable {variable}"),
                )
        return super().address()

    def body(self, message: Message) -> dict[str, Any]:
        """Return the event; see `event`."""
        return self.event(message)

    def extra_headers(self, message: Message, raw: bytes) -> dict[str, str]:
        """Return the signatures over the raw body, with the time of this attempt, and the header of traces."""
        signed = signature_headers(self._keys, message.key, self.clock(), raw)
        return {**signed, **super().extra_headers(message, raw)}

    def event(self, message: Message) -> dict[str, Any]:
        """Return the body as plain values, below `MAX_BODY_BYTES` as JSON; `data.cut` names what was left out."""
        at = format_time(message.at)
        return {
            "specversion": "1.0",
            "id": message.key,
            "source": self.options.event_source,
            "type": f"aiops.incident.{message.change}",
            "time": at,
            "timestamp": at,
            "subject": message.incident.id,
            "datacontenttype": "application/json",
            "data": _data(message),
        }


def _data(message: Message) -> dict[str, Any]:
    """Return the text and what programs need first, and the whole incident last."""
    whole, cuts = shortened(message.incident, MAX_BODY_BYTES - _ENVELOPE_BYTES)
    incident = message.incident
    data: dict[str, Any] = {"text": cut(notice(message), MAX_TEXT), "change": message.change}
    # A longer address is cut by what shows it, and is of use to nobody.
    if message.link and len(message.link) <= MAX_URL:
        data["link"] = message.link
    data.update(severity=incident.severity, status=incident.status, version=message.version)
    data.update(_found(incident))
    if message.news:
        data.update(news=news(message), changed=changed(message))
    if message.repeats:
        data["repeats"] = message.repeats
    if message.change == "resolved":
        data.update(resolved_by=incident.resolved_by, duration_s=duration_s(message))
    if cuts:
        data["cut"] = cuts
    data["incident"] = whole
    return data


def _found(incident: Incident) -> dict[str, Any]:
    """Return the cause, the counts, the services and the playbook, each if there is one."""
    counts = {"alerts": incident.alert_count, "streams": incident.stream_count, "entities": incident.entity_count}
    found: dict[str, Any] = {"counts": counts}
    if incident.causes:
        first = incident.causes[0]
        because = [line(one.name, MAX_NAME) for one in first.evidence[:MAX_SERVICES]]
        found["cause"] = {"entity": line(first.entity, MAX_NAME), "confidence": first.confidence, "because": because}
    if incident.services:
        found["services"] = [line(one, MAX_NAME) for one in incident.services[:MAX_SERVICES]]
    if incident.playbooks:
        best = incident.playbooks[0]
        target = line(best.target, MAX_NAME) if best.target else None
        found["playbook"] = {"name": line(best.name, MAX_NAME), "target": target}
    return found
