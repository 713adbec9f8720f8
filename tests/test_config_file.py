"""Configuration files: TOML, assignments over it, and errors that name the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, field

from aiops.config_file import load
from aiops.errors import UsageError


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    size: int = 1
    name: str = "a"
    parts: list[str] = field(default_factory=list)
    deep: dict[str, Any] = field(default_factory=dict)


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    top: bool = False
    section: Section = field(default_factory=Section)


def write(folder: Path, text: str) -> Path:
    path = folder / "aiops.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_given_is_the_defaults() -> None:
    assert load(None, [], Config) == Config()


def test_assignments_stand_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, 'top = true\n[section]\nsize = 2\nname = "b"\n')
    config = load(path, ["section.size=3", "section.deep.x.y=[1]"], Config)
    assert config == Config(True, Section(3, "b", [], {"x": {"y": [1]}}))


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("section.name=plain text", "plain text"),
        ("section.name='quoted'", "quoted"),
        ("section.name=a=b", "a=b"),
        ("section.name=", ""),
        (" section.name = spaced ", "spaced"),
        ("section.name=[not toml", "[not toml"),
    ],
)
def test_text_needs_no_quotes(assignment: str, value: str) -> None:
    assert load(None, [assignment], Config).section.name == value


def test_last_of_several_assignments_counts() -> None:
    assert load(None, ["section.size=1", "section.size=2"], Config).section.size == 2


@pytest.mark.parametrize("assignment", ["section.size", "=1", "section.=1", ".size=1", "section..size=1", ""])
def test_assignment_of_another_form_is_refused(assignment: str) -> None:
    with pytest.raises(UsageError, match=r"--set: expected section\.key=value"):
        load(None, [assignment], Config)


def test_value_is_no_section() -> None:
    with pytest.raises(UsageError, match="top is a value, not a section"):
        load(None, ["top=true", "top.x=1"], Config)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[section]\nsise = 1", r"aiops\.toml: .*sise.*\$\.section.*; see `aiops config keys`"),
        ("[section]\nsize = 'x'", r"aiops\.toml: Expected `int`.*\$\.section\.size"),
        ("[section", r"aiops\.toml: expected TOML"),
        ("a = 1\na = 2", r"aiops\.toml: expected TOML"),
    ],
)
def test_errors_name_the_file_and_the_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load(write(tmp_path, text), [], Config)


def test_errors_of_assignments_name_the_option() -> None:
    with pytest.raises(UsageError, match=r"^--set: Expected `int`.*\$\.section\.size"):
        load(None, ["section.size=many"], Config)


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone\.toml: No such file"):
        load(tmp_path / "gone.toml", [], Config)
    with pytest.raises(UsageError, match="Is a directory"):
        load(tmp_path, [], Config)
    path = tmp_path / "latin.toml"
    path.write_bytes(b'name = "\xe4"')
    with pytest.raises(UsageError, match="expected TOML"):
        load(path, [], Config)


class Item(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    size: int = 1


class Listed(Struct, frozen=True, forbid_unknown_fields=True):
    items: list[Item] = field(default_factory=list)


def test_items_of_a_list_are_found_by_their_name(tmp_path: Path) -> None:
    path = write(tmp_path, '[[items]]\nname = "a"\n[[items]]\nname = "b"\n')
    assert load(path, ["items.b.size=3"], Listed) == Listed([Item("a"), Item("b", 3)])


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("items.c.size=3", "--set items.c.size: no item of that name \\(got 'c'; use a\\)"),
        ("items.a=3", "--set items.a: a is an item of a list"),
    ],
)
def test_item_that_is_not_there_is_refused(tmp_path: Path, assignment: str, message: str) -> None:
    path = write(tmp_path, '[[items]]\nname = "a"\n')
    with pytest.raises(UsageError, match=message):
        load(path, [assignment], Listed)
