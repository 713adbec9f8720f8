"""Buttons that people press in Slack: interactive messages of our app.

Sources: https://docs.slack.dev/interactivity/handling-user-interaction and
https://docs.slack.dev/reference/interaction-payloads/block_actions-payload. A form with the field `payload`. Buttons
that open a link are reported as well and mean nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiops.errors import RecordError
from aiops.ports import Reply
from aiops_connectors.callbacks.callback import Callback, Verb, decoded, inner, signed, text
from aiops_connectors.payloads.forms import form

_VERBS: dict[str, Verb] = {"aiops_acknowledge": "acknowledge", "aiops_resolve": "resolve"}
# A person presses one button at a time.
MAX_ACTIONS = 5


def slack(secret_env: str, place: str) -> Callback:
    """Return the callback of an endpoint; raise `UsageError` if the secret is not set."""
    return Callback(signed("slack", secret_env, place), read)


def read(body: bytes) -> Sequence[Reply]:
    """Return what a person pressed; nothing for other interactions."""
    payload = form(body).get("payload")
    if not isinstance(payload, str):
        raise RecordError("body: expected a form with the field payload")
    found = decoded(payload.encode())
    actions = found.get("actions")
    if found.get("type") != "block_actions" or not isinstance(actions, list):
        return []
    user = inner(found, "user")
    name = text(user.get("username")) or text(user.get("name")) or text(user.get("id")) or "somebody"
    replies: list[Reply] = []
    for action in actions[:MAX_ACTIONS]:
        verb = _VERBS.get(text(action.get("action_id"))) if isinstance(action, dict) else None
        value = action.get("value") if verb is not None else None
        if verb is not None and isinstance(value, str) and value:
            at = text(action.get("action_ts"))
            number = f"slack:{text(user.get('id'))}:{verb}:{text(value)}:{at}"
            replies.append(Reply(number, verb, value, f"{name} (Slack)", _seconds(at)))
    return replies


def _seconds(stamp: str) -> float | None:
    whole, _, part = stamp.partition(".")
    return float(stamp) if whole.isdecimal() and (not part or part.isdecimal()) and stamp.isascii() else None
