"""The shipped catalogue: every playbook passes its checks and tests, and its commands are commands."""

from __future__ import annotations

import re
import subprocess

import pytest

from aiops.respond.catalogue import Catalogue, read_catalogue, shipped
from aiops.respond.format import Playbook
from aiops.respond.lint import all_steps
from aiops.step_kinds.placeholders import PLACEHOLDER
from aiops.testing.playbooks import check_playbook

CATALOGUE: Catalogue = read_catalogue([shipped()])
NAMES = sorted(CATALOGUE.playbooks)
# Queries are for a metrics page, not for a shell.
QUERY = re.compile(r"^(sum|max|min|topk|rate|histogram_quantile)\b")


def test_there_are_enough_and_all_can_be_read() -> None:
    assert CATALOGUE.problems == []
    assert len(NAMES) >= 40


@pytest.mark.parametrize("name", NAMES)
def test_it_is_well_formed_and_its_tests_pass(name: str) -> None:
    check_playbook(shipped() / f"{name}.yaml")


def test_its_commands_are_shell() -> None:
    """One shell reads them all without running any: a syntax error names its line."""
    commands = [command for name in NAMES for command in _commands(CATALOGUE.playbooks[name])]
    assert len(commands) > 150
    script = "\n".join(f": <<'EOF_{i}'\nEOF_{i}\n{command}" for i, command in enumerate(commands))
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, timeout=300, check=False)
    assert done.stderr == ""


def _commands(playbook: Playbook) -> list[str]:
    made = []
    for _, step in all_steps(playbook):
        run = getattr(step, "run", None)
        if run and not QUERY.match(run):
            # What a person fills in stands between angle brackets, which a shell would take for redirections.
            made.append(re.sub(r"<[a-z][a-zA-Z -]*>", "FILL", PLACEHOLDER.sub("VALUE", run)))
    return made
