"""House rules: warnings on a playbook that is valid and lacks what a person on call needs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator
from pathlib import Path

from aiops.respond.catalogue import PlaybookError, read_playbook
from aiops.respond.format import Playbook
from aiops.respond.lint import Finding, all_steps
from aiops.respond.steps import Manual
from aiops.step_kinds.placeholders import PLACEHOLDER

# One command is seldom a diagnosis, and one step seldom the way out: a second separates causes, or confirms one.
LEAST_STEPS = 2
_REFERENCE = re.compile(r"\buse ([a-z]+(?:-[a-z0-9]+)+)")
# Values that a person fills in stand between angle brackets, which a shell would take for redirections.
_TO_FILL_IN = re.compile(r"<[a-z][a-zA-Z -]*>")

Found = Iterator[tuple[str, str]]


def review(path: Path, others: Collection[str]) -> list[Finding]:
    """Return the warnings on a file; `others` are the names of the playbooks that it may refer to.

    A file that cannot be read has none: `lint_file` reports it.
    """
    try:
        playbook = read_playbook(path)
    except PlaybookError:
        return []
    found = [*house_rules(playbook), *_references(playbook, others)]
    return [Finding(str(path), "warning", place, text) for place, text in found]


def house_rules(playbook: Playbook) -> Found:
    """Yield the broken rules of a playbook as (path, text)."""
    if not playbook.symptoms:
        yield "$.symptoms", "is empty; write what a person sees, in the words of the alerts"
    if not playbook.tags:
        yield "$.tags", "is empty; add the technology and the kind of failure"
    for name in ("diagnosis", "steps"):
        # One step that a run carries out can be the whole way out.
        count = sum(name == "diagnosis" or isinstance(step, Manual) for step in getattr(playbook, name))
        # No diagnosis at all is a finding of the linter already.
        if 0 < count < LEAST_STEPS:
            yield f"$.{name}", f"has {count} entry; write at least {LEAST_STEPS}"
    manual = [(place, step) for place, step in all_steps(playbook) if isinstance(step, Manual)]
    if not any(step.note for _, step in manual):
        yield "$.steps", "no step has a note; write what a person must not do"
    for place, step in manual:
        if step.run and not _is_closed(step.run):
            yield f"{place}.run", "a quotation is not closed; a shell would wait for the rest"


def _references(playbook: Playbook, others: Collection[str]) -> Found:
    for name in _REFERENCE.findall(playbook.when_not_to_use):
        if name not in others:
            yield "$.whenNotToUse", f"there is no playbook {name!r}; name one of the folder or of the shipped catalogue"


def _is_closed(run: str) -> bool:
    try:
        shlex.split(_TO_FILL_IN.sub("X", PLACEHOLDER.sub("X", run)), comments=True)
    except ValueError:
        return False
    return True
