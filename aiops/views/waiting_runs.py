"""Runs that wait for a person: planned ones without their approval, and those that guards refuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from aiops.errors import AiopsError
from aiops.records import Incident
from aiops.respond.plans import Plan
from aiops.respond.step_approvals import Continuation
from aiops.respond.steps import can_run
from aiops.store import incidents
from aiops.store.store import Store
from aiops.verdict.sentence import title_of
from aiops.views.beside import Knowing, Planning
from aiops.views.one_line import one_line
from aiops.views.playbook_card import APPROVAL, guards_text

# Open incidents that are looked at, and plans that are made: each is a question to the engine.
MAX_INCIDENTS, MAX_PLANS = 200, 20


class StepRuns(Protocol):
    """Runs that wait for an approval in the middle."""

    def listed(self) -> Sequence[Continuation]:
        """Return what each would do next."""
        ...


class PlannedRuns(Planning, Protocol):
    """Guarded runs, as this view reads them."""

    @property
    def steps(self) -> StepRuns:
        """The runs that wait for an approval in the middle."""
        ...


class RunsHost(Knowing, Protocol):
    """The daemon, as this view reads it."""

    @property
    def runs(self) -> PlannedRuns | None:
        """The guarded runs, if there are any."""
        ...

    @property
    def store(self) -> Store:
        """The store."""
        ...


class WaitingRun(Struct):
    """A planned run of the first suggestion of an open incident.

    `guards` sums the answers up. `stopped` is the guard that refuses; empty: it waits for its approval alone.
    """

    incident: str
    title: str
    severity: str
    opened_at: float | None
    plan: Plan
    guards: str
    stopped: str = ""


class Waiting(Struct):
    """Planned runs that wait for a person, those that guards refuse, and why some could not be planned.

    `more` is the number of incidents with a run to plan that were not looked at. `steps` are runs that wait for an
    approval in the middle, as what each would do next.
    """

    runs: list[WaitingRun]
    refused: list[WaitingRun]
    problems: list[str] = []
    more: int = 0
    steps: list[Continuation] = []


def waiting_runs(host: RunsHost) -> Waiting:
    """Return the planned runs of open incidents, the most severe incident first."""
    found = Waiting([], [])
    candidates = [(one, name) for one in _open(host.store) if (name := _executable(host, one)) is not None]
    found.more = max(0, len(candidates) - MAX_PLANS)
    for incident, name in candidates[:MAX_PLANS]:
        _add(found, host, incident, name)
    found.steps = list(host.runs.steps.listed()) if host.runs is not None else []
    return found


def _open(store: Store) -> list[Incident]:
    reader = store.database.reader
    lines = incidents.listed(reader, statuses=("open", "acknowledged"), limit=MAX_INCIDENTS)
    lines.sort(key=lambda line: (-line.severity, -line.opened_at))
    return [one.incident for line in lines if (one := incidents.get(reader, line.id)) is not None]


def _executable(host: RunsHost, incident: Incident) -> str | None:
    """Return the first suggestion that nobody rejected, if it has a step that can be sent."""
    rejected = {one.playbook for one in incident.rejected}
    name = next((one.name for one in incident.playbooks if one.name not in rejected), "")
    playbook = host.playbooks.get(name)
    has_steps = playbook is not None and can_run(playbook.steps)
    return name if has_steps else None


def _add(found: Waiting, host: RunsHost, incident: Incident, name: str) -> None:
    if host.runs is None:
        return
    try:
        plan = host.runs.plan(incident.id, name)
    except AiopsError as error:
        found.problems.append(f"{incident.id}: {error}")
        return
    stopping = next((one for one in plan.checks if one.state == "refused" and one.guard != APPROVAL), None)
    title = one_line(title_of(incident))
    severity = incident.severity or "warning"
    run = WaitingRun(incident.id, title, severity, incident.opened_at, plan, guards_text(plan))
    if stopping is not None:
        run.stopped = f"{stopping.guard}: {stopping.reason}"
        found.refused.append(run)
    elif not plan.requests:
        run.stopped = "none of its requests could be filled in"
        found.refused.append(run)
    elif plan.refused is not None:
        found.runs.append(run)
