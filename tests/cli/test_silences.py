"""`aiops silences` and `aiops health` over a control socket in this process: quick, and every way to be wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.cli.silences import health_command, silences_app
from aiops.errors import UsageError
from tests.cli.desk import Desk, desk_in
from tests.web.conftest import NOW


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_in(tmp_path_factory.mktemp("state")) as found:
        yield found


def test_silence_is_added_listed_and_ended(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        added = desk.out("silences", "add", "service=checkout", "--for", "2h", "--id", "deploy", "--note", "release")
        assert "it matches 3 streams" in added
        [found] = json.loads(desk.out("silences", "list", "--json"))
        assert (found["id"], found["comment"]) == ("deploy", "release")
        assert found["end"] - found["start"] == pytest.approx(7_200)
        assert "release" in desk.out("silences", "list")
        desk.out("silences", "end", "deploy", "--as", "ann")
        assert (desk.host.actions[-1].verb, desk.host.actions[-1].actor) == ("unsilence", "ann")
        assert "no silences" in desk.out("silences", "list")
        assert desk.run("silences", "end", "deploy").exit_code == 1


def test_preview_sets_nothing(desk: Desk) -> None:
    shown = desk.out("silences", "add", "service=checkout", "--for", "2h", "--preview")
    assert "would add a silence that matches 3 streams" in shown
    assert json.loads(desk.out("silences", "list", "--json")) == []
    assert desk.host.actions == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a=b", "--for", "2 hours"), "--for: expected a duration"),
        (("a=b", "--for", "1h\n"), "--for: expected a duration"),
        (("a", "--for", "1h"), "matcher"),
        (("a=~(", "--for", "1h"), ""),
        (("a=b", "--for", "1h", "--from", "tomorrow"), "--from"),
        (("a=b", "--for", "1h", "--every", "hour"), "every"),
        (("a=b", "--for", "1h", "--every", "day", "--zone", "Mars/Olympus"), "Mars"),
        (("a=b", "--for", "1h", "--every", "week", "--weekdays", "someday"), ""),
        (("a=b", "--for", "1h", "--weekdays", "mon"), ""),
        (("a=b", "--for", "1h", "--from", "2020-01-01T00:00:00Z"), ""),
    ],
    ids=str,
)
def test_silence_that_does_not_fit_is_refused_before_the_daemon_is_asked(
    desk: Desk, words: tuple[str, ...], said: str
) -> None:
    result = desk.run("silences", "add", *words)
    assert isinstance(result.exception, UsageError), result.output
    assert said in str(result.exception)
    assert desk.host.actions == []


def test_recurring_window_lasts_by_the_wall_clock(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        window = ("--for", "12h", "--from", "2036-10-25T20:00", "--every", "day", "--zone", "Europe/Berlin")
        desk.out("silences", "add", "a=b", *window, "--id", "night")
        [found] = json.loads(desk.out("silences", "list", "--json"))
        assert found["end"] - found["start"] == 13 * 3_600, "summer time ends in this night"
        assert found["start"] > NOW


def test_health_is_json_and_its_exit_code_is_the_state(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        assert json.loads(desk.out("health"))["ready"] is True
        desk.host.status = "degraded"
        result = desk.run("health")
        assert (result.exit_code, json.loads(result.output)["status"]) == (1, "degraded")
    assert desk.run("health").exit_code == 1
    assert health_command.__doc__
    assert silences_app.info.no_args_is_help


def test_silence_is_extended(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        desk.out("silences", "add", "service=checkout", "--for", "2h", "--id", "deploy", "--note", "release")
        [before] = json.loads(desk.out("silences", "list", "--json"))
        assert "deploy ends at" in desk.out("silences", "extend", "deploy", "--by", "3h")
        [after] = json.loads(desk.out("silences", "list", "--json"))
        assert after["end"] == pytest.approx(before["end"] + 3 * 3_600)
        assert (after["start"], after["comment"]) == (before["start"], "release")
        assert desk.run("silences", "extend", "nothing").exit_code == 2 or desk.run("silences", "extend", "x").exception
        assert isinstance(desk.run("silences", "extend", "deploy", "--by", "soon").exception, UsageError | SystemExit)


def test_calendar_lists_what_is_in_force(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        assert "nothing is silenced in the next 14 days" in desk.out("silences", "calendar")
        desk.out("silences", "add", "service=web", "--for", "1h", "--every", "day", "--note", "nightly [b]backup")
        shown = desk.out("silences", "calendar", "--days", "7")
        assert shown.count("nightly [b]backup") in (7, 8)
        assert len(json.loads(desk.out("silences", "calendar", "--days", "1", "--json"))) in (1, 2)
