"""A brief in twelve lines at most, to paste into a chat.

Each fact is an item of a list with its own line, escaped as in the whole document (`markdown`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiops.respond.filled import request_text
from aiops.views.brief import Brief
from aiops.views.lead import ENDED
from aiops.views.markdown import at_text, plain
from aiops.views.one_line import one_line, visible
from aiops.views.playbook_card import PlaybookCard
from aiops.wording import about, listed, plural

MAX_LINES = 12
MAX_MESSAGES, MAX_COMMAND, MAX_FOUND = 3, 200, 3


def short_markdown(found: Brief, now: float, address: str = "") -> str:
    """Return the brief in short, as of `now`; `address` is that of its page, empty if it is not known."""
    facts = (
        _cause(found),
        _looked(found),
        _hurts(found),
        _firing(found),
        _times(found, now),
        _owner(found),
        _notified(found),
    )
    lines = [f"**{plain(found.severity).capitalize()}: {plain(found.verdict)}**", ""]
    lines += [f"- {fact}" for fact in (*facts, *_playbook(found.playbook)) if fact]
    lines.append(f"- {address}" if address else f"- Incident {plain(found.id)}")
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """Return a text as a span of code; a longer run of backticks than any in it stands around it.

    >>> code("df -h"), code("echo `id`")
    ('`df -h`', '`` echo `id` ``')
    """
    line = visible(one_line(text, MAX_COMMAND))
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence, blank = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{blank}{line}{blank}{fence}"


def _cause(found: Brief) -> str:
    card = found.cause
    if not card.suspects:
        return "No cause was ranked."
    if not card.is_clear:
        names = [plain(one.entity) for one in card.suspects[:2]]
        return f"Cause not clear; perhaps {' or '.join(names)}"
    first = card.suspects[0]
    sure = "confirmed by a person" if card.confirmed == first.entity else card.certainty.text if card.certainty else ""
    reason = f": {plain(first.evidence[0].text, 200)}" if first.evidence else ""
    return f"Cause: {plain(first.entity)}{f' ({plain(sure)})' if sure else ''}{reason}"


def _looked(found: Brief) -> str:
    texts = [plain(text, 200) for one in found.looked for text in one.found]
    return f"Found: {listed(texts, MAX_FOUND, len(texts))}" if texts else ""


def _hurts(found: Brief) -> str:
    sums = found.figures
    names = [plain(name) for name in sums.hurts]
    return f"Hurts {listed(names, len(names), len(names) + sums.more_hurt)}" if names else ""


def _firing(found: Brief) -> str:
    sums = found.figures
    if not sums.firing:
        return f"Nothing fires any more ({plural(sums.streams, 'stream')})"
    names = f": {plain(sums.still)}" if sums.still else ""
    return f"Still firing: {sums.firing:,} of {plural(sums.streams, 'stream')}{names}"


def _times(found: Brief, now: float) -> str:
    sums = found.figures
    begun = sums.first_alert_at if sums.first_alert_at is not None else sums.opened_at
    if begun is None:
        return ""
    if sums.lasted_s is not None:
        return f"Since {at_text(begun)}, lasted {about(sums.lasted_s)}"
    return f"Since {at_text(begun)}, {about(max(0.0, now - begun))} ago"


def _owner(found: Brief) -> str:
    owner = next(
        (one.title for one in found.states if one.name in ("acknowledged", "assigned", "resolved", "merged")), ""
    )
    if owner:
        return plain(owner)
    return plain(found.status).capitalize() if found.status in ENDED else "Nobody is on it"


def _notified(found: Brief) -> str:
    messages, count = found.notified.messages, found.notified.count
    if not messages:
        return "Nobody was notified"
    texts = [f"{plain(one.endpoint)} ({plain(one.change)}, {plain(one.status)})" for one in messages[:MAX_MESSAGES]]
    return f"Notified: {listed(texts, MAX_MESSAGES, count)}"


def _playbook(card: PlaybookCard | None) -> Iterator[str]:
    if card is None:
        return
    steps = [*card.filled.diagnosis, *card.filled.steps] if card.filled is not None else []
    texts = (step.run or (request_text(step.request) if step.request is not None else None) for step in steps)
    first = next((text for text in texts if text), None)
    # A script of several lines does not fit one: the page has it.
    lines = [line for line in first.splitlines() if line.strip()] if first else []
    more = f" and {plural(len(lines) - 1, 'more line')}" if len(lines) > 1 else ""
    yield f"Playbook {plain(card.name)}{f', first {code(lines[0])}{more}' if lines else ''}"
