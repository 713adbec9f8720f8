"""Actions of people on our alerts in Jira Service Management and Opsgenie: outgoing webhooks.

Source: https://support.atlassian.com/opsgenie/docs/opsgenie-edge-connector-alert-action-data/. The webhooks are not
signed: a header of their own carries the secret. People are named by e-mail address, integrations (ours among them) by
a name; `source` repeats what our requests state.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiops.ports import Reply
from aiops_connectors.callbacks.callback import Callback, Verb, bearer, decoded, inner, text

PREFIX = "aiops-"
# What our own requests state as their source.
OURS = "aiops"
_VERBS: dict[str, Verb] = {"acknowledge": "acknowledge", "close": "resolve"}


def jsm(secret_env: str, place: str) -> Callback:
    """Return the callback of an endpoint; raise `UsageError` if the secret is not set."""
    return Callback(bearer(secret_env, place), read)


def read(body: bytes) -> Sequence[Reply]:
    """Return what a person did with one of our alerts; nothing for any other action."""
    found = decoded(body)
    alert, source = inner(found, "alert"), inner(found, "source")
    verb = _VERBS.get(text(found.get("action")).lower())
    name, alias, updated = text(alert.get("username")), alert.get("alias"), alert.get("updatedAt")
    if verb is None or "@" not in name or text(source.get("name")).lower() == OURS:
        return []
    if not isinstance(alias, str) or not alias.startswith(PREFIX) or type(updated) is not int:
        return []
    number = f"jsm:{text(alert.get('alertId'))}:{verb}:{updated}"
    return [Reply(number, verb, alias.removeprefix(PREFIX), f"{name} (JSM)", _seconds(updated))]


def _seconds(stamp: int) -> float | None:
    """Return Unix seconds of milliseconds or nanoseconds: both are sent.

    >>> _seconds(1420452193166), _seconds(1420452193166002000)
    (1420452193.166, 1420452193.166002)
    """
    for unit in (1_000, 1_000_000_000):
        if 1e9 <= stamp / unit < 1e10:
            return stamp / unit
    return None
