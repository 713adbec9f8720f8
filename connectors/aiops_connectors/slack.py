"""Slack, by an incoming webhook.

See https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks.

An incoming webhook can only add messages: each change is one of its own. Text from payloads is plain text without
emoji, and escaped by the rules of Slack elsewhere: it can neither format, nor mention a channel, nor hide where a
link leads.
"""

from __future__ import annotations

from typing import Any

from aiops.ports import Message
from aiops_connectors.sinks.http_sink import ChatOptions, ChatSink
from aiops_connectors.sinks.text import facts, happening, headline, links, news, reasons
from aiops_connectors.sinks.truncation import cut

# One message a second and channel; Slack may disable a webhook that stays above it.
MAX_RATE_PER_S = 1.0
# Limits of Block Kit (https://docs.slack.dev/reference/block-kit/blocks).
MAX_HEADER, MAX_SECTION, MAX_FIELDS, MAX_FIELD = 150, 3_000, 10, 2_000
# What fits into a section beside a sentence.
MAX_URL = 900
_LINKS = {"Incident": "Open the incident", "Alert": "Alert in its tool", "Runbook": "Runbook"}


class SlackSink(ChatSink[ChatOptions]):
    """Post one message for each change of an incident to a Slack channel."""

    Options = ChatOptions
    max_rate_per_s = MAX_RATE_PER_S

    def body(self, message: Message) -> dict[str, Any]:
        """Return the message of Block Kit."""
        return _body(message)


def escaped(text: str) -> str:
    """Text that Slack shows as it is.

    >>> escaped("<!channel> a & b")
    '&lt;!channel&gt; a &amp; b'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escaped_to(text: str, limit: int) -> str:
    """Escaped text of at most `limit` characters, cut between characters of the original."""
    whole = escaped(text)
    if len(whole) <= limit:
        return whole
    kept = ""
    for character in text[:limit]:
        if len(kept) + len(escaped(character)) >= limit:
            break
        kept += escaped(character)
    return kept + "…"


def _body(message: Message) -> dict[str, Any]:
    """Return header, links, news, facts and reasons; notifications show `text`."""
    title = headline(message)
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(cut(title, MAX_HEADER))}]
    shown_links = [f"<{escaped(url)}|{_LINKS[label]}>" for label, url in links(message) if len(escaped(url)) <= MAX_URL]
    blocks.append(
        {"type": "section", "text": _markdown(" · ".join([*shown_links, escaped_to(happening(message), MAX_FIELD)]))}
    )
    if message.news:
        blocks.append({"type": "section", "text": _plain(cut("\n".join(news(message)), MAX_SECTION))})
    shown = dict(facts(message))
    if "Message" in shown:
        blocks.append({"type": "section", "text": _plain(cut(shown["Message"], MAX_SECTION))})
    rows = [(label, value) for label, value in shown.items() if label not in ("State", "New", "Message")]
    fields = [_plain(f"{label}\n{cut(value, MAX_FIELD - 100)}") for label, value in rows]
    blocks.append({"type": "section", "fields": fields[:MAX_FIELDS]})
    why = "\n".join(f"• {reason}" for reason in reasons(message.incident))
    if why:
        blocks.append({"type": "section", "text": _plain(cut(why, MAX_SECTION))})
    text = escaped_to(title, MAX_SECTION)
    return {"text": text, "mrkdwn": False, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _plain(text: str) -> dict[str, Any]:
    # Names of anybody are shown as they are: no emoji of `:fire:`, no bold of `*`, no code of backticks.
    return {"type": "plain_text", "text": text, "emoji": False}


def _markdown(text: str) -> dict[str, Any]:
    # Verbatim: names and addresses in the text do not become links of their own.
    return {"type": "mrkdwn", "text": text, "verbatim": True}
