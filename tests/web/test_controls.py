"""The pages of kill switches and deliveries, and what their forms send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.web import controls
from tests.web.calls import Desk, desk_in, refused


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for the tests that change nothing."""
    with desk_in(tmp_path_factory.mktemp("state")) as found:
        yield found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as found:
        yield found


def test_page_of_runs_shows_switches(desk: Desk) -> None:
    page = controls.runs_page(desk.call())
    assert (page.problem, page.switches, page.runs) == ("", {"global": True}, [])


def test_page_of_runs_says_why_there_are_none(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    held = desk.host.runs
    monkeypatch.setattr(desk.host, "runs", None)
    assert "respond.enabled" in controls.runs_page(desk.call()).problem
    monkeypatch.setattr(desk.host, "runs", held)


@pytest.mark.parametrize("engaged", ["", "true", "maybe", "x" * 500])
def test_switch_is_moved_with_yes_or_no_only(still: Desk, engaged: str) -> None:
    with refused(400, "expected yes or no"):
        controls.move_switch(still.call(), {"scope": "global", "engaged": engaged})
    with refused(400):
        controls.move_switch(still.call(), {"scope": "global"})


def test_switch_is_moved_by_its_form(desk: Desk) -> None:
    controls.move_switch(desk.call(), {"scope": "global", "engaged": "no", "reason": "all is well"})
    assert controls.runs_page(desk.call()).switches == {"global": False}
    with refused(400):
        controls.move_switch(desk.call(), {"scope": "", "engaged": "yes"})


def test_page_of_deliveries_shows_endpoints_and_what_is_dead(still: Desk) -> None:
    page = controls.deliveries_page(still.call())
    assert [one.name for one in page.endpoints] == ["pager"]
    assert [one.state for one in page.dead] == ["dead"]


@pytest.mark.parametrize("verb", ["retry", "drop"])
def test_form_moves_one_or_all(desk: Desk, verb: str) -> None:
    [dead] = controls.deliveries_page(desk.call()).dead
    with refused(409, "nothing to"):
        controls.move_dead(desk.call(), verb, {"id": str(dead.id + 7)})
    controls.move_dead(desk.call(), verb, {"id": str(dead.id)})
    assert controls.deliveries_page(desk.call()).dead == []
    with refused(409):
        controls.move_dead(desk.call(), verb, {})


@pytest.mark.parametrize("id", ["x", "-1", "1.0", "١", "9" * 19, "1 or 1=1"])
def test_form_names_a_delivery_by_its_number(still: Desk, id: str) -> None:
    with refused(400, "number of a delivery"):
        controls.move_dead(still.call(), "retry", {"id": id})


def test_form_with_another_verb_is_404(still: Desk) -> None:
    with refused(404, "retry, drop"):
        controls.move_dead(still.call(), "delete", {})


def test_endpoint_is_enabled_once(desk: Desk) -> None:
    controls.enable(desk.call(name="pager"), {"reason": "it is back"})
    with refused(409, "not disabled"):
        controls.enable(desk.call(name="pager"), {})
