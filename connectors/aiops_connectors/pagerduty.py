"""PagerDuty, Events API v2 (https://developer.pagerduty.com/docs/events-api-v2-overview).

One `dedup_key` an incident for all its life: opening, getting worse and reopening trigger it, an acknowledgement
acknowledges it, and its end (or its being merged into an older one) resolves it. An accepted event (202) is not yet a
page; what PagerDuty does with it is its own.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from aiops.ports import Message
from aiops.records import Incident
from aiops.records.decode import format_time
from aiops_connectors.sinks.http_sink import HttpSink
from aiops_connectors.sinks.incident_body import shortened
from aiops_connectors.sinks.options import HttpOptions, base_url
from aiops_connectors.sinks.text import facts, first_place, headline, links, reasons
from aiops_connectors.sinks.truncation import cut, line

# 120 events a minute and integration key.
MAX_RATE_PER_S = 2.0
MAX_SUMMARY = 1_024
MAX_DEDUP_KEY = 255
# The whole event may have 512 KB; more than this of details is not read by anybody, and a storm would send it often.
MAX_DETAIL_BYTES = 64_000
_SEVERITIES = {"critical": "critical", "high": "error", "warning": "warning", "info": "info", "ok": "info"}
_ACTIONS: dict[str, Literal["trigger", "acknowledge", "resolve"]] = {
    "acknowledged": "acknowledge",
    "resolved": "resolve",
    "merged": "resolve",
}

_LINKS = {"Incident": "Incident page", "Alert": "Alert in its tool", "Runbook": "Runbook"}


class PagerDutyOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the PagerDuty sink."""

    routing_key_env: Annotated[
        str, Meta(min_length=1, description="The environment variable with the integration key of the service.")
    ]
    base_url: Annotated[str, Meta(description="`https://events.eu.pagerduty.com` for accounts in the EU.")] = (
        "https://events.pagerduty.com"
    )


class PagerDutySink(HttpSink[PagerDutyOptions]):
    """Send one event of Events API v2 for each change of an incident."""

    Options = PagerDutyOptions
    max_rate_per_s = MAX_RATE_PER_S

    def address(self) -> str:
        """Return the URL of the API, and read the integration key."""
        self._key = self.secret(self.options.routing_key_env)
        return base_url(self.options.base_url, self.client, self.place) + "/v2/enqueue"

    def body(self, message: Message) -> dict[str, Any]:
        """Return the event with its routing key."""
        return {"routing_key": self._key, **self.event(message)}

    def event(self, message: Message) -> dict[str, Any]:
        """Return the event without the routing key."""
        action = _ACTIONS.get(message.change, "trigger")
        event: dict[str, Any] = {"event_action": action, "dedup_key": dedup_key(message.incident.id)}
        if action != "trigger":
            return event
        found = links(message)
        if found:
            event["links"] = [{"href": url, "text": _LINKS[label]} for label, url in found]
        if message.link:
            event["client_url"] = message.link
        return {**event, "client": "aiops", "payload": _payload(message)}


def dedup_key(incident: str) -> str:
    """Return the key of an incident, of at most 255 characters.

    >>> dedup_key("i-7")
    'aiops/i-7'
    """
    key = f"aiops/{incident}"
    if len(key) <= MAX_DEDUP_KEY:
        return key
    return f"aiops/sha256-{hashlib.sha256(incident.encode()).hexdigest()}"


def _payload(message: Message) -> dict[str, Any]:
    incident = message.incident
    payload: dict[str, Any] = {
        "summary": cut(headline(message), MAX_SUMMARY),
        "source": first_place(incident),
        "severity": _SEVERITIES.get(incident.severity or "", "warning"),
        "timestamp": format_time(incident.opened_at if incident.opened_at is not None else message.at),
        "component": first_place(incident),
        "custom_details": _details(message, incident),
    }
    if incident.services:
        payload["group"] = line(incident.services[0], 255)
    return payload


def _details(message: Message, incident: Incident) -> dict[str, Any]:
    details: dict[str, Any] = {"link": message.link} if message.link else {}
    details.update({label.lower().replace(" ", "_"): value for label, value in facts(message)})
    details["reasons"] = reasons(incident)
    left = MAX_DETAIL_BYTES - len(msgspec.json.encode(details))
    whole, cuts = shortened(incident, max(2_000, left))
    details["incident"] = whole
    if cuts:
        details["cut"] = cuts
    return details
