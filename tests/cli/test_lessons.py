"""`aiops incidents lessons` and `forget`, over a real control socket."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from aiops.cli.lessons import forget_command, lessons_command, show_lessons
from tests.cli.desk import Desk, desk_in

__all__ = ["forget_command", "lessons_command", "show_lessons"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_in(tmp_path_factory.mktemp("state")) as found:
        yield found


def test_lessons_are_listed_and_forgotten(desk: Desk) -> None:
    assert "nobody has corrected the grouping yet" in desk.out("incidents", "lessons")
    member = json.loads(desk.out("incidents", "show", desk.incident, "--json"))["members"][0]["alert_id"]
    assert "learned for alerts like these" in desk.out("incidents", "confirm", desk.incident, "--wrong", member)
    desk.host.engine.correlate.lessons.all[0].id = "act:1"
    [one] = json.loads(desk.out("incidents", "lessons", "--json"))["lessons"]
    text = desk.out("incidents", "lessons")
    assert one["sentence"] in text
    assert "act:1" in text
    assert "1 lesson forgotten" in desk.out("incidents", "forget", "act:1")
    assert "nobody has corrected" in desk.out("incidents", "lessons")
    result = desk.run("incidents", "forget", "--by", "ann", "--as", "bob")
    assert result.exit_code == 1
    assert "expected a lesson by 'ann'" in str(result.exception)
    assert desk.host.actions[-1].actor == "bob"


def test_lessons_that_are_not_in_use_are_listed_as_such(desk: Desk) -> None:
    desk.host.engine.correlate.lessons.applies = False
    assert "lessons change no decision" in desk.out("incidents", "lessons")
