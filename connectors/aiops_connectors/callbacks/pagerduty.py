"""Actions of people on our incidents in PagerDuty: webhooks of version 3.

Source: https://developer.pagerduty.com/docs/webhooks-overview. `incident_key` is the `dedup_key` of our events. The
`agent` of an event is a user for what a person did, and an integration or a service for everything else.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiops.ports import Reply
from aiops.records.decode import parse_time
from aiops_connectors.callbacks.callback import Callback, Verb, decoded, inner, signed, text

PREFIX = "aiops/"
_VERBS: dict[str, Verb] = {"incident.acknowledged": "acknowledge", "incident.resolved": "resolve"}


def pagerduty(secret_env: str, place: str) -> Callback:
    """Return the callback of an endpoint; raise `UsageError` if the secret is not set."""
    return Callback(signed("pagerduty", secret_env, place), read)


def read(body: bytes) -> Sequence[Reply]:
    """Return what a person did with one of our incidents; nothing for any other event."""
    event = inner(decoded(body), "event")
    verb = _VERBS.get(text(event.get("event_type")))
    agent, data = inner(event, "agent"), inner(event, "data")
    key, number = data.get("incident_key"), text(event.get("id"))
    if verb is None or agent.get("type") != "user_reference" or not number:
        return []
    if not isinstance(key, str) or not key.startswith(PREFIX):
        return []
    name = text(agent.get("summary")) or text(agent.get("id")) or "somebody"
    return [Reply(f"pagerduty:{number}", verb, key.removeprefix(PREFIX), f"{name} (PagerDuty)", _moment(event))]


def _moment(event: object) -> float | None:
    at = event.get("occurred_at") if isinstance(event, dict) else None
    return parse_time(at) if isinstance(at, str) else None
