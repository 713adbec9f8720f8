"""Steps of a filled-in playbook at a terminal."""

from __future__ import annotations

from aiops.cli.filled_view import step_lines
from aiops.respond.rendering import Shown
from aiops.step_kinds.exchange import Prepared


def lines(*steps: Shown) -> list[str]:
    return [line.plain for line in step_lines("Do", steps)]


def test_section_without_steps_has_no_title() -> None:
    assert lines() == []


def test_commands_and_requests_keep_their_lines() -> None:
    request = Prepared("POST", "https://ops.example/x", {}, {"to": {"release": "previous"}})
    assert lines(Shown("manual", "look", "a\nb"), Shown("http", "call", request=request)) == [
        "Do",
        "1. look",
        "   $ a",
        "   $ b",
        "2. call",
        "   POST https://ops.example/x",
        "   {",
        '     "to": {',
        '       "release": "previous"',
        "     }",
        "   }",
    ]


def test_hidden_characters_of_a_command_are_seen() -> None:
    assert lines(Shown("manual", "look", "rm \u202e-rf"))[-1] == "   $ rm \ufffd-rf"
