"""Jira Service Management, and Opsgenie until its API ends (2027-04-05): the same bodies, another `base_url`.

The integration events API (https://developer.atlassian.com/cloud/jira/service-desk-ops/rest/v1/) creates, notes,
acknowledges and closes alerts by `alias`. It cannot change the priority of an alert that is open: an incident that gets
worse is told by a note that says so. Its answer 202 means that the request is queued.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from msgspec import Meta, field

from aiops.http.client import HttpClient
from aiops.ports import Answer, Message
from aiops_connectors.sinks.http_post import Post
from aiops_connectors.sinks.options import HttpOptions, base_url, client_of, convert, secret
from aiops_connectors.sinks.text import facts, first_place, headline, links, reasons
from aiops_connectors.sinks.truncation import cut_utf16, line

JSM_URL = "https://api.atlassian.com/jsm/ops/integration"
MAX_MESSAGE, MAX_DESCRIPTION, MAX_NOTE = 130, 15_000, 25_000
MAX_ALIAS, MAX_ENTITY, MAX_SOURCE = 512, 512, 100
MAX_TAGS, MAX_TAG = 20, 50
_PRIORITIES = {"critical": "P1", "high": "P2", "warning": "P3", "info": "P4", "ok": "P5"}
_VERBS = {
    "updated": "notes",
    "reminder": "notes",
    "acknowledged": "acknowledge",
    "resolved": "close",
    "merged": "close",
}
Tag = Annotated[str, Meta(min_length=1, max_length=MAX_TAG)]


class JsmOptions(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of `HttpOptions` apply as well.

    - `api_key_env`: the environment variable with the API key of the integration (a GenieKey).
    - `base_url`: Jira Service Management; `https://api.opsgenie.com` or `https://api.eu.opsgenie.com` for Opsgenie.
    - `responders`: `[{"type": "team", "id": …}]`, as the API takes them; empty: the integration's own.
    - `tags`: added to every alert.
    """

    api_key_env: Annotated[str, Meta(min_length=1)]
    base_url: str = JSM_URL
    responders: Annotated[list[dict[str, str]], Meta(max_length=50)] = field(default_factory=list)
    tags: Annotated[list[Tag], Meta(max_length=MAX_TAGS)] = field(default_factory=list)


class JsmSink:
    """Creates, notes, acknowledges and closes one alert an incident; may be used from several threads."""

    def __init__(self, name: str, options: Mapping[str, Any], client: HttpClient | None = None) -> None:
        """Raise `UsageError` for options that do not fit."""
        self.name = name
        place = f"endpoints.{name}"
        self.options = convert(options, JsmOptions, place)
        client = client or client_of(self.options)
        self._url = base_url(self.options.base_url, client, place) + "/v2/alerts"
        key = secret(self.options.api_key_env, place)
        self._headers = {"authorization": f"GenieKey {key}"}
        self._post = Post(client, timeout_s=self.options.timeout_s, secrets=[key])

    def send(self, message: Message) -> Answer:
        """See `Sink.send`."""
        verb = _VERBS.get(message.change)
        if verb is None:
            return self._post.json(self._url, self.alert(message), self._headers)
        place = f"{self._url}/{quote(alias(message.incident.id), safe='')}/{verb}?identifierType=alias"
        return self._post.json(place, {"source": "aiops", "note": self.note(message)}, self._headers)

    def alert(self, message: Message) -> dict[str, Any]:
        """The body that creates the alert."""
        incident = message.incident
        alert: dict[str, Any] = {
            "message": cut_utf16(headline(message), MAX_MESSAGE),
            "alias": alias(incident.id),
            "description": cut_utf16(_text(message), MAX_DESCRIPTION),
            "tags": self.options.tags,
            "details": {"incident": line(incident.id, 255), "severity": line(incident.severity or "", 20)},
            "entity": cut_utf16(first_place(incident), MAX_ENTITY),
            "source": "aiops",
            "priority": _PRIORITIES.get(incident.severity or "", "P3"),
        }
        alert["details"].update(
            {("link" if label == "Incident" else label.lower()): url for label, url in links(message)}
        )
        if self.options.responders:
            alert["responders"] = self.options.responders
        return alert

    def note(self, message: Message) -> str:
        """What is noted at the alert."""
        return cut_utf16(f"{headline(message)}\n{_text(message)}", MAX_NOTE)

    def close(self) -> None:
        """Close idle connections."""
        self._post.close()


def alias(incident: str) -> str:
    """The alias of an incident's alert, of at most 512 characters."""
    name = f"aiops-{incident}"
    return name if len(name) <= MAX_ALIAS else f"aiops-{hashlib.sha256(incident.encode()).hexdigest()}"


def _text(message: Message) -> str:
    lines = [url if label == "Incident" else f"{label}: {url}" for label, url in links(message)]
    lines += [f"{label}: {value}" for label, value in facts(message)]
    lines += [f"- {reason}" for reason in reasons(message.incident)]
    return "\n".join(lines)
