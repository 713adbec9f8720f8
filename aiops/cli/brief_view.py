"""One incident in full at a terminal: what its page shows, in the same order and words."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from aiops.cli.filled_view import step_lines
from aiops.cli.playbook_view import show_plan
from aiops.cli.terminal import STYLES, bar, clean, moment, severity_text
from aiops.records import parse_severity
from aiops.respond.history import Run
from aiops.views.brief import Brief
from aiops.views.cause_card import CauseCard, Suspect
from aiops.views.evidence import EvidenceRow
from aiops.views.evidence_path import path_text
from aiops.views.looked_at import answer_text
from aiops.views.one_line import visible
from aiops.views.playbook_card import PlaybookCard
from aiops.views.ties import tie_text
from aiops.views.timeline_text import timeline_lines
from aiops.views.whole import Whole
from aiops.wording import about, capital, listed, plural

MAX_TIES, MAX_GROUPS, MAX_ROWS, MAX_MESSAGES, MAX_ANSWER = 10, 15, 5, 8, 12
BAR_WIDTH = 10
NO_DAEMON = "The daemon does not answer: the commands of playbooks, dry runs and the measure of causes are not shown."


def show_whole(console: Console, found: Whole, now: float) -> None:
    """Print an incident; `now` is in Unix seconds."""
    brief = found.brief
    for line in _head(brief, now):
        _print(console, line)
    cause = "Confirmed cause" if brief.is_confirmed else "Likely cause" if brief.cause.is_clear else "Suspects"
    _section(console, cause, _cause(brief.cause))
    _section(console, "What we looked at", _looked(brief, now))
    _playbook(console, brief.playbook)
    _section(console, "Seen before", _similar(brief))
    _section(console, "Timeline (UTC)", _timeline(found, console.width - 2))
    _section(console, "Why these belong together", (Text(clean(tie_text(one))) for one in found.ties[:MAX_TIES]))
    _section(console, _alerts_title(found), _alerts(found, now))
    _section(console, "Notified", _notified(brief))
    _section(console, "Open at the same time", _together(brief))
    _section(console, "History (UTC)", _history(brief))
    _section(console, "Links", (Text(f"{one.label}: {clean(one.url, 500)}") for one in brief.links))


def _print(console: Console, line: Text) -> None:
    # A pipe gets whole lines: a command that is cut is no command.
    console.print(line, soft_wrap=True)


def _section(console: Console, title: str, lines: Iterator[Text]) -> None:
    first = next(lines, None)
    if first is None:
        return
    console.print(Text(f"\n{title}", style="bold underline"))
    for line in (first, *lines):
        _print(console, Text("  ") + line)


def _head(brief: Brief, now: float) -> Iterator[Text]:
    sums = brief.figures
    state = severity_text(brief.severity, 0)
    yield state.append(f"  {brief.status}  {clean(brief.id)}", style="default")
    yield Text(clean(brief.verdict), style=STYLES[parse_severity(brief.severity)].replace(" on red", ""))
    sure = brief.cause.certainty if brief.cause.is_clear and not brief.is_confirmed else None
    yield Text(clean(brief.lead) + (f" {capital(sure.text)}." if sure is not None else ""))
    times = [f"opened {moment(sums.opened_at)}"] if sums.opened_at is not None else []
    if sums.lasted_s is not None:
        times.append(f"lasted {about(sums.lasted_s)}")
    elif sums.last_alert_at is not None:
        times.append(f"last alert {about(max(0.0, now - sums.last_alert_at))} ago")
    yield Text(", ".join(times), style="dim")
    least = "at least " if sums.is_at_least else ""
    entities = f"{least}{plural(sums.entities, 'entity', 'entities')}"
    counts = f"{plural(sums.alerts, 'alert')} on {entities}, {plural(sums.streams, 'stream')}, {sums.firing:,} firing"
    yield Text(counts, style="dim")
    if sums.hurts:
        names = [clean(name) for name in sums.hurts]
        yield Text(f"hurts {listed(names, len(names), len(names) + sums.more_hurt)}", style="dim")
    count = len(brief.affected)
    affected = listed([clean(one) for one in brief.affected], count, count + brief.more_affected, separator="; ")
    for one in (f"affected: {affected}" if affected else "", brief.message):
        if one:
            yield Text(clean(one, 500), style="dim")
    for state_ in brief.states:
        until = f" Until {moment(state_.until)}." if state_.until is not None else ""
        see = f" See {state_.incident}." if state_.incident and state_.incident not in state_.text else ""
        yield Text(clean(f"{state_.title}. {state_.text}{until}{see}", 500), style="bold yellow")


def _cause(card: CauseCard) -> Iterator[Text]:
    shown = 1 if card.is_clear else 2
    for one in card.suspects[:shown]:
        yield from _suspect(one)
    for path in card.paths:
        yield Text(f"spreads: {clean(path)}")
    for change in card.changes:
        message = f": {change.message}" if change.message else ""
        yield Text(clean(f"changed: {change.what} on {change.entity}, {change.when}{message}"))
        if change.url:
            yield Text(f"  {clean(change.url, 500)}", style="dim")
    others = [clean(one.entity) for one in card.suspects[shown:]]
    if others:
        more = listed(others, len(others), len(others) + card.more_suspects)
        yield Text(f"other suspects: {more}; or something that raised no alert", style="dim")
    if card.suspects:
        yield Text(clean(card.measured), style="dim")


def _suspect(one: Suspect) -> Iterator[Text]:
    kind = f" ({clean(one.kind)})" if one.kind else ""
    yield Text(clean(one.entity), style="bold").append(kind, style="dim")
    yield from _rows(one.evidence)
    if one.path:
        yield Text(f"path: {clean(path_text(one.path), 1_000)}", style="dim")


def _rows(rows: list[EvidenceRow]) -> Iterator[Text]:
    for row in rows:
        yield bar(row.share, BAR_WIDTH).append(f" {clean(row.text)}")


def _playbook(console: Console, card: PlaybookCard | None) -> None:
    if card is None:
        return
    target = f" for {clean(card.target)}" if card.target else ""
    _section(console, f"Playbook {clean(card.name)}{target}", _steps(card))
    if card.plan is not None:
        show_plan(console, card.plan)
    _section(console, "Other suggestions", _others(card))
    _section(console, "Runs", (Text(clean(_run(one))) for one in card.runs))


def _steps(card: PlaybookCard) -> Iterator[Text]:
    if card.rejected is not None:
        by = f"rejected by {card.rejected.actor}: {card.rejected.reason}"
        yield Text(clean(by, 600), style="bold yellow")
    filled = card.filled
    if filled is None:
        yield from _rows(card.why)
        return
    yield Text(clean(filled.summary, 300))
    yield Text(f"when: {clean(filled.when_to_use, 1_000)}", style="dim")
    yield Text(f"not when: {clean(filled.when_not_to_use, 1_000)}", style="dim")
    yield Text(f"{'fits' if filled.fits else 'does not fit'}: {clean(filled.reason)}", style="dim")
    yield from _rows(card.why)
    sections = (
        ("Look first", filled.diagnosis),
        ("Do", filled.steps),
        ("Know that it worked", filled.verify),
        ("Roll back", filled.rollback),
    )
    for title, steps in sections:
        yield from step_lines(title, steps)
    for text in (card.guards, card.unavailable, f"It cannot run: {card.stopped}" if card.stopped else ""):
        if text:
            yield Text(clean(text, 600), style="bold")


def _others(card: PlaybookCard) -> Iterator[Text]:
    for one in card.others:
        target = f" on {clean(one.target)}" if one.target else ""
        rejected = f"; rejected by {clean(one.rejected.actor)}: {clean(one.rejected.reason)}" if one.rejected else ""
        yield Text(clean(one.name), style="bold cyan").append(
            f"{target}: {clean(one.reason)}{rejected}", style="default"
        )


def _run(run: Run) -> str:
    why = f" ({run.why})" if run.why else ""
    return f"{run.playbook} by {run.actor or 'nobody'}: {run.state}{why}, run {run.id}"


def _looked(brief: Brief, now: float) -> Iterator[Text]:
    for one in brief.looked:
        line = Text(clean(one.name), style="bold").append(f" ({clean(one.system)})", style="dim")
        ago = f", {about(max(0.0, now - one.at))} ago" if one.state != "skipped" else ""
        yield line.append(f": {clean(one.outcome, 600)}{ago}", style="default")
        for text in one.found:
            yield Text(f"  {clean(text, 400)}", style="bold yellow")
        for row in answer_text(one).splitlines()[:MAX_ANSWER] if one.rows else ():
            yield Text(f"    {visible(row)}", style="dim")


def _similar(brief: Brief) -> Iterator[Text]:
    for one in brief.similar:
        when = f", {moment(one.opened_at)}" if one.opened_at is not None else ""
        lasted = f", lasted {about(one.lasted_s)}" if one.lasted_s is not None else ""
        ended = f". {one.ended}" if one.ended else ""
        line = f"{one.id} ({one.alike * 100:.0f} % alike{when}{lasted}): {one.text}{ended}"
        yield Text(clean(line, 600))


def _timeline(found: Whole, width: int) -> Iterator[Text]:
    # Blanks stand for time here: they stay.
    for line in timeline_lines(found.timeline, width):
        yield Text(visible(line))


def _alerts_title(found: Whole) -> str:
    return f"Alerts ({plural(found.alerts.kinds, 'kind')}, {plural(found.alerts.stream_count, 'stream')})"


def _alerts(found: Whole, now: float) -> Iterator[Text]:
    if found.alerts.common:
        labels = " ".join(f"{name}={value}" for name, value in found.alerts.common.items())
        yield Text(f"all have {clean(labels)}", style="dim")
    for group in found.alerts.groups[:MAX_GROUPS]:
        head = severity_text(group.severity).append(f" {clean(group.name)}", style="bold")
        last = about(max(0.0, now - group.last_at))
        yield head.append(f"  {plural(group.count, 'alert')}, last {last} ago", style="dim")
        if group.message:
            yield Text(f"         {clean(group.message)}")
        for row in group.rows[:MAX_ROWS]:
            state = "" if row.is_firing else "  ended"
            silenced = f"  silenced by {row.silenced_by}" if row.silenced_by else ""
            # The id in full: feedback needs it.
            name = clean(row.alert_id or row.fingerprint, 1_024)
            yield Text(f"         {clean(row.entity)}{state}{clean(silenced)}  id {name}", style="dim")
        left = group.streams - min(len(group.rows), MAX_ROWS)
        if left > 0:
            yield Text(f"         {plural(left, 'more stream')}", style="dim")
    left = found.alerts.kinds - min(len(found.alerts.groups), MAX_GROUPS)
    if left > 0:
        yield Text(plural(left, "more kind"), style="dim")


def _notified(brief: Brief) -> Iterator[Text]:
    for one in brief.notified.messages[:MAX_MESSAGES]:
        style = "red" if one.state == "dead" else ""
        error = f" ({one.error})" if one.error else ""
        yield Text(clean(f"{moment(one.at)} {one.endpoint}: {one.change}, {one.status}{error}"), style=style)
        if one.text:
            yield Text(f"  {clean(one.text)}", style="dim")
    left = brief.notified.count - min(len(brief.notified.messages), MAX_MESSAGES)
    if left > 0:
        yield Text(plural(left, "earlier message"), style="dim")


def _together(brief: Brief) -> Iterator[Text]:
    for one in brief.together.incidents:
        counts = f" {clean(one.id)}  {clean(one.text)}, {plural(one.alerts, 'alert')}"
        yield severity_text(one.severity).append(counts, style="default")
    if brief.together.more:
        yield Text(plural(brief.together.more, "more open incident"), style="dim")


def _history(brief: Brief) -> Iterator[Text]:
    if brief.history.earlier:
        yield Text(plural(brief.history.earlier, "earlier entry", "earlier entries"), style="dim")
    for one in brief.history.entries:
        actor = f" ({one.actor})" if one.actor else ""
        changes = f" ({plural(one.changes, 'change')})" if one.changes > 1 else ""
        yield Text(clean(f"{moment(one.at)[11:19]} {one.text}{changes}{actor}", 1_200))
