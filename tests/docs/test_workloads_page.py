"""docs/workloads.md has every packaged rule in its order, and shows what the command prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from aiops.cli.app import app
from aiops.workloads import packaged_rules

PAGE = "workloads.md"
Tables = Callable[[str], list[Any]]


def test_table_has_each_packaged_rule_with_its_first_example(tables: Tables) -> None:
    expected = []
    for rule in packaged_rules():
        name, workload = next(iter(rule.examples.items()))
        expected.append((f"`{rule.name}`", f"`{name}`", f"`{workload}`", rule.why))
    (table,) = tables(PAGE)
    assert table.rows == expected


def test_shown_output_is_that_of_the_command(root: Path) -> None:
    page = (root / "docs" / PAGE).read_text(encoding="utf-8")
    command, _, output = page.partition("$ aiops workloads ")[2].partition("\n```")[0].partition("\n")
    assert CliRunner().invoke(app, ["workloads", *command.split()]).output.rstrip() == output
