"""The playbook of an incident: its steps with the commands filled in, its guards, and its runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from aiops.records import Incident, Rejection, Suggestion
from aiops.respond.filled import Filled
from aiops.respond.history import Run
from aiops.respond.plans import Plan
from aiops.respond.situation import same_kind
from aiops.views import evidence
from aiops.views.evidence import EvidenceRow
from aiops.views.one_line import one_line
from aiops.wording import plural

# Runs of one incident that are shown, the last first.
MAX_RUNS = 10
APPROVAL = "approval"


class Offered(Struct):
    """Another suggestion: its name, its target, and the strongest reason for it."""

    name: str
    target: str | None
    reason: str
    rejected: Rejection | None = None


class PlaybookCard(Struct):
    """The suggestion that is shown, and the others.

    `filled` is None for a suggestion that is no playbook of the catalogue, such as a runbook, and if no daemon answers.
    `plan` is the dry run, None if no step of it can be sent. `guards` sums its answers up. `may_approve`: only
    an approval is missing; `approvals` and `quorum` are those given and those needed. `stopped` is the guard that
    refuses. `unavailable` is why there is no plan, where one was expected. `choose` is the kind of thing that a
    person must choose, where the suggestion's own target is none or is not the cause; `target` is None then.
    """

    name: str
    target: str | None
    why: list[EvidenceRow]
    filled: Filled | None = None
    plan: Plan | None = None
    guards: str = ""
    may_approve: bool = False
    stopped: str = ""
    unavailable: str = ""
    rejected: Rejection | None = None
    others: list[Offered] = []
    runs: list[Run] = []
    more_runs: int = 0
    choose: str = ""


class Source(Struct):
    """The input of a card: how to fill in and plan a playbook (or why not), and its runs."""

    fill: Callable[[str], Filled | None]
    plan: Callable[[str], Plan | str | None]
    runs: Sequence[Run] = ()


def playbook_card(
    incident: Incident, source: Source, wanted: str = "", kind_of: Callable[[str], str] = lambda entity: ""
) -> PlaybookCard | None:
    """Return the card of the suggestion `wanted`, by default of the first that nobody rejected.

    None without any. A playbook that was not suggested is shown as well if the catalogue has it. `kind_of` returns the
    kind of an entity, empty if unknown.
    """
    chosen = _chosen(incident, source, wanted)
    if chosen is None:
        return None
    why = evidence.plain_rows(chosen.evidence)
    card = PlaybookCard(chosen.name, chosen.target, why, source.fill(chosen.name))
    subject = card.filled.subject if card.filled is not None else ""
    if card.target is not None and not _suits(card.target, subject, incident, kind_of):
        card.target, card.choose = None, subject or "target"
    elif card.target is None and card.filled is not None and card.filled.fits:
        card.choose = subject or "target"
    card.rejected = _rejection(incident, chosen.name)
    card.others = [_offered(one, incident) for one in incident.playbooks if one.name != chosen.name]
    card.runs, card.more_runs = list(source.runs[:MAX_RUNS]), max(0, len(source.runs) - MAX_RUNS)
    _add_plan(card, source.plan(chosen.name))
    return card


def _chosen(incident: Incident, source: Source, wanted: str) -> Suggestion | None:
    named = next((one for one in incident.playbooks if one.name == wanted), None)
    if named is not None:
        return named
    if wanted and source.fill(wanted) is not None:
        return Suggestion(wanted)
    kept = [one for one in incident.playbooks if _rejection(incident, one.name) is None]
    return next(iter(kept or incident.playbooks), None)


def _suits(target: str, subject: str, incident: Incident, kind_of: Callable[[str], str]) -> bool:
    """Return False for a target of another kind, or a suspect where another cause is confirmed."""
    kind = same_kind(kind_of(target))
    if subject and kind and kind != "unknown":
        return kind == subject
    confirmed = incident.root_cause.entity if incident.root_cause is not None else target
    return confirmed == target or target not in {one.entity for one in incident.causes}


def _rejection(incident: Incident, name: str) -> Rejection | None:
    return next((one for one in reversed(incident.rejected) if one.playbook == name), None)


def _offered(one: Suggestion, incident: Incident) -> Offered:
    best = max(one.evidence, key=lambda each: each.value, default=None)
    reason = one_line(best.text or best.name, 200) if best is not None else ""
    return Offered(one.name, one.target, reason, _rejection(incident, one.name))


def _add_plan(card: PlaybookCard, plan: Plan | str | None) -> None:
    if isinstance(plan, str):
        card.unavailable = plan
        return
    if plan is None:
        return
    refused = [check for check in plan.checks if check.state == "refused"]
    stopping = [check for check in refused if check.guard != APPROVAL]
    card.plan, card.guards = plan, guards_text(plan)
    card.may_approve = bool(refused) and not stopping and bool(plan.requests)
    if stopping:
        card.stopped = f"{stopping[0].guard}: {stopping[0].reason}"


def guards_text(plan: Plan) -> str:
    """Return the answers of the guards in one line: `15 of 17 guards hold; 1 waits for you`."""
    states = [check.state for check in plan.checks]
    holds, later = states.count("passed"), states.count("later")
    waits = sum(1 for check in plan.checks if check.state == "refused" and check.guard == APPROVAL)
    refuses = states.count("refused") - waits
    parts = [
        f"{refuses} {'refuses' if refuses == 1 else 'refuse'}" if refuses else "",
        f"{waits} waits for you" if waits else "",
        f"{later} {'is' if later == 1 else 'are'} checked just before" if later else "",
    ]
    more = ", ".join(part for part in parts if part)
    whole = f"{holds} of {plural(len(states), 'guard')} {'holds' if holds == 1 else 'hold'}"
    return f"{whole}; {more}" if more else whole
