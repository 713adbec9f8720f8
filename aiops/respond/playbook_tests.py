"""The tests inside a playbook: an incident, and the expected decision and steps."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, to_builtins

from aiops.ports import AlertFact, IncidentView
from aiops.records import Cause, Change
from aiops.records.severity import parse_severity
from aiops.respond.format import Expected, Playbook, Trial, TrialIncident
from aiops.respond.lint import all_steps
from aiops.respond.matching import Compiled, compile_match, fit
from aiops.respond.parameters import Values, resolve
from aiops.respond.rendering import Shown, show
from aiops.respond.situation import situation
from aiops.respond.targets import leading, shown_for, target_of
from aiops.topology import Node, Topology

# Tests run at a fixed hour: their rendered text never depends on the day.
_AT = 1_700_000_000.0


class TrialResult(Struct, omit_defaults=True):
    """The result of one test of a playbook; `problems` is empty if it passed."""

    playbook: str
    trial: str
    problems: list[str]

    @property
    def ok(self) -> bool:
        """Return True if the test passed."""
        return not self.problems


def run_trials(playbook: Playbook) -> list[TrialResult]:
    """Run all tests of a playbook."""
    compiled = compile_match(playbook)
    return [TrialResult(playbook.name, trial.name, _problems(compiled, trial)) for trial in playbook.tests]


def view_of(incident: TrialIncident) -> tuple[IncidentView, Topology]:
    """Return the view and the topology that a test's incident describes."""
    facts = [
        AlertFact(
            entity=alert.entity,
            name=alert.name,
            severity=parse_severity(alert.severity),
            count=1,
            first_at=_AT + index,
            last_at=_AT + index,
            service=alert.service,
            source=alert.source,
            message=alert.message,
            labels=alert.labels,
        )
        for index, alert in enumerate(incident.alerts)
    ]
    severity = parse_severity(incident.severity) if incident.severity else max(fact.severity for fact in facts)
    cause = incident.cause
    causes = [Cause(cause.entity, confidence=cause.confidence)] if cause else []
    nodes = [Node(cause.entity, cause.kind)] if cause else []
    changes = [Change(ts=_AT - 60, entity=change.entity, name=change.name) for change in incident.changes]
    view = IncidentView("trial", _AT, facts, changes, severity=int(severity), causes=causes)
    return view, Topology.build(nodes, [])


def render(playbook: Playbook, values: Values) -> list[Shown]:
    """Render every step of a playbook for a person, diagnosis first."""
    return [show(step, values.values) for _, step in all_steps(playbook)]


def _problems(compiled: Compiled, trial: Trial) -> list[str]:
    view, topology = view_of(trial.incident)
    now = situation(view, topology)
    found, wanted = fit(compiled, now), trial.expect
    decision = "suggest" if found.ok else "none"
    problems: list[str] = []
    if decision != wanted.decision:
        problems.append(f"expected decision {wanted.decision}; got {decision}: {found.reason}")
    if wanted.reason and wanted.reason not in found.reason:
        problems.append(f"expected a reason with {wanted.reason!r}; got {found.reason!r}")
    if found.ok and not problems:
        seen = shown_for(now, target_of(compiled, found, now))
        problems += _rendered(compiled.playbook, wanted, resolve(compiled.playbook, seen, leading(found, now)))
    return problems


def _rendered(playbook: Playbook, wanted: Expected, values: Values) -> list[str]:
    problems = []
    for name, value in wanted.parameters.items():
        got = values.values.get(name)
        if got != value:
            problems.append(
                f"parameter {name}: expected {value!r}; got {got!r} {values.missing.get(name, '')}".rstrip()
            )
    shown = render(playbook, values)
    lines = {line.strip() for step in shown if step.run for line in step.run.splitlines()}
    problems += [f"expected the command {line!r} among those shown" for line in wanted.shows if line not in lines]
    if wanted.requests:
        problems += _differ("requests", wanted.requests, shown)
    if wanted.sends:
        problems += _differ(
            "requests of the steps", wanted.sends, [show(step, values.values) for step in playbook.steps]
        )
    return problems


def _differ(what: str, wanted: list[dict[str, Any]], shown: list[Shown]) -> list[str]:
    got = [_brief(to_builtins(step.request)) for step in shown if step.request]
    return [] if got == wanted else [f"expected the {what} {wanted}; got {got}"]


def _brief(request: dict[str, object]) -> dict[str, object]:
    return {key: request[key] for key in ("method", "url", "body") if key in request}
