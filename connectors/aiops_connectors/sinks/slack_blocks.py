"""Messages of Slack's Block Kit (https://docs.slack.dev/reference/block-kit/blocks).

Text from payloads is plain text without emoji: it can neither format, nor mention a channel, nor hide where a link
leads. What Slack formats (`mrkdwn`) holds addresses and times alone.
"""

from __future__ import annotations

from typing import Any, Literal

from aiops.ports import Message
from aiops.verdict.certainty import certainty
from aiops.verdict.sentence import verdict
from aiops.wording import plural
from aiops_connectors.texts.headline import OVER, headline, lasting, notice
from aiops_connectors.texts.links import Link, links
from aiops_connectors.texts.markup import without_pictures
from aiops_connectors.texts.moments import clock
from aiops_connectors.texts.news import changed, plain_news
from aiops_connectors.texts.rows import labels_text, playbooks
from aiops_connectors.texts.sentences import (
    MAX_NAME,
    alert_text,
    counts,
    ended_by,
    hurt_places,
    likely,
    reasons,
    returned,
    seen_before,
)
from aiops_connectors.texts.truncation import cut, line

MAX_HEADER, MAX_SECTION, MAX_CONTEXT, MAX_BUTTON, MAX_VALUE = 150, 3_000, 2_000, 75, 2_000
# The fallback text: notifications show its beginning.
MAX_TEXT = 3_000
# An address that fits into a section beside others.
MAX_URL = 900
# The block of buttons, and their names, by which `aiops_connectors.callbacks.slack` knows a click.
BLOCK, ACKNOWLEDGE, RESOLVE, OPEN, REVIEW = "aiops", "aiops_acknowledge", "aiops_resolve", "aiops_open", "aiops_review"
_LABELS = {
    "incident": "Open incident",
    "playbook": "Review playbook",
    "change": "Change",
    "alert": "Alert in its tool",
    "runbook": "Runbook",
}
_BUTTONS = {"incident": OPEN, "playbook": REVIEW}

Block = dict[str, Any]
# What buttons may do: nothing (a webhook has none), open pages, or also change the incident.
Clicks = Literal["", "links", "actions"]


