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
from aiops.records.decode import format_time
from aiops_connectors.sinks.http_sink import UrlOptions, UrlSink
from aiops_connectors.sinks.incident_body import shortened
from aiops_connectors.sinks.text import news

# Standard Webhooks wants bodies under 20 kB; what surrounds the incident takes less than the rest.
MAX_BODY_BYTES = 20_000
_ENVELOPE_BYTES = 5_500


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
        incident, cuts = shortened(message.incident, MAX_BODY_BYTES - _ENVELOPE_BYTES)
        at = format_time(message.at)
        data: dict[str, Any] = {"change": message.change, "version": message.version, "incident": incident}
        # A longer address is cut by what shows it, and is of use to nobody.
        if message.link and len(message.link) <= 2_000:
            data["link"] = message.link
        if message.news:
            data["news"] = news(message)
        if message.repeats:
            data["repeats"] = message.repeats
        if cuts:
            data["cut"] = cuts
        return {
            "specversion": "1.0",
            "id": message.key,
            "source": self.options.event_source,
            "type": f"aiops.incident.{message.change}",
            "time": at,
            "timestamp": at,
            "subject": message.incident.id,
            "datacontenttype": "application/json",
            "data": data,
        }
