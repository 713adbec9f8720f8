"""What of measuring rooms can be checked without compiling."""

from __future__ import annotations

import tomllib

import pytest

from aiops.compile import ROOT, modules
from benchmarks.throughput.compiled_rooms import ALL, NONE, Variant, room, table, variants, with_list


def test_variants_leave_out_one_room_each() -> None:
    listed = modules()
    found = {each.name: each.modules for each in variants(listed)}
    assert found[ALL] == listed
    assert found[NONE] == []
    rooms = {room(each) for each in listed}
    assert set(found) == {ALL, NONE} | {f"without {name}" for name in rooms}
    for name in rooms:
        left_out = set(listed) - set(found[f"without {name}"])
        assert left_out == {each for each in listed if room(each) == name}


def test_with_list_replaces_the_list_of_the_hook_and_nothing_else() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    before, after = tomllib.loads(text), tomllib.loads(with_list(text, ["aiops/engine/engine.py"]))
    hooks = [each["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["mypyc"] for each in (before, after)]
    assert hooks[1].pop("include") == ["/aiops/engine/engine.py"]
    hooks[0].pop("include")
    assert before == after


def test_with_list_refuses_a_text_without_the_list() -> None:
    with pytest.raises(AssertionError, match="got 0"):
        with_list("[project]\n", [])


def test_table_shows_ratios_of_the_least_of_the_rounds() -> None:
    found = [
        Variant(ALL, ["a", "b"], folds={"x": [5.0, 4.0], "y": [10.0, 12.0]}),
        Variant(NONE, [], folds={"x": [8.0, 9.0], "y": [50.0, 45.0]}),
    ]
    lines = table(found, ["x", "y"]).splitlines()
    assert lines[2] == "| all | 2 | 1.00 | 1.00 | 1.00 |"
    assert lines[3] == "| none | 0 | 3.00 | 2.00 | 4.50 |"
    assert lines[4] == "| all, µs an alert | | | 4.0 | 10.0 |"
