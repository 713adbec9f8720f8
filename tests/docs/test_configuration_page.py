"""docs/configuration.md has every key of the configuration and every option of the plugins that ship, and no other."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops import registry
from aiops.config import Config, check
from aiops.errors import UsageError
from aiops.options import describe
from aiops.topology import Topology
from tests.docs.option_tables import KINDS, PAGES, shipped, written

PAGE = "configuration.md"
Tables = Callable[[str], list[Any]]
Rows = Callable[..., list[Any]]


def test_every_key_with_its_type_and_default(tables: Tables, rows: Rows) -> None:
    documented = [row for table in tables(PAGE) if table.header[0] == "key" for row in table.reference()]
    assert sorted(documented) == sorted(rows(Config))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_tables_of_plugins_are_those_of_their_classes(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert written(page) == page, "run make docs"


@pytest.mark.parametrize("group", KINDS)
def test_every_plugin_that_ships_describes_its_options(group: str) -> None:
    bare = [name for name in registry.names(group, only=registry.DISTRIBUTION) if registry.options(group, name) is None]
    assert not bare, f"expected a Struct Options on the class of {', '.join(bare)}"
    silent = [
        f"{name}: {option.name}"
        for name, struct in shipped(group).items()
        for option in describe(struct)
        if not option.description.endswith((".", ".)"))
    ]
    assert not silent, f"expected a sentence for each option; got none for {', '.join(silent)}"


def test_every_meaning_is_a_sentence(tables: Tables) -> None:
    short = [row[0] for table in tables(PAGE) for row in table.rows if not row[-1].endswith((".", ".)"))]
    assert not short, "\n".join(map(str, short))


@pytest.mark.parametrize("name", shipped("aiops.models"))
def test_every_option_of_a_model_is_read(name: str, tmp_path: Path) -> None:
    """A model that reads an option refuses a path that leads nowhere, or names it among its problems."""
    absent = str(tmp_path / "absent")
    for option in describe(shipped("aiops.models")[name]):
        value = [absent] if option.kind.startswith("list") else absent
        factory = registry.load("aiops.models", name)
        try:
            made = factory(Topology(), {option.name: value})
        except UsageError:
            continue
        assert any(absent in problem for problem in getattr(made, "problems", ())), option.name


def test_examples_are_configurations(root: Path) -> None:
    pages = [*root.glob("*.md"), *(root / "docs").glob("*.md")]
    blocks = [block for page in pages for block in page.read_text().split("```toml\n")[1:]]
    examples = [tomllib.loads(block.partition("\n```")[0]) for block in blocks]
    ours = [example for example in examples if "project" not in example]
    assert len(ours) >= 2
    for example in ours:
        check(msgspec.convert(example, Config), "example")
