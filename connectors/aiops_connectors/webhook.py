"""The generic webhook: a signed CloudEvent for each change of an incident.

The body is a CloudEvents 1.0 event in structured mode, with `timestamp` beside `time` so that it is at the same time
what Standard Webhooks 1.0 asks for (`type`, `timestamp`, `data`). `webhook-id` and the event's `id` are the same for
every attempt: a receiver that has seen them has nothing to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from aiops.http.client import HttpClient
from aiops.http.signing import key_of, signature_headers
from aiops.ports import Answer, Message
from aiops.records.decode import format_time
from aiops_connectors.sinks.http_post import Post, trace_headers
from aiops_connectors.sinks.incident_body import condensed
from aiops_connectors.sinks.options import HttpOptions, client_of, convert, secret, url_of
from aiops_connectors.sinks.text import news

# Standard Webhooks asks for bodies under 20 kB; what surrounds the incident takes less than the rest.
MAX_BODY_BYTES = 20_000
_ENVELOPE_BYTES = 5_500


class WebhookOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to send, and how to sign. The options of `HttpOptions` apply as well.

    - `url`, or `url_env` where the URL is a secret.
    - `secret_env`: the environment variable with the signing secret (`whsec_` and base 64); without it, nothing is
      signed. `old_secret_env`: the one before, which signs as well until all receivers know the new one.
    - `token_env`: a bearer token for the header Authorization.
    - `event_source`: the CloudEvents attribute `source`.
    """

    url: str = ""
    url_env: str = ""
    secret_env: str = ""
    old_secret_env: str = ""
    token_env: str = ""
    event_source: Annotated[str, Meta(min_length=1, max_length=200)] = "aiops"


class WebhookSink:
    """Posts one event for each change of an incident; may be used from several threads."""

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any],
        client: HttpClient | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raise `UsageError` for options that do not fit; `clock` gives the Unix seconds that are signed."""
        self.name = name
        place = f"endpoints.{name}"
        self.options = convert(options, WebhookOptions, place)
        self._clock = clock
        client = client or client_of(self.options)
        self._url, is_secret = url_of(self.options.url, self.options.url_env, place)
        client.check(self._url, f"{place}.url")
        self._keys: list[bytes] = []
        self._headers = {"content-type": "application/cloudevents+json; charset=utf-8"}
        secrets = [self._url] if is_secret else []
        for variable in (self.options.secret_env, self.options.old_secret_env):
            if variable:
                value = secret(variable, place)
                secrets.append(value)
                self._keys.append(key_of(value, f"{place}: environment variable {variable}"))
        if self.options.token_env:
            token = secret(self.options.token_env, place)
            secrets.append(token)
            self._headers["authorization"] = f"Bearer {token}"
        self._post = Post(client, timeout_s=self.options.timeout_s, secrets=secrets, clock=clock)

    def send(self, message: Message) -> Answer:
        """See `Sink.send`."""
        body = msgspec.json.encode(self.event(message))
        signed = signature_headers(self._keys, message.key, self._clock(), body)
        return self._post.bytes(self._url, body, {**self._headers, **signed, **trace_headers(message)})

    def event(self, message: Message) -> dict[str, Any]:
        """The body as plain values: below `MAX_BODY_BYTES` as JSON, with the names of what was cut in `data.cut`."""
        incident, cuts = condensed(message.incident, MAX_BODY_BYTES - _ENVELOPE_BYTES)
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

    def close(self) -> None:
        """Close idle connections."""
        self._post.close()
