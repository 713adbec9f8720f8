"""`aiops incidents assign`, `snooze`, `merge`, `split`, `undo`, `history`, before a daemon's socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.records import Tick
from tests.cli.desk import Desk, desk_in
from tests.web.conftest import NOW


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as found:
        found.host.fold([Tick(ts=NOW)])
        yield found


def shown(desk: Desk) -> dict[str, Any]:
    return dict(json.loads(desk.out("incidents", "show", desk.incident, "--json")))


def test_each_action_prints_what_it_did_and_what_it_means(desk: Desk) -> None:
    name = desk.incident
    assert desk.out("incidents", "assign", name, "bob", "--as", "alice") == (
        f"{name}: assigned to bob, and acknowledged; endpoints that know it get one update, and nobody is called\n"
    )
    assert (shown(desk)["assigned_to"], shown(desk)["acknowledged_by"]) == ("bob", "alice")
    assert "assigned to nobody again" in desk.out("incidents", "undo", name)
    assert "snoozed until 2026-03-01T22:00:00.000Z" in desk.out(
        "incidents", "snooze", name, "--until", "2026-03-01T22:00:00Z"
    )
    assert "snooze ended" in desk.out("incidents", "unsnooze", name)
    assert "noted; nobody is notified" in desk.out("incidents", "note", name, "called the vendor")
    assert "resolved; " in desk.out("incidents", "resolve", name)
    assert "reopened, with 3 alert streams firing" in desk.out("incidents", "reopen", name)


def test_alerts_are_split_out_and_merged_again(desk: Desk) -> None:
    alert = shown(desk)["members"][0]["alert_id"]
    text = desk.out("incidents", "split", desk.incident, alert)
    made = text.split("split out to ")[1].split(",")[0]
    assert shown(desk)["stream_count"] == 2
    assert f"merged into {desk.incident}, which stays" in desk.out("incidents", "merge", made, desk.incident)
    assert shown(desk)["stream_count"] == 3


def test_the_history_has_who_did_what(desk: Desk) -> None:
    desk.out("incidents", "assign", desk.incident, "bob", "--as", "alice")
    lines = desk.out("incidents", "history", desk.incident).splitlines()
    assert any(line.endswith("  Opened") for line in lines)
    assert "updated: " not in "\n".join(lines)
    assert any(line.endswith("(alice)") and "assign applied: assigned to bob" in line for line in lines)
    entries = json.loads(desk.out("incidents", "history", desk.incident, "--json"))
    assert entries[-1]["actor"] == "alice"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("snooze", "ID"), "expected a length (2h) or --until, one of them"),
        (("snooze", "ID", "1h", "--until", "2026-03-01T22:00:00Z"), "expected a length (2h) or --until"),
        (("snooze", "ID", "soon"), "expected a length such as 30m, 2h or 1d; got 'soon'"),
        (("merge", "ID", "inc-nothing"), "expected the id of an incident"),
        (("split", "ID", "nothing"), "expected the id of an alert of the incident"),
        (("undo", "ID"), "nothing to undo"),
        (("reopen", "inc-nothing"), "expected the id of an incident"),
    ],
)
def test_wrong_usage_names_what_was_expected(desk: Desk, words: tuple[str, ...], reason: str) -> None:
    before = shown(desk)
    result = desk.run("incidents", *(desk.incident if word == "ID" else word for word in words))
    assert result.exit_code != 0
    assert reason in str(result.exception) + result.output
    assert shown(desk) == before


def test_an_incident_is_marked_and_the_mark_is_undone(desk: Desk) -> None:
    assert desk.out("incidents", "mark", desk.incident, "noise", "--as", "alice") == (
        f"{desk.incident}: marked as noise; nobody is notified\n"
    )
    assert shown(desk)["marked"]["label"] == "noise"
    assert "no longer marked" in desk.out("incidents", "undo", desk.incident)
    assert "marked" not in shown(desk)