def escaped(text: str) -> str:
    """Text that Slack shows as it is.

    >>> escaped("<!channel> a & b")
    '&lt;!channel&gt; a &amp; b'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fallback(message: Message) -> str:
    """Return the text of notifications, escaped; a word joiner keeps `:fire:` from being a picture."""
    return escaped(without_pictures(cut(notice(message), MAX_TEXT // 6)))


def post(message: Message, clicks: Clicks = "") -> dict[str, Any]:
    """Return a message on its own: headline, news, what is known, links or buttons, and the state."""
    blocks = [_header(headline(message)), *_sections(message), *_ways(message, clicks), _context(message)]
    return _body(fallback(message), blocks)


def root(message: Message, clicks: Clicks) -> dict[str, Any]:
    """Return the first message of a thread as it reads now: what is open, or how it ended."""
    title = headline(message) if message.change in OVER else lasting(message.incident)
    blocks = [_header(title), *_sections(message, news=False), *_ways(message, clicks), _context(message)]
    return _body(fallback(message), blocks)


def reply(message: Message) -> dict[str, Any]:
    """Return what a message adds to its thread: the news first, then the counts."""
    lines = [*_added(message), "" if message.change == "merged" else _counts(message)]
    return _body(fallback(message), [_section("\n".join(one for one in lines if one))])


def _added(message: Message) -> list[str]:
    incident, found = message.incident, plain_news(message)
    if message.change == "resolved":
        confirm = message.link is not None and verdict(incident).cause is not None
        confirmation = ["Was the cause right? Confirm it on the incident's page."] if confirm else []
        return [f"{headline(message)}.", ended_by(message), *found, *confirmation]
    if message.change == "acknowledged":
        return [f"{line(incident.acknowledged_by or 'Somebody', MAX_NAME)} is on it."]
    if message.change == "updated" and found:
        return [*found, " ".join(reasons(incident)) if "cause" in changed(message) else ""]
    return [f"{headline(message)}.", *found]


def _counts(message: Message) -> str:
    incident = message.incident
    streams = f", {plural(incident.stream_count, 'stream')}" if incident.stream_count else ""
    last = incident.last_alert_at
    at = f", the last at {clock(last, message.zone, message.at)}" if last and message.change not in OVER else ""
    return f"{counts(incident)}{streams}{at}."


def _body(text: str, blocks: list[Block]) -> dict[str, Any]:
    return {"text": text, "mrkdwn": False, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _sections(message: Message, news: bool = True) -> list[Block]:
    """Return the sections: the news, why, what it hurts, the text of the alert, what to do."""
    incident = message.incident
    found = [_section("\n".join(plain_news(message)))] if news and message.news else []
    if message.change == "resolved":
        return [*found, _section(f"{ended_by(message)} {hurt_places(incident)}, {counts(incident)}.")]
    unclear = likely(incident) if verdict(incident).cause is None else ""
    hurts = hurt_places(incident)
    lines = [
        " ".join(reasons(incident)),
        f"Cause {unclear}." if unclear else "",
        f"Hurts {hurts}, {counts(incident)}." if hurts else f"{counts(incident)}.",
        f"It {returned(incident)}." if incident.returns else "",
        alert_text(incident),
        labels_text(incident),
        f"Playbook: {playbooks(incident)}." if incident.playbooks else "",
        f"Seen before: {seen_before(incident)}." if incident.similar else "",
    ]
    return [*found, _section("\n".join(one for one in lines if one))]


def _ways(message: Message, clicks: Clicks) -> list[Block]:
    """Return buttons where an app takes clicks, and links."""
    found = [link for link in links(message) if len(escaped(link.url)) <= MAX_URL]
    elements = _actions(message) if clicks == "actions" and message.change not in OVER else []
    elements += [_button(link) for link in found if link.kind in _BUTTONS] if clicks else []
    blocks: list[Block] = [{"type": "actions", "block_id": BLOCK, "elements": elements}] if elements else []
    named = [f"<{escaped(link.url)}|{_LABELS[link.kind]}>" for link in found if not (clicks and link.kind in _BUTTONS)]
    if named:
        blocks.append({"type": "section", "text": _markdown(" · ".join(named))})
    return blocks


def _actions(message: Message) -> list[Block]:
    """Return the button for the next step of a person: acknowledge what is open, then resolve it."""
    incident = message.incident
    if len(incident.id) > MAX_VALUE or incident.status not in ("open", "acknowledged"):
        return []
    if incident.status == "open":
        return [_action(ACKNOWLEDGE, incident.id, "Acknowledge")]
    confirm = {
        "title": plain("Resolve the incident?", 100),
        "text": plain("Its alerts may still fire. A new alert opens it again.", 300),
        "confirm": plain("Resolve", 30),
        "deny": plain("Cancel", 30),
    }
    return [{**_action(RESOLVE, incident.id, "Resolve"), "confirm": confirm}]


def _action(name: str, incident: str, label: str) -> Block:
    style = {"style": "primary"} if name == ACKNOWLEDGE else {}
    return {"type": "button", "action_id": name, "value": incident, "text": plain(label, MAX_BUTTON), **style}


def _button(link: Link) -> Block:
    label = plain(link.label, MAX_BUTTON)
    return {"type": "button", "action_id": _BUTTONS[link.kind], "url": link.url, "text": label}


def _context(message: Message) -> Block:
    """Return the state in small type: certainty, person, time of opening in the reader's own zone, id."""
    incident = message.incident
    cause = verdict(incident).cause
    parts = [certainty(cause).capitalize()] if cause is not None else []
    if incident.acknowledged_by and message.change not in OVER:
        parts.append(f"{line(incident.acknowledged_by, MAX_NAME)} is on it")
    parts.append(line(incident.id, 255))
    elements = [plain(" · ".join(parts), MAX_CONTEXT)]
    if incident.opened_at is not None:
        shown = clock(incident.opened_at, message.zone, message.at)
        date = f"opened <!date^{int(incident.opened_at)}^{{date_short_pretty}} {{time_secs}}|{escaped(shown)}>"
        elements.append(_markdown(date))
    return {"type": "context", "elements": elements}


def _header(text: str) -> Block:
    return {"type": "header", "text": plain(text, MAX_HEADER)}


def _section(text: str) -> Block:
    return {"type": "section", "text": plain(text, MAX_SECTION)}


def plain(text: str, limit: int) -> Block:
    """Return text that Slack shows as it is: no emoji of `:fire:`, no bold of `*`, no code of backticks."""
    return {"type": "plain_text", "text": cut(text, limit), "emoji": False}


def _markdown(text: str) -> Block:
    # Verbatim: names and addresses in the text do not become links of their own.
    return {"type": "mrkdwn", "text": text, "verbatim": True}
