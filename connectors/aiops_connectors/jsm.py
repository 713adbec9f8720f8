"""Jira Service Management, and Opsgenie until its API ends (2027-04-05): another `base_url`.

The integration events API (https://developer.atlassian.com/cloud/jira/service-desk-ops/rest/v1/) creates, notes,
acknowledges and closes alerts by `alias`. It cannot change the priority of an alert that is open: an incident that gets
worse gets a note with its severity. Its answer 202 means that the request is queued.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from msgspec import Meta, field

from aiops.ports import Answer, Message, Reply
from aiops_connectors.callbacks.jsm import jsm
from aiops_connectors.sinks.http_sink import HttpSink
from aiops_connectors.sinks.options import HttpOptions, base_url
from aiops_connectors.texts.headline import headline, summary
from aiops_connectors.texts.links import links
from aiops_connectors.texts.place import first_place
from aiops_connectors.texts.rows import rows
from aiops_connectors.texts.truncation import cut_utf16, line

JSM_URL = "https://api.atlassian.com/jsm/ops/integration"
MAX_MESSAGE, MAX_DESCRIPTION, MAX_NOTE = 130, 15_000, 25_000
MAX_ALIAS, MAX_ENTITY, MAX_SOURCE = 512, 512, 100
MAX_TAGS, MAX_TAG = 20, 50
_PRIORITIES = {"critical": "P1", "high": "P2", "warning": "P3", "info": "P4", "ok": "P5"}
_VERBS = {
    "updated": "notes",
    "reminder": "notes",
    "returned": "notes",
    "acknowledged": "acknowledge",
    "resolved": "close",
    "merged": "close",
}
Tag = Annotated[str, Meta(min_length=1, max_length=MAX_TAG)]


class JsmOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the JSM sink."""

    api_key_env: Annotated[
        str,
        Meta(min_length=1, description="The environment variable with the API key of the integration (a GenieKey)."),
    ]
    base_url: Annotated[
        str,
        Meta(
            description="Jira Service Management; `https://api.opsgenie.com` or `https://api.eu.opsgenie.com` for "
            "Opsgenie."
        ),
    ] = JSM_URL
    callback_secret_env: Annotated[
        str,
        Meta(
            description="The environment variable with the secret of an outgoing webhook, in its header "
            "`Authorization: Bearer`. What people [acknowledge and resolve there](delivery.md#back-from-the-pager) "
            "then returns."
        ),
    ] = ""
    responders: Annotated[
        list[dict[str, str]],
        Meta(
            max_length=50,
            description='`[{"type": "team", "id": …}]`, as the API takes them; empty: the integration\'s own.',
        ),
    ] = field(default_factory=list)
    tags: Annotated[list[Tag], Meta(max_length=MAX_TAGS, description="Added to every alert.")] = field(
        default_factory=list
    )


class JsmSink(HttpSink[JsmOptions]):
    """Create, note, acknowledge and close one alert an incident in Jira Service Management or Opsgenie."""

    Options = JsmOptions

    def address(self) -> str:
        """Return the URL of the API, and set the header of the key."""
        self.headers["authorization"] = f"GenieKey {self.secret(self.options.api_key_env)}"
        secret_env = self.options.callback_secret_env
        self._callback = jsm(secret_env, self.place) if secret_env else None
        return base_url(self.options.base_url, self.client, self.place) + "/v2/alerts"

    def read_back(self, headers: Mapping[str, str], body: bytes, now: float) -> Sequence[Reply] | None:
        """See `CallsBack.read_back`."""
        return self._callback.read(headers, body, now) if self._callback is not None else None

    def send(self, message: Message) -> Answer:
        """See `Sink.send`."""
        verb = _VERBS.get(message.change)
        alert = f"/{quote(alias(message.incident.id), safe='')}/{verb}?identifierType=alias"
        return self.post(self.url + alert if verb else self.url, message, self.body(message))

    def body(self, message: Message) -> dict[str, Any]:
        """Return the alert, or the note of a change that creates none."""
        if message.change in _VERBS:
            return {"source": "aiops", "note": self.note(message)}
        return self.alert(message)

    def alert(self, message: Message) -> dict[str, Any]:
        """Return the body that creates the alert."""
        incident = message.incident
        alert: dict[str, Any] = {
            "message": cut_utf16(summary(message, MAX_MESSAGE), MAX_MESSAGE),
            "alias": alias(incident.id),
            "description": cut_utf16(_text(message), MAX_DESCRIPTION),
            "tags": self.options.tags,
            "details": {"incident": line(incident.id, 255), "severity": line(incident.severity or "", 20)},
            "entity": cut_utf16(first_place(incident), MAX_ENTITY),
            "source": "aiops",
            # An alert that a person moved is known from another one: nobody has to be called.
            "priority": "P5" if message.change == "moved" else _PRIORITIES.get(incident.severity or "", "P3"),
        }
        alert["details"].update(
            {("link" if link.kind == "incident" else link.kind): link.url for link in links(message)}
        )
        if self.options.responders:
            alert["responders"] = self.options.responders
        return alert

    def note(self, message: Message) -> str:
        """Return the text of a note at the alert."""
        return cut_utf16(f"{headline(message)}\n{_text(message)}", MAX_NOTE)


def alias(incident: str) -> str:
    """Return the alias of an incident's alert, of at most 512 characters."""
    name = f"aiops-{incident}"
    return name if len(name) <= MAX_ALIAS else f"aiops-{hashlib.sha256(incident.encode()).hexdigest()}"


def _text(message: Message) -> str:
    lines = [link.url if link.kind == "incident" else f"{link.label}: {link.url}" for link in links(message)]
    lines += [f"{label}: {value}" for label, value in rows(message)]
    return "\n".join(lines)
