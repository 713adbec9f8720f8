"""`aiops incidents`: what is listed, shown and said, over a real store and a real control socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.cli.incidents import confirm_command, incident_of, show_command, user
from aiops.cli.state import state_directory
from aiops.engine.events import IncidentChanged
from aiops.errors import UsageError
from aiops.records import Incident
from aiops.store.store import FrameDecisions
from tests.cli.desk import Desk, desk_in
from tests.store.openings import hold_opening
from tests.web.conftest import NOW


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_in(tmp_path_factory.mktemp("state")) as found:
        yield found


def test_list_shows_what_is_open(desk: Desk) -> None:
    assert desk.incident in desk.out("incidents", "list")
    [line] = json.loads(desk.out("incidents", "list", "--json"))
    assert (line["id"], line["severity"]) == (desk.incident, 4)


@pytest.mark.parametrize("words", [("--status", "resolved"), ("--status", "merged", "--status", "resolved")])
def test_list_of_other_states_is_empty(desk: Desk, words: tuple[str, ...]) -> None:
    assert "no incidents that are" in desk.out("incidents", "list", *words)
    assert json.loads(desk.out("incidents", "list", *words, "--json")) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--status", "gone"), "--status: expected one of open"),
        (("list", "--severity", "bad"), "--severity: expected critical"),
        (("list", "--sort", "size"), "--sort: expected severity, last, opened, alerts"),
        (("list", "sevice:x"), "did you mean service:?"),
        (("list", "--newer", "soon"), "expected an age such as <1h"),
        (("show", "inc-nobody"), "expected the id of an incident"),
        (("show", ""), "got nothing"),
        (("resolve", ""), "got nothing"),
        (("confirm", "inc-"), "expected --cause, --playbook, --belongs or --wrong"),
        (("confirm", "inc-", "--outcome", "helped"), "--outcome: expected with --playbook"),
        (
            ("confirm", "inc-", "--playbook", "p", "--outcome", "fine"),
            "--outcome: expected resolved, helped or useless",
        ),
    ],
)
def test_wrong_usage_says_what_was_expected(desk: Desk, words: tuple[str, ...], said: str) -> None:
    result = desk.run("incidents", *words)
    assert isinstance(result.exception, UsageError)
    assert said in str(result.exception)
    assert not desk.host.actions, "nothing was said of an incident"


def test_show_takes_the_beginning_of_an_id(desk: Desk) -> None:
    shown = desk.out("incidents", "show", desk.incident[:8])
    assert desk.incident in shown
    assert "Timeline" in shown
    assert json.loads(desk.out("incidents", "show", desk.incident, "--json"))["id"] == desk.incident


def test_beginning_of_several_ids_is_refused(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        for number in range(5):
            incident = Incident(
                id=f"old-{number:03}", opened_at=NOW, status="resolved", severity="warning", title="old"
            )
            event = IncidentChanged(0, NOW, "resolved", incident, 1, [])
            desk.host.store.apply([FrameDecisions(1_000 + number, NOW, [event])])
        with pytest.raises(UsageError, match="the beginning of several incidents: old-000, old-001, old-002 …"):
            incident_of(desk.directory, "old-")
        assert incident_of(desk.directory, "old-004").id == "old-004"


def test_control_characters_of_an_alert_do_not_reach_the_terminal(desk: Desk) -> None:
    assert "\x1b" not in desk.out("incidents", "show", desk.incident)


def test_word_of_a_person_carries_who_and_why(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        assert desk.incident in desk.out("incidents", "ack", desk.incident, "--as", "ann", "--note", "looking")
        action = desk.host.actions[-1]
        assert (action.verb, action.actor, action.message) == ("acknowledge", "ann", "looking")
        desk.out("incidents", "resolve", desk.incident[:8])
        assert desk.host.actions[-1].incident == desk.incident
        assert "no incidents" in desk.out("incidents", "list")
        result = desk.run("incidents", "ack", desk.incident)
        assert result.exit_code == 1
        assert "acknowledge" in str(result.exception)


def test_confirm_says_all_that_it_is_given(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        member = json.loads(desk.out("incidents", "show", desk.incident, "--json"))["members"][0]["alert_id"]
        words = ("--cause", "checkout", "--playbook", "host-disk-full", "--outcome", "helped", "--belongs", member)
        desk.out("incidents", "confirm", desk.incident, *words)
        said = [(action.verb, action.entity, action.args) for action in desk.host.actions]
        assert said == [
            ("confirm_cause", "checkout", {}),
            ("confirm_playbook", None, {"playbook": "host-disk-full", "outcome": "helped"}),
            ("confirm_grouping", None, {"alerts": member, "wrong": ""}),
        ]


def test_show_gives_a_playbook_with_its_commands_and_markdown(desk: Desk) -> None:
    text = desk.out("incidents", "show", desk.incident, "--playbook", "host-disk-full")
    assert "Playbook host-disk-full" in text
    assert "$ df -h" in text
    short = desk.out("incidents", "show", desk.incident, "--markdown")
    assert short.startswith("**Critical: checkout")
    assert len(short.splitlines()) <= 12
    found = desk.out("incidents", "show", desk.incident, "--markdown", "--full")
    assert found.startswith("# Critical: checkout")
    assert "<script>" not in found.replace("\\<script>", "")


def test_without_a_daemon_incidents_are_shown_and_nothing_is_said(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        incident = desk.incident
        assert incident_of(tmp_path, incident).id == incident
    shown = desk.run("incidents", "show", incident)
    assert shown.exit_code == 0
    assert "The daemon does not answer" in shown.stderr
    result = desk.run("incidents", "ack", incident)
    assert result.exit_code == 1
    assert incident in desk.out("incidents", "list")


def test_directory_is_the_options_or_the_configurations(tmp_path: Path) -> None:
    assert state_directory(None, None, tmp_path) == tmp_path
    assert state_directory(None, [f"state.directory={tmp_path}/x"], None) == tmp_path / "x"


def test_user_is_named_whatever_the_host_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise OSError("no such user")

    monkeypatch.setattr("getpass.getuser", fail)
    assert user() == "command line"


def test_help_of_each_command_is_a_sentence() -> None:
    for command in (show_command, confirm_command):
        assert str(command.__doc__).splitlines()[0].endswith(".")


def test_show_names_who_is_not_notified_and_why(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        assert "inhibited" not in desk.out("incidents", "show", desk.incident, "--json")
        hold_opening(desk.host.store, desk.incident)
        shown = desk.out("incidents", "show", desk.incident)
        assert "chat is not notified. Inhibited by RackDown on rack-7 (rack-down)" in shown
        [one] = json.loads(desk.out("incidents", "show", desk.incident, "--json"))["inhibited"]
        assert (one["endpoint"], one["hold"]["rule"]) == ("chat", "rack-down")
        assert "inhibited by RackDown" in desk.out("outbox", "list")
        [row] = [row for row in json.loads(desk.out("outbox", "list", "--json")) if row["held"]]
        assert (row["held"], row["due_at"]) == ("inhibited by RackDown on rack-7 in inc-9 (rack-down)", None)


def test_full_is_refused_without_markdown(tmp_path: Path) -> None:
    with desk_in(tmp_path) as desk:
        result = desk.run("incidents", "show", desk.incident, "--full")
    assert str(result.exception).startswith("--full: expected --markdown with it")
