"""The pages of kill switches and deliveries, and what their forms send."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.pages import controls
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


@pytest.mark.parametrize("engaged", ["", "true", "maybe", "x" * 500])
def test_switch_is_moved_with_yes_or_no_only(still: Desk, engaged: str) -> None:
    with refused(400, "expected yes or no"):
        controls.move_switch(still.call(), {"scope": "global", "engaged": engaged})
    with refused(400):
        controls.move_switch(still.call(), {"scope": "global"})


def test_switch_is_moved_by_its_form(desk: Desk) -> None:
    controls.move_switch(desk.call(), {"scope": "global", "engaged": "no", "reason": "all is well"})
    assert desk.host.runs.switches() == {"global": False}
    assert desk.host.runs.moves()["global"].reason == "all is well"
    with refused(400):
        controls.move_switch(desk.call(), {"scope": "", "engaged": "yes"})


def dead(desk: Desk) -> list[int]:
    return [row.id for row in desk.host.store.outbox.rows("dead")]


@pytest.mark.parametrize("verb", ["retry", "drop"])
def test_form_moves_one_or_all(desk: Desk, verb: str) -> None:
    [one] = dead(desk)
    with refused(409, "nothing to"):
        controls.move(desk.call(), verb, [one + 7])
    assert controls.move(desk.call(), verb, [one]) == 1
    assert dead(desk) == []
    with refused(409):
        controls.move(desk.call(), verb, [])


def test_drop_is_undone(desk: Desk) -> None:
    [one] = dead(desk)
    controls.move(desk.call(), "drop", [one])
    assert controls.move(desk.call(), "restore", [one]) == 1
    assert dead(desk) == [one]
    with refused(409, "dropped any more"):
        controls.move(desk.call(), "restore", [one])


@pytest.mark.parametrize("id", ["x", "-1", "1.0", "١", "9" * 19, "1 or 1=1"])
def test_form_names_a_delivery_by_its_number(id: str) -> None:
    with refused(400, "number of a delivery"):
        controls.numbers(["1", id])


def test_form_names_several_deliveries() -> None:
    assert controls.numbers(["1", "2,3", ""]) == [1, 2, 3]


def test_form_with_another_verb_is_404(still: Desk) -> None:
    with refused(404, "retry, drop, restore"):
        controls.move(still.call(), "delete", [])


def test_endpoint_is_enabled_once(desk: Desk) -> None:
    controls.enable(desk.call(name="pager"), {"reason": "it is back"})
    with refused(409, "not disabled"):
        controls.enable(desk.call(name="pager"), {})
