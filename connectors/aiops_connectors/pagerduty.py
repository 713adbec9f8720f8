"""PagerDuty, Events API v2 (https://developer.pagerduty.com/docs/events-api-v2-overview).

One `dedup_key` an incident for all its life: opening, getting worse and reopening trigger it, an acknowledgement
acknowledges it, and its end (or its being merged into an older one) resolves it. An incident that returned after its
end, no worse than before, or that a person merged or split, triggers it with the severity `info`, of which services
with dynamic notifications call nobody. An accepted event (202) is not yet a
page; what PagerDuty does with it is its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from aiops.ports import Message, Reply
from aiops.records import Incident
from aiops.records.decode import format_time
from aiops_connectors.callbacks.pagerduty import pagerduty
from aiops_connectors.sinks.http_sink import HttpSink
from aiops_connectors.sinks.options import HttpOptions, base_url
from aiops_connectors.texts.headline import summary
from aiops_connectors.texts.links import is_web, links
from aiops_connectors.texts.place import first_place, group_of, kind_of
from aiops_connectors.texts.rows import rows
from aiops_connectors.texts.truncation import cut

# 120 events a minute and integration key.
MAX_RATE_PER_S = 2.0
MAX_SUMMARY = 1_024
MAX_DEDUP_KEY = 255
# The whole event may have 512 KB; more than this of details is read by nobody.
MAX_DETAIL_BYTES = 4_000
MAX_LINK_TEXT, MAX_IMAGES = 100, 3
# Annotations with the address of a picture, as Grafana and others name them.
_IMAGES = ("image_url", "imageURL", "image")
_SEVERITIES = {"critical": "critical", "high": "error", "warning": "warning", "info": "info", "ok": "info"}
_ACTIONS: dict[str, Literal["trigger", "acknowledge", "resolve"]] = {
    "acknowledged": "acknowledge",
    "resolved": "resolve",
    "merged": "resolve",
}
# Openings for which nobody has to be called.
_QUIET = ("returned", "moved")


class PagerDutyOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the PagerDuty sink."""

    routing_key_env: Annotated[
        str, Meta(min_length=1, description="The environment variable with the integration key of the service.")
    ]
    base_url: Annotated[str, Meta(description="`https://events.eu.pagerduty.com` for accounts in the EU.")] = (
        "https://events.pagerduty.com"
    )
    callback_secret_env: Annotated[
        str,
        Meta(
            description="The environment variable with the secret of a webhook (version 3) of PagerDuty. What people "
            "[acknowledge and resolve there](delivery.md#back-from-the-pager) then returns."
        ),
    ] = ""


class PagerDutySink(HttpSink[PagerDutyOptions]):
    """Send one event of Events API v2 for each change of an incident."""

    Options = PagerDutyOptions
    max_rate_per_s = MAX_RATE_PER_S

    def address(self) -> str:
        """Return the URL of the API, and read the integration key."""
        self._key = self.secret(self.options.routing_key_env)
        secret_env = self.options.callback_secret_env
        self._callback = pagerduty(secret_env, self.place) if secret_env else None
        return base_url(self.options.base_url, self.client, self.place) + "/v2/enqueue"

    def read_back(self, headers: Mapping[str, str], body: bytes, now: float) -> Sequence[Reply] | None:
        """See `CallsBack.read_back`."""
        return self._callback.read(headers, body, now) if self._callback is not None else None

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
            event["links"] = [{"href": link.url, "text": cut(link.label, MAX_LINK_TEXT)} for link in found]
        pictures = _images(message.incident)
        if pictures:
            event["images"] = pictures
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
        "summary": summary(message, MAX_SUMMARY),
        "source": first_place(incident),
        "severity": "info" if message.change in _QUIET else _SEVERITIES.get(incident.severity or "", "warning"),
        "timestamp": format_time(incident.opened_at if incident.opened_at is not None else message.at),
        "component": first_place(incident),
        "custom_details": details(message),
    }
    sorted_by = {"group": group_of(incident), "class": kind_of(incident)}
    return {**payload, **{name: value for name, value in sorted_by.items() if value}}


def details(message: Message) -> dict[str, str]:
    """Return at most 4 kB of what matters, the most useful first.

    PagerDuty sorts details by their names: each begins with one digit.
    """
    found = [("open", message.link)] if message.link else []
    found += [(label.lower(), value) for label, value in rows(message)]
    kept = {f"{number} {label}": cut(value, 600) for number, (label, value) in enumerate(found[:9], 1)}
    while len(msgspec.json.encode(kept)) > MAX_DETAIL_BYTES:
        kept.popitem()
    return kept


def _images(incident: Incident) -> list[dict[str, str]]:
    """Return the pictures that alerts link to; PagerDuty shows those of https alone."""
    found = (one.annotations.get(name, "") for one in incident.members for name in _IMAGES)
    sources = dict.fromkeys(url for url in found if url.startswith("https://") and is_web(url))
    return [{"src": url, "href": url, "alt": "Picture of the alert"} for url in list(sources)[:MAX_IMAGES]]
