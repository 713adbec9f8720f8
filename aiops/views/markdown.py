r"""A brief as Markdown, to paste into a ticket, a chat or a review.

Names and messages come from payloads of anybody. Characters with a meaning inside a line of CommonMark 0.31, and of
GitHub's mentions, formulas and bare links, are escaped or parted by an invisible joiner; nothing of a payload begins a
line. All else stays as it is: most chats read no Markdown, and backslashes in each name would hide it. Commands stand
in fenced blocks whose fence is longer than any in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from aiops.respond.filled import request_text
from aiops.respond.rendering import Shown
from aiops.views.brief import Brief
from aiops.views.evidence_path import path_text
from aiops.views.looked_at import answer_text
from aiops.views.one_line import one_line, visible
from aiops.views.playbook_card import PlaybookCard
from aiops.wording import about, listed, plural

MAX_TEXT = 400
MAX_HISTORY = 20
# Invisible: it parts a character from the next one.
_JOINER = "\u2060"
_MARKUP = re.compile(r"([\\`*\[\]~$<])")
# Emphasis: an underscore inside a word has no meaning.
_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_ENTITY = re.compile(r"&(?=#?[A-Za-z0-9]{1,32};)")
# Mentions and e-mail addresses, numbers of issues, pictures by name, and addresses that are links without markup.
_BARE = re.compile(r"@(?=\S)|#(?=[0-9])|:(?=[a-z0-9_+-]{1,100}:|//)|(?<![a-z0-9])www(?=\.)", re.IGNORECASE)
_BEGINS = re.compile(r"^([-+#>=]|[0-9]{1,9}(?=[.)]))")


def markdown(found: Brief, now: float, address: str = "") -> str:
    """Return the whole brief as Markdown, as of `now` (Unix seconds); `address` is that of its page."""
    first = [_head(found, now, address), _cause(found), _looked(found), _playbook(found.playbook)]
    parts = [*first, _similar(found), _notified(found), _history(found)]
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(text: str, limit: int = MAX_TEXT) -> str:
    r"""Return text of a payload as one line that Markdown shows as it is.

    >>> print(plain("*bold* <b> node-1_a"), plain("_x_ [a](b)"))
    \*bold\* \<b> node-1_a \_x\_ \[a\](b)
    """
    line = visible(one_line(text, limit))
    line = _UNDERSCORE.sub(r"\\_", _MARKUP.sub(r"\\\1", _ENTITY.sub("&amp;", line)))
    return _BARE.sub(lambda found: found.group() + _JOINER, line)


def _first(text: str, limit: int = MAX_TEXT) -> str:
    """Return text of a payload that begins a line, where more characters have a meaning."""
    return _BEGINS.sub(
        lambda found: (
            f"{found.group()[:-1]}\\{found.group()[-1]}" if not found.group().isdigit() else found.group() + _JOINER
        ),
        plain(text, limit),
    )


def fenced(text: str) -> str:
    """Return lines as a code block; no run of backticks in them can end it."""
    text = visible(text)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _head(found: Brief, now: float, address: str) -> str:
    sums = found.figures
    times = [f"opened {at_text(sums.opened_at)}"] if sums.opened_at is not None else []
    if sums.last_alert_at is not None:
        times.append(f"last alert {at_text(sums.last_alert_at)}")
    counts = [
        plural(sums.alerts, "alert"),
        plural(sums.streams, "stream"),
        f"{sums.firing:,} firing",
        f"{'at least ' if sums.is_at_least else ''}{plural(sums.entities, 'entity', 'entities')}",
    ]
    hurts = listed([plain(name) for name in sums.hurts], len(sums.hurts), len(sums.hurts) + sums.more_hurt)
    lines = [
        f"# {plain(found.severity).capitalize()}: {plain(found.verdict)}",
        _first(found.lead),
        f"- {_first(found.status).capitalize()}, {', '.join(times)} (as of {at_text(now)})",
        f"- {', '.join(counts)}",
        *([f"- Hurts {hurts}"] if hurts else []),
        *([f"- {_first(found.message)}"] if found.message else []),
        *(f"- {_first(one.title)}{f': {plain(one.text)}' if one.text else ''}" for one in found.states),
        f"- Incident {plain(found.id)}{f' {address}' if address else ''}",
    ]
    return "\n".join([lines[0], "", lines[1], "", *lines[2:]])


def _cause(found: Brief) -> str:
    card = found.cause
    if not card.suspects:
        return ""
    first = card.suspects[0]
    sure = "confirmed by a person" if card.confirmed == first.entity else card.certainty.text if card.certainty else ""
    lines = [f"## {'Cause' if card.is_clear else 'Suspects'}", "", f"**{plain(first.entity)}** ({plain(sure)})", ""]
    lines += [f"- {_first(row.text)}" for row in first.evidence]
    lines += [f"- Path: {plain(path_text(first.path), 1_000)}"] if first.path else []
    lines += [f"- {_first(one.what)} on {plain(one.entity)}, {one.when}" for one in card.changes]
    lines += [f"- {_first(path)}" for path in card.paths]
    others = [plain(one.entity) for one in card.suspects[1:]]
    lines += [f"- Other suspects: {', '.join(others)}"] if others else []
    return "\n".join([*lines, "", _first(card.measured)])


def _looked(found: Brief) -> str:
    if not found.looked:
        return ""
    lines = ["## What we looked at"]
    for one in found.looked:
        lines += ["", f"- {_first(one.name)} ({plain(one.system)}, {at_text(one.at)}): {plain(one.outcome)}"]
        lines += [f"  - {_first(text)}" for text in one.found]
        if one.rows:
            lines += ["", fenced(answer_text(one))]
    return "\n".join(lines)


def _playbook(card: PlaybookCard | None) -> str:
    if card is None:
        return ""
    lines = [f"## Playbook {plain(card.name)}{f' on {plain(card.target)}' if card.target else ''}"]
    filled = card.filled
    if filled is not None:
        lines += ["", _first(filled.summary), "", f"Not when: {plain(filled.when_not_to_use, 1_000)}"]
        for title, steps in (
            ("First", filled.diagnosis),
            ("Do", filled.steps),
            ("Check that it worked", filled.verify),
        ):
            lines += _steps(title, steps)
    lines += ["", f"Guards: {plain(card.guards)}."] if card.guards else []
    return "\n".join(lines)


def _steps(title: str, steps: Sequence[Shown]) -> Iterator[str]:
    if not steps:
        return
    yield from ("", f"### {title}")
    for number, step in enumerate(steps, 1):
        yield from ("", f"{number}. {_first(step.name)}")
        if step.run:
            yield from ("", fenced(step.run))
        if step.request is not None:
            yield from ("", fenced(request_text(step.request)))
        yield from (f"\n{_first(text, 600)}" for text in (step.expect, step.note) if text)


def _similar(found: Brief) -> str:
    if not found.similar:
        return ""
    lines = ["## Seen before", ""]
    for one in found.similar:
        when = f" on {at_text(one.opened_at)}" if one.opened_at is not None else ""
        lasted = f", lasted {about(one.lasted_s)}" if one.lasted_s is not None else ""
        ended = f" {plain(one.ended)}" if one.ended else ""
        lines.append(f"- {_first(one.id)}{when}: {plain(one.text)} ({one.alike * 100:.0f} % alike{lasted}).{ended}")
    return "\n".join(lines)


def _notified(found: Brief) -> str:
    messages = found.notified.messages
    if not messages:
        return ""
    lines = [
        f"- {at_text(one.at)} {plain(one.endpoint)}: {plain(one.change)}, {one.status}" for one in reversed(messages)
    ]
    return "\n".join(["## Notified", "", *lines])


def _history(found: Brief) -> str:
    if not found.history.entries:
        return ""
    shown = found.history.entries[-MAX_HISTORY:]
    earlier = found.history.earlier + len(found.history.entries) - len(shown)
    lines = [f"- {at_text(one.at)} {plain(one.text)}{f' ({plain(one.actor)})' if one.actor else ''}" for one in shown]
    before = [f"- {plural(earlier, 'earlier entry', 'earlier entries')}"] if earlier else []
    return "\n".join(["## History", "", *before, *lines])


def at_text(at: float) -> str:
    """Return a moment as people write it, in UTC."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return f"{at:g} s"
