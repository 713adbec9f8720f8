"""docs/connectors.md has each setup, and the output of the command as it is."""

from __future__ import annotations

from typer.testing import CliRunner

from aiops.cli.app import app
from tests.docs.setup_table import PAGE, written


def test_the_table_is_that_of_the_setups() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page) == page, "run make docs"


def test_the_example_is_what_the_command_prints() -> None:
    page = PAGE.read_text(encoding="utf-8")
    begin = page.index("$ aiops connectors setup gitlab")
    command, _, printed = page[begin : page.index("```\n", begin)].partition("\n")
    answer = CliRunner().invoke(app, command.split()[2:])
    assert answer.output == printed
