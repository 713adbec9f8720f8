"""Microsoft Teams, by a workflow that posts an Adaptive Card 1.4.

The workflow is "When a Teams webhook request is received".

Text from payloads goes into text runs, which know no markup: it can neither format nor link anything.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from aiops.ports import Message
from aiops_connectors.sinks.http_sink import ChatOptions, ChatSink
from aiops_connectors.sinks.text import OVER, facts, headline, links, reasons
from aiops_connectors.sinks.truncation import cut

# More than four requests a second are throttled.
MAX_RATE_PER_S = 4.0
# Teams takes about 28 KB, and answered 413 a little below it.
MAX_BODY_BYTES = 26_000
MAX_TITLE, MAX_VALUE = 300, 500
_COLOURS = {"critical": "attention", "high": "attention", "warning": "warning", "ok": "good"}


class TeamsOptions(ChatOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the Teams sink."""

    url_env: Annotated[str, Meta(description="The environment variable with the workflow's URL, which is a secret.")]


class TeamsSink(ChatSink[TeamsOptions]):
    """Post one card for each change of an incident to a Teams channel."""

    Options = TeamsOptions
    max_rate_per_s = MAX_RATE_PER_S

    def body(self, message: Message) -> bytes:
        """Return the message with its card."""
        return _body(message)


def _body(message: Message) -> bytes:
    """Return a body of at most `MAX_BODY_BYTES`: reasons are left out first, then facts."""
    why, rows = reasons(message.incident), facts(message)
    while True:
        raw = msgspec.json.encode(_request(message, rows, why))
        if len(raw) <= MAX_BODY_BYTES or not (why or rows):
            return raw
        (why or rows).pop()


def _request(message: Message, rows: list[tuple[str, str]], why: list[str]) -> dict[str, Any]:
    colour = "good" if message.change in OVER else _COLOURS.get(message.incident.severity or "", "default")
    title = _run(cut(headline(message), MAX_TITLE), size="large", weight="bolder", color=colour)
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [_block([title])],
    }
    actions = [{"type": "Action.OpenUrl", "title": label, "url": url} for label, url in links(message)]
    if actions:
        # Before everything that may be cut or scrolled away.
        card["body"].append({"type": "ActionSet", "actions": actions})
    for label, value in rows:
        card["body"].append(_block([_run(f"{label}: ", weight="bolder"), _run(cut(value, MAX_VALUE))]))
    card["body"] += [_block([_run(f"• {reason}", isSubtle=True)]) for reason in why]
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def _block(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": runs}


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}
