"""The conformance kits of playbooks and suggesters, for shipped ones and those of others.

Each function raises `AssertionError` with all faults, and serves as the body of a test.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from aiops.ports import AlertFact, IncidentView, Stateful, Suggester
from aiops.records import Cause
from aiops.respond.catalogue import read_playbook, shipped
from aiops.respond.house_rules import review
from aiops.respond.lint import lint_file
from aiops.respond.playbook_tests import run_trials

MAX_SUGGESTIONS = 5
# Incidents fed to a suggester before its state is measured; a state that still grows by then holds on to everything.
INCIDENTS = 3_000
NAMES = ("KubePodCrashLooping", "HighErrorRate", "HostHighCpuLoad", "RedisDown", "NodeFilesystemSpaceFillingUp", "Odd")


def check_playbook(path: Path) -> None:
    """Check that a playbook file has no finding, warnings included, and that its own tests pass."""
    others = {one.stem for folder in (path.parent, shipped()) for one in folder.glob("*.yaml")}
    problems = [str(finding) for finding in [*lint_file(path), *review(path, others)]]
    if not problems:
        results = run_trials(read_playbook(path))
        problems = [f"{result.trial}: {problem}" for result in results for problem in result.problems]
    assert not problems, "\n".join(problems)


def check_suggester(make: Callable[[], Suggester], max_state_bytes: int = 4_000_000) -> None:
    """A suggester is deterministic, additive and bounded, and its state survives a snapshot.

    `make` builds a new one each time; `max_state_bytes` bounds its dumped state after `INCIDENTS` incidents.
    """
    one, other = make(), make()
    for number in range(INCIDENTS):
        view = _view(number)
        found = one.suggest(view)
        if number < 100:
            assert found == other.suggest(view), f"two of the same differ at incident {number}"
            _check_sums(one, view)
        if found:
            outcome = ("resolved", "helped", "useless")[number % 3]
            one.learn(view, found[0].name, outcome)
            if number < 100:
                other.learn(view, found[0].name, outcome)
    assert one.suggest(IncidentView("none", 0.0, [])) == [], "suggested something for an incident without alerts"
    if isinstance(one, Stateful):
        _check_state(one, make(), max_state_bytes)


def _check_sums(suggester: Suggester, view: IncidentView) -> None:
    found = suggester.suggest(view)
    assert len(found) <= MAX_SUGGESTIONS, f"{len(found)} suggestions, at most {MAX_SUGGESTIONS}"
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True), "not best first"
    for one in found:
        total = sum(evidence.value for evidence in one.evidence)
        assert abs(total - one.score) < 1e-6, f"{one.name}: score {one.score}, its reasons sum to {total}"
        assert all(evidence.text for evidence in one.evidence), f"{one.name}: a reason without a sentence"


def _check_state(suggester: Suggester, fresh: Suggester, max_bytes: int) -> None:
    assert isinstance(suggester, Stateful)
    assert isinstance(fresh, Stateful)
    raw = msgspec.json.encode(suggester.dump())
    assert len(raw) <= max_bytes, f"its state takes {len(raw)} bytes after {INCIDENTS} incidents, at most {max_bytes}"
    fresh.load(msgspec.json.decode(raw))
    assert msgspec.json.encode(fresh.dump()) == raw, "the state of a snapshot is not the state that was dumped"
    view = _view(INCIDENTS + 1)
    assert suggester.suggest(view) == fresh.suggest(view), "it suggests something else after a snapshot"


def _view(number: int) -> IncidentView:
    names = [NAMES[(number + step) % len(NAMES)] for step in range(1 + number % 3)]
    facts = [
        AlertFact(f"e{step}", name, 1 + number % 4, 1, 0.0, 0.0, message=f"{number}") for step, name in enumerate(names)
    ]
    facts.append(AlertFact("odd", f"Name{number}", 2, 1, 0.0, 0.0))
    return IncidentView(f"i{number}", 0.0, facts, severity=3, causes=[Cause("e0", confidence="medium")])
