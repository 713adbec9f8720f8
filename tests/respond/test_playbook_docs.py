"""The page on playbooks is true: its example works, and it names every field."""

from __future__ import annotations

import re
from pathlib import Path

from aiops.cli.playbooks import playbooks_app
from aiops.respond.catalogue import read_playbook
from aiops.respond.format import Match, Parameter, Playbook
from aiops.respond.guards import GUARDS
from aiops.respond.lint import lint_file
from aiops.respond.parameters import read_source
from aiops.respond.situation import Situation
from aiops.respond.trials import run_trials

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "playbooks.md").read_text(encoding="utf-8")


def test_the_example_is_well_formed_and_passes_its_tests(tmp_path: Path) -> None:
    name, text = re.findall(r"<!-- tested: ([a-z-]+) -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
    path = tmp_path / f"{name}.yaml"
    path.write_text(text)
    assert lint_file(path) == []
    results = run_trials(read_playbook(path))
    assert [result.problems for result in results] == [[], []]


def test_every_field_is_named() -> None:
    for struct in (Playbook, Match, Parameter):
        for field in struct.__struct_encode_fields__:
            assert f"`{field}`" in PAGE, f"{struct.__name__}.{field}"


def test_every_command_is_named() -> None:
    for command in playbooks_app.registered_commands:
        assert f"aiops playbooks {command.name} " in PAGE


def test_guards_are_listed_in_their_order() -> None:
    listed = re.search(r"in this order: (.*?)\.", PAGE, re.DOTALL)
    assert listed
    names = [name.strip() for name in listed.group(1).replace("\n", " ").split(",")]
    assert [name for name in names if name != "preconditions"] == [name for name, _ in GUARDS]


def test_every_source_is_read() -> None:
    now = Situation("i", 3, [], "e", "host", "s")
    for source in re.findall(r"`((?:cause|incident)\.[a-z]+)`", PAGE):
        assert read_source(source, now, None), source
