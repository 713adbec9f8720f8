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
from aiops_connectors.texts.headline import OVER, headline, notice
from aiops_connectors.texts.links import links
from aiops_connectors.texts.rows import rows
from aiops_connectors.texts.sentences import reasons
from aiops_connectors.texts.truncation import cut

# More than four requests a second are throttled.
MAX_RATE_PER_S = 4.0
# Teams takes about 28 KB, and answered 413 a little below it.
MAX_BODY_BYTES = 26_000
MAX_TITLE, MAX_VALUE, MAX_LABEL = 300, 500, 60
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
    """Return a body of at most `MAX_BODY_BYTES`: rows are left out from the end."""
    shown = [row for row in rows(message) if row[0] != "Why"]
    while True:
        raw = msgspec.json.encode(_request(message, shown))
        if len(raw) <= MAX_BODY_BYTES or not shown:
            return raw
        shown.pop()


def _request(message: Message, shown: list[tuple[str, str]]) -> dict[str, Any]:
    colour = "good" if message.change in OVER else _COLOURS.get(message.incident.severity or "", "default")
    title = _run(cut(headline(message), MAX_TITLE), size="large", weight="bolder", color=colour)
    why = " ".join(reasons(message.incident)) if message.change not in OVER else ""
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [_block([title]), *([_block([_run(why)])] if why else [])],
    }
    card["body"] += [
        _block([_run(f"{label}: ", weight="bolder"), _run(cut(value, MAX_VALUE))]) for label, value in shown
    ]
    actions = [
        {"type": "Action.OpenUrl", "title": cut(link.label, MAX_LABEL), "url": link.url} for link in links(message)
    ]
    if actions:
        card["actions"] = actions
    return {
        "type": "message",
        "summary": cut(notice(message), MAX_VALUE),
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def _block(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": runs}


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}
