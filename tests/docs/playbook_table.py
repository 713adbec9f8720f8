"""The tables of shipped playbooks in docs/playbooks.md: what each reads on its own, and what each can change.

`make docs` runs it as a program; `test_playbooks_page.py` fails while the page differs.
"""

from __future__ import annotations

import re
from pathlib import Path

from aiops.respond.catalogue import read_catalogue, shipped
from aiops.respond.collectors import Collect, source_name, system_of
from aiops.respond.format import Playbook
from aiops.respond.step_registry import name_of
from aiops.respond.steps import Manual
from aiops.step_kinds.forms import Form

PAGE = Path(__file__).parents[2] / "docs" / "playbooks.md"
_REGION = re.compile(
    r"(<!-- (actions|collectors): make docs -->\n).*?(<!-- end of (?:actions|collectors) -->)", re.DOTALL
)


def acting() -> list[Playbook]:
    """Return the shipped playbooks that a run can carry out, by name."""
    return [one for one in _all() if any(isinstance(step, Form) for step in one.steps)]


def reading() -> list[Playbook]:
    """Return the shipped playbooks with collectors, by name."""
    return [one for one in _all() if any(isinstance(step, Collect) for step in one.diagnosis)]


def written(page: str) -> str:
    """Return the page with its tables as the catalogue is now."""
    tables = {"actions": _actions, "collectors": _collectors}
    return _REGION.sub(lambda found: f"{found[1]}\n{tables[found[2]]()}\n{found[3]}", page)


def _all() -> list[Playbook]:
    return sorted(read_catalogue([shipped()]).playbooks.values(), key=lambda one: one.name)


def _actions() -> str:
    lines = ["| playbook | does | by | only if | mode |", "|---|---|---|---|---|"]
    for one in acting():
        steps = [step for step in one.steps if isinstance(step, Form)]
        by = ", ".join(f"`{_operation(step)}`" for step in steps)
        only = "; ".join(_lower(step.name) for step in one.preconditions)
        back = "" if one.reversible else ", not reversible"
        lines.append(f"| `{one.name}` | {one.summary} | {by} | {only} | {one.mode}{back} |")
    return "\n".join(lines) + "\n"


def _operation(step: Form) -> str:
    """What a step does, in the words of its kind: the operation, or the template or job that it names."""
    fields = ("operation", "template", "job", "document")
    word = next((getattr(step, name) for name in fields if getattr(step, name, None)), "")
    return f"{name_of(step)} {word}".strip()


def _collectors() -> str:
    lines = ["| playbook | reads |", "|---|---|"]
    for one in reading():
        reads = [f"{_lower(step.name)} (`{_system(step)}`)" for step in one.diagnosis if isinstance(step, Collect)]
        lines.append(f"| `{one.name}` | {'; '.join(reads)} |")
    return "\n".join(lines) + "\n"


def _system(collector: Collect) -> str:
    system, source = system_of(collector), source_name(collector)
    return system if system == source else f"{system}, {source}"


def _lower(text: str) -> str:
    """Begin with a small letter, unless the first word is a name such as CPU."""
    return text if text[1:2].isupper() else text[0].lower() + text[1:]


def manual_steps(playbook: Playbook) -> list[Manual]:
    """Return the steps that a person carries out."""
    return [step for step in playbook.steps if isinstance(step, Manual)]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
