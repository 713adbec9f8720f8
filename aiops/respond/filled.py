"""A playbook filled in for one incident: look first, do, check that it worked, roll back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from aiops.errors import UsageError
from aiops.ports import AlertFact, IncidentView
from aiops.records import Incident, Member, Severity, parse_severity
from aiops.respond.format import Playbook
from aiops.respond.matching import compile_match, fit
from aiops.respond.parameters import Values, resolve
from aiops.respond.rendering import BLANK, Shown, show
from aiops.respond.situation import Situation, same_kind, situation
from aiops.respond.step_registry import name_of
from aiops.respond.steps import AlertResolved, Manual
from aiops.respond.targets import leading, shown_for, subject_of, target_of
from aiops.step_kinds.exchange import Prepared, Request
from aiops.step_kinds.forms import Scalar
from aiops.topology import Topology
from aiops.wording import duration

_HOST = "host"
_ORIGINS = {"read": "what it read before", "change": "the answer to it", "clock": "the clock"}


class Filled(Struct):
    """A playbook with its commands and requests for one incident; nothing of it has run.

    The steps have the names of the document: `diagnosis` comes first, `preconditions` are checked before a run,
    `verify` shows that the steps worked. `fits` and `reason` are the answer of its conditions, `target` the entity that
    it is for, `subject` its kind if only one will do. `missing` has the parameters without a value, each with the
    reason: they stay visible as `<name>`.
    """

    name: str
    version: str
    summary: str
    when_to_use: str
    when_not_to_use: str
    mode: str
    reversible: bool
    fits: bool
    reason: str
    runbook_url: str | None = None
    owners: list[str] = []
    approvers: list[str] = []
    target: str | None = None
    parameters: dict[str, Scalar] = {}
    missing: dict[str, str] = {}
    diagnosis: list[Shown] = []
    preconditions: list[Shown] = []
    steps: list[Shown] = []
    verify: list[Shown] = []
    rollback: list[Shown] = []
    subject: str = ""


def fill_in(playbook: Playbook, view: IncidentView, topology: Topology) -> Filled:
    """Fill in a playbook for an incident."""
    compiled, now = compile_match(playbook), situation(view, topology)
    found = fit(compiled, now)
    target = target_of(compiled, found, now)
    values = resolve(playbook, shown_for(now, target), leading(found, now))
    made = _made(playbook, values, found.ok, found.reason, target)
    if target is None:
        made.subject = made.subject or subject_of(compiled)
    return made


def blank(playbook: Playbook) -> Filled:
    """Return a playbook for no incident: parameters without a default stay visible as `<name>`."""
    values = resolve(playbook, Situation("", int(Severity.OK), []), None)
    return _made(playbook, values, False, "it is shown for no incident", None)


def view_of_record(incident: Incident) -> IncidentView:
    """Return the view of an incident by its record alone: its first members, causes and changes."""
    changes = [cause.change for cause in incident.causes if cause.change is not None]
    opened_at = incident.first_alert_at or incident.opened_at or 0.0
    facts = [_fact(member) for member in incident.members]
    severity = int(parse_severity(incident.severity))
    return IncidentView(incident.id, opened_at, facts, changes, severity, incident.causes)


def _fact(member: Member) -> AlertFact:
    return AlertFact(
        member.entity,
        member.name,
        int(parse_severity(member.severity)),
        member.count,
        member.first_at,
        member.last_at,
        member.service,
        member.source,
        member.message,
        labels=member.labels,
        url=member.url,
        workload=member.workload,
        annotations=member.annotations,
    )


def _made(playbook: Playbook, values: Values, fits: bool, reason: str, target: str | None) -> Filled:
    return Filled(
        playbook.name,
        playbook.version,
        playbook.summary,
        playbook.when_to_use,
        playbook.when_not_to_use,
        playbook.mode,
        playbook.reversible,
        fits,
        reason,
        playbook.runbook_url,
        playbook.owners,
        playbook.approval.approvers,
        target,
        values.values,
        values.missing,
        _shown(playbook.diagnosis, values),
        _shown(playbook.preconditions, values),
        _shown(playbook.steps, values),
        _shown(playbook.verify, values),
        _shown(playbook.rollback, values),
        _subject(playbook),
    )


def _subject(playbook: Playbook) -> str:
    """Return "host" for steps that run on one, though a service may be suspected; else nothing.

    A database or a queue may as well be known as a service or a pod: steps for those have no single kind.
    """
    return _HOST if _HOST in map(same_kind, playbook.tags[:1]) else ""


def _shown(steps: Sequence[Any], values: Values) -> list[Shown]:
    return [_step(step, values) for step in steps]


def _step(step: Any, values: Values) -> Shown:
    try:
        return show(step, values.values)
    except UsageError as error:
        # A value that is no segment of a path: the step is named, with the reason why it has no request.
        kind = "manual" if isinstance(step, Manual | AlertResolved) else name_of(step)
        return Shown(kind, step.name, None, note=str(error))


def request_text(request: Request) -> str:
    """Return a request as the lines that people read, and all that may be sent with it.

    Method and address, headers, then the body as JSON; what belongs to a change follows, each part with its purpose.
    """
    lines = [f"{request.method} {request.url}", *(f"{name}: {value}" for name, value in request.headers.items())]
    if request.body is not None:
        lines.append(msgspec.json.format(msgspec.json.encode(request.body), indent=2).decode())
    return "\n".join([*lines, *(belonging(request) if isinstance(request, Prepared) else ())])


def belonging(prepared: Prepared) -> Iterator[str]:
    """Yield a line for each part that may be sent beside a change, and for each value that answers give."""
    for one in prepared.reads:
        yield f"before it: {_brief(one)}"
    if prepared.dry_run is not None:
        yield f"dry run before it: {_brief(prepared.dry_run)}"
    if (poll := prepared.poll) is not None:
        often = f"every {duration(poll.every_s)}, for up to {duration(poll.limit_s)}"
        yield f"after it, {often}: {_brief(poll.request)}"
    if prepared.undo is not None:
        yield f"a rollback sends: {_brief(prepared.undo)}"
    for name, taken in prepared.taken.items():
        origin = _ORIGINS[taken.source]
        yield f"{{{name}}} is {taken.what}, from {origin}" + (f" (like {taken.pattern})" if taken.pattern else "")


def _brief(request: Request) -> str:
    body = "" if request.body is None else f" {msgspec.json.encode(request.body).decode()}"
    return f"{request.method} {request.url}{body}"


class CommandPart(Struct):
    """A part of a command; `is_blank`: a person must put a value in its place."""

    text: str
    is_blank: bool = False


def command_parts(text: str) -> list[CommandPart]:
    """Return a command in parts: blanks such as `<namespace>`, and what stands between them.

    >>> [(part.text, part.is_blank) for part in command_parts("kubectl -n <ns> get")]
    [('kubectl -n ', False), ('<ns>', True), (' get', False)]
    """
    return [CommandPart(part, number % 2 == 1) for number, part in enumerate(BLANK.split(text)) if part]
