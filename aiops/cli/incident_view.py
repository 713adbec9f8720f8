"""One incident in full: verdict, causes, evidence, members, timeline, playbooks, similar incidents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from aiops.cli.terminal import PIPE_WIDTH, STYLES, bar, clean, fit, moment, offset, severity_text
from aiops.records import Affected, Cause, Evidence, Incident, Member, Suggestion, parse_severity
from aiops.store.held import Held
from aiops.verdict.certainty import certainty
from aiops.verdict.sentence import title_of
from aiops.wording import came_back, duration, listed, located, plural

MAX_CAUSES = 3
# A record lists at most this many services and merged incidents; there may be more.
MAX_LISTED = 200
MAX_EVIDENCE = 5
MAX_MEMBERS = 15
MAX_BARS = 12
# The timeline's bars take this many columns of a wide terminal; a narrow one needs the room for names.
BAR_WIDTH, NARROW_BAR_WIDTH, WIDE_FROM = 24, 14, 100


def incident_parts(incident: Incident, width: int, held: Sequence[Held] = ()) -> Iterator[RenderableType]:
    """Yield the sections of an incident, those without content left out; `width` in columns.

    `held` are the endpoints that inhibition keeps from being notified.
    """
    yield _verdict(incident, is_framed=width < PIPE_WIDTH)
    for one in held:
        yield Text(clean(f"{one.endpoint} is not notified: {one.hold.text}"), style="bold yellow")
    yield from _section("Likely causes", _causes(incident.causes))
    yield from _section("Why these alerts belong together", _sentences(incident.explanation))
    yield from _section(_members_title(incident), _members(incident, width))
    yield from _section("Timeline", _timeline(incident, width))
    yield from _section("Suggested playbooks", _playbooks(incident.playbooks))
    yield from _section("Similar incidents", _evidence(incident.similar))


def _section(title: str, parts: Sequence[RenderableType]) -> Iterator[RenderableType]:
    if parts:
        yield Text(f"\n{title}", style="bold underline")
        yield Padding(Group(*parts), (0, 0, 0, 2), expand=False)


def _verdict(incident: Incident, *, is_framed: bool) -> RenderableType:
    level = parse_severity(incident.severity)
    head = Text(clean(title_of(incident)), style="bold")
    state = severity_text(incident.severity, 0)
    state.append(f"  {incident.status or 'open'}  {clean(incident.id)}", style="default")
    lines = [head, state, Text(_verdict_line(incident), style="bold")]
    if incident.opened_at is not None:
        lines.append(Text(_times(incident), style="dim"))
    counts = f"{plural(incident.alert_count, 'alert')} on {entities_text(incident)}"
    if incident.services:
        counts += f" of {_names(incident.services)}"
    lines.append(Text(counts, style="dim"))
    if any(one.entities > 1 for one in incident.workloads):
        lines.append(Text(_workloads(incident.workloads), style="dim"))
    if incident.returns:
        lines.append(Text(_returns(incident)))
    if incident.silenced_by:
        lines.append(Text(_silenced(_names(incident.silenced_by), incident.silenced_until), style="bold yellow"))
    if incident.message:
        lines.append(Text(clean(incident.message, 500)))
    for label, url in (("alert", incident.url), ("runbook", incident.runbook_url)):
        if url:
            lines.append(Text(f"{label}: {clean(url, 500)}", style="dim"))
    if incident.merged_into:
        lines.append(Text(f"now part of {clean(incident.merged_into)}"))
    if incident.merged_from:
        lines.append(Text(f"includes {_names(incident.merged_from)}", style="dim"))
    if not is_framed:
        return Group(*lines)
    return Panel(Group(*lines), border_style=STYLES[level].replace(" on red", "").replace("white", "red"))


def _verdict_line(incident: Incident) -> str:
    """Return the most important line; it shows "unknown" rather than a guess."""
    if incident.root_cause is not None:
        return f"Cause: {clean(incident.root_cause.entity)} (confirmed)"
    if not incident.causes or incident.causes[0].score <= 0:
        return "Cause: unknown"
    cause = incident.causes[0]
    reason = max(cause.evidence, key=lambda each: each.value, default=None)
    because = f": {clean(reason.text or reason.name, 120)}" if reason is not None else ""
    sure = "Probably" if cause.confidence != "low" or cause.probability is not None else "Perhaps"
    return f"{sure} {clean(cause.entity)} ({certainty(cause)}){because}"


def _times(incident: Incident) -> str:
    opened = incident.opened_at or 0.0
    text = f"opened {moment(opened)}"
    if incident.last_alert_at is not None and incident.last_alert_at > opened:
        text += f", last alert {duration(incident.last_alert_at - opened)} later"
    if incident.resolved_at is not None:
        text += f", resolved after {duration(incident.resolved_at - opened)}"
    return text


def _returns(incident: Incident) -> str:
    text = came_back(incident.returns, incident.returned_at)
    return text + (f", last at {moment(incident.returned_at[-1])}" if incident.returned_at else "")


def entities_text(incident: Incident) -> str:
    """Describe the number of entities that alert.

    >>> entities_text(Incident(id="i-1", entities=["a"])), entities_text(Incident(id="i-1", entity_count=3000))
    ('1 entity', '3,000 entities')
    """
    least = "at least " if incident.more_entities else ""
    return least + plural(max(incident.entity_count, len(incident.entities)), "entity", "entities")


def _workloads(workloads: Sequence[Affected], shown: int = 6) -> str:
    names = [clean(one.text, 120) for one in workloads]
    return "affected: " + listed(names, shown, is_cut=len(names) >= MAX_LISTED, separator="; ")


def _names(names: Sequence[str], shown: int = 6) -> str:
    cleaned = [clean(name, 60) for name in names]
    return listed(cleaned, shown, is_cut=len(names) >= MAX_LISTED)


def _causes(causes: Sequence[Cause]) -> list[RenderableType]:
    best = max((cause.score for cause in causes), default=0.0)
    if best <= 0:
        return []
    parts: list[RenderableType] = []
    for rank, cause in enumerate(causes[:MAX_CAUSES], 1):
        line = Text(f"{rank}. ") + bar(cause.score / best)
        line.append(f" {cause.score:5.2f}  ").append(clean(cause.entity), style="bold").append(f"  {certainty(cause)}")
        parts += [line, *(Padding(part, (0, 0, 0, 3)) for part in _evidence(cause.evidence))]
    parts.append(Text("or something that raised no alert", style="dim"))
    return parts


def _evidence(evidence: Sequence[Evidence]) -> list[RenderableType]:
    """Render the strongest contributions with their sign, each with its sentence."""
    strongest = sorted(evidence, key=lambda each: -abs(each.value))[:MAX_EVIDENCE]
    if not strongest:
        return []
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for each in strongest:
        style = "green" if each.value >= 0 else "red"
        table.add_row(Text(f"{each.value:+.2f}", style=style), Text(clean(each.text or each.name)))
    return [table]


def _sentences(sentences: Sequence[str]) -> list[RenderableType]:
    return [Text(f"- {clean(sentence)}") for sentence in sentences]


def _members_title(incident: Incident) -> str:
    shown = min(len(incident.members), MAX_MEMBERS)
    firing = incident.firing_count or sum(member.status == "firing" for member in incident.members)
    total = max(incident.stream_count, len(incident.members))
    more = f", the first {shown} of {total:,}" if shown < total else ""
    return f"Alert streams ({firing:,} firing{more})"


def _members(incident: Incident, width: int) -> list[RenderableType]:
    if not incident.members:
        return []
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    table.width = min(width - 2, 140) if width < PIPE_WIDTH else None
    table.add_column("severity", no_wrap=True, min_width=8)
    table.add_column("alert stream", no_wrap=True, overflow="ellipsis", ratio=3)
    table.add_column("count", justify="right", no_wrap=True, min_width=5)
    table.add_column("joined because", no_wrap=True, overflow="ellipsis", ratio=2)
    # In full, as feedback needs it: a long id takes several lines.
    table.add_column("alert id", overflow="fold", ratio=2)
    for member in incident.members[:MAX_MEMBERS]:
        name = Text(clean(located(member.name, member.entity)), style="" if member.status == "firing" else "dim")
        if member.silenced_by:
            name.append("\n" + _silenced(clean(member.silenced_by), member.silenced_until), style="yellow")
        identity = Text(clean(member.alert_id or member.fingerprint))
        table.add_row(severity_text(member.severity), name, str(member.count), _tie(member), identity)
    return [table]


def _silenced(by: str, until: float | None) -> str:
    return f"silenced by {by}" + (f" until {moment(until)}" if until is not None else "")


def _tie(member: Member) -> Text:
    """Render the strongest reason why the stream joined; the stream that opened the cluster has none."""
    best = max(member.evidence, key=lambda each: each.value, default=None)
    return Text(clean(best.text or best.name)) if best is not None else Text("first stream", style="dim")


def _timeline(incident: Incident, width: int) -> list[RenderableType]:
    """Render the start and length of each stream, earliest first."""
    members = sorted(incident.members, key=lambda member: (member.first_at, member.name, member.entity))
    if not members:
        return []
    start, end = members[0].first_at, max(member.last_at for member in members)
    bar_width = BAR_WIDTH if width >= WIDE_FROM else NARROW_BAR_WIDTH
    lines: list[RenderableType] = []
    rows = _by_workload(incident, members)
    for member, where in rows[:MAX_BARS]:
        line = Text(f"{offset(member.first_at - start):>8} ")
        line.append_text(_bar(member, start, max(end - start, 1.0), bar_width))
        line.append(f" {clean(located(member.name, where))}")
        lines.append(fit(line, width - 2))
    if len(rows) > MAX_BARS:
        lines.append(Text(f"{'':>9}… and {len(rows) - MAX_BARS} more", style="dim"))
    return lines


def _by_workload(incident: Incident, members: Sequence[Member]) -> list[tuple[Member, str]]:
    """Join streams that differ in the replica alone: one bar from the first alert to the last."""
    kinds = {one.workload: one.kind for one in incident.workloads}
    rows: dict[tuple[str, str], list[Member]] = {}
    for member in members:
        rows.setdefault((member.name, member.workload or member.entity), []).append(member)
    found = []
    for (_, workload), same in rows.items():
        worst = max(same, key=lambda member: parse_severity(member.severity))
        whole = replace(worst, first_at=same[0].first_at, last_at=max(member.last_at for member in same))
        entities = len({member.entity for member in same})
        found.append((whole, Affected(workload, same[0].entity, entities, kinds.get(workload, "entity")).text))
    return found


def _bar(member: Member, start: float, span_s: float, width: int) -> Text:
    first = min(width - 1, int((member.first_at - start) / span_s * width))
    last = min(width, max(first + 1, round((member.last_at - start) / span_s * width)))
    style = STYLES[parse_severity(member.severity)].replace("bold white on red", "bold red")
    return Text(" " * first) + Text("━" * (last - first), style=style) + Text(" " * (width - last))


def _playbooks(playbooks: Sequence[Suggestion]) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for rank, playbook in enumerate(playbooks, 1):
        line = Text(f"{rank}. ").append(clean(playbook.name), style="bold cyan")
        if playbook.target:
            line.append(f" on {clean(playbook.target)}")
        sure = f"{playbook.score:.2f}" if playbook.probability is None else f"{playbook.probability * 100:.0f} %"
        parts += [
            line.append(f"  {sure}", style="dim"),
            *(Padding(p, (0, 0, 0, 3)) for p in _evidence(playbook.evidence)),
        ]
    return parts
