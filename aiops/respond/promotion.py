"""Promotion of playbooks from suggest to approve to auto, and what is missing for the next mode."""

from __future__ import annotations

from msgspec import Struct, field

from aiops.errors import UsageError
from aiops.respond.evidence import Evidence, evidence_of
from aiops.respond.format import Playbook
from aiops.respond.guard_case import MODES, Policy
from aiops.respond.history import History, Level, Mode
from aiops.respond.mode_guards import effective_mode, level_of, unproven
from aiops.respond.reversible import irreversible
from aiops.respond.steps import AlertResolved, Manual
from aiops.step_kinds.forms import Form


class Promotion(Struct):
    """The standing of a playbook.

    `mode` is the effective one: the lowest of the author's, the operator's `ceiling` and the playbook's `level`, and
    not `auto` before the evidence is enough. `next` is the mode above it, empty for auto; `missing` what keeps it from
    there. `moved` is the recorded promotion or demotion that counts.
    """

    playbook: str
    author: Mode
    ceiling: Mode
    level: Mode
    mode: Mode
    next: Mode | None
    missing: list[str]
    evidence: Evidence
    shadow: bool = False
    moved: Level | None = None
    needed_runs: int = 0
    needed_rate: float = 0.0


class Levels(Struct):
    """The promotions of a catalogue."""

    promotions: list[Promotion] = field(default_factory=list)


def promotion_of(playbook: Playbook, history: History, policy: Policy) -> Promotion:
    """Return where a playbook stands."""
    level, mode = level_of(playbook.name, history, policy), effective_mode(playbook, history, policy)
    above = MODES.index(mode) + 1
    following = MODES[above] if above < len(MODES) else None
    evidence = evidence_of(history, playbook)
    found = Promotion(playbook.name, playbook.mode, policy.ceiling, level, mode, following, [], evidence)
    found.missing = _missing(playbook, policy, level, following, evidence)
    found.shadow = is_shadow(playbook, policy)
    found.moved = history.levels.get(playbook.name)
    found.needed_runs, found.needed_rate = policy.auto.min_verified_runs, policy.auto.min_success
    return found


def is_shadow(playbook: Playbook, policy: Policy) -> bool:
    """Return True if only what would have run of a playbook is recorded."""
    return playbook.mode == "auto" and (policy.mode == "shadow" or playbook.name in policy.auto.shadow)


def may_set(playbook: Playbook, mode: Mode, history: History, policy: Policy) -> None:
    """Raise `UsageError` if a playbook cannot be given a mode; a lower one it can be given at any time."""
    if mode not in MODES:
        raise UsageError(f"expected a mode ({', '.join(MODES)}); got {str(mode)[:40]!r}")
    if MODES.index(mode) <= MODES.index(level_of(playbook.name, history, policy)) and mode != "auto":
        return
    missing = [one for one in _missing(playbook, policy, mode, mode, evidence_of(history, playbook)) if one]
    if missing:
        raise UsageError(f"{playbook.name} cannot be promoted to {mode}: {'; '.join(missing)}")


def _missing(playbook: Playbook, policy: Policy, level: Mode, wanted: Mode | None, evidence: Evidence) -> list[str]:
    """Return what keeps a playbook from a mode, as sentences."""
    if wanted is None:
        return []
    found = []
    if MODES.index(playbook.mode) < MODES.index(wanted):
        found.append(f"its author wrote mode {playbook.mode}")
    if MODES.index(policy.ceiling) < MODES.index(wanted):
        found.append(f"the operator's respond.ceiling is {policy.ceiling}")
    manual = [step.name for step in playbook.steps if isinstance(step, Manual)]
    if manual:
        found.append(f"step {manual[0]!r} is manual")
    if wanted == "auto":
        found += _missing_alone(playbook, policy, evidence)
    if MODES.index(level) < MODES.index(wanted):
        found.append(f"nobody promoted it to {wanted} (`aiops playbooks promote {playbook.name} --to {wanted}`)")
    return found


def _missing_alone(playbook: Playbook, policy: Policy, evidence: Evidence) -> list[str]:
    verifies = any(isinstance(check, AlertResolved | Form) for check in playbook.verify)
    why = irreversible(playbook, policy.auto.reversible)
    return [
        *([why] if why is not None else []),
        *([] if verifies else ["nothing that the engine can check would show whether it helped"]),
        *([lack] if (lack := unproven(evidence, policy)) else []),
    ]
