"""ARCHITECTURE.md and the docstrings of packages are true: every package, and what it imports."""

from __future__ import annotations

import re

import networkx as nx
import pytest

from tests.docs.rooms import BEGIN, END, PAGE, contract, imports, may_import, modules, packages, room_of, table

NAMED = re.compile(r"`([a-z_]+)`")
PACKAGES = sorted(packages().keys() - {"aiops"})


def test_the_table_is_that_of_the_contract_and_the_docstrings() -> None:
    text = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert text.strip() == table(), "write it again: python -m tests.docs.rooms"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_what_lives_there(package: str) -> None:
    """A summary, a paragraph with the reading order, and what it may import."""
    paragraphs = packages()[package].split("\n\n")
    assert len(paragraphs) >= 3, f"{package}: expected a summary, the reading order, and `May import: …`"
    assert len(paragraphs[0].splitlines()) == 1
    assert "May import: " in paragraphs[-1]
    inside = {name.rpartition(".")[2] for name in modules() if name.startswith(f"{package}.")}
    named = set(NAMED.findall("\n\n".join(paragraphs[1:-1])))
    assert named & inside, f"{package}: names none of its modules"
    parts = {word for name in modules() for word in name.split(".")}
    gone = {word for word in named - parts if "_" in word}
    assert not gone, f"{package}: names modules that are not there: {gone}"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_it_lists(package: str) -> None:
    own = room_of(package) if package.startswith("aiops.") else package
    is_room = own.startswith("engine.")
    found = {
        (one.importer, one.imported)
        for one in imports()
        if _is_inside(one.importer, package) and not _is_inside(one.imported, package) and one.imported != "aiops"
    }
    # Modules at the root of the engine lie above and below its rooms; the contract orders them.
    listed = may_import(package)
    wrong = {
        (importer, imported)
        for importer, imported in found
        if not (is_room and room_of(imported) == "engine")
        and not {room_of(imported), room_of(imported).partition(".")[0]} & listed
    }
    assert not wrong, f"{package}: add to `May import:` where the contract allows it: {sorted(wrong)}"


@pytest.mark.parametrize("package", [name for name in PACKAGES if name.count(".") == 1 and name.startswith("aiops.")])
def test_what_a_package_lists_lies_below_it(package: str) -> None:
    floors = contract("aiops")
    own = package.removeprefix("aiops.")
    place = next(number for number, floor in enumerate(floors) if own in floor)
    below = set().union(*floors[place + 1 :])
    assert may_import(package) <= below


def test_no_module_is_imported_by_one_that_it_imports() -> None:
    """No circle between files, those for type checking and inside functions among them."""
    graph = nx.DiGraph([(one.importer, one.imported) for one in imports()])
    circles = [sorted(found) for found in nx.strongly_connected_components(graph) if len(found) > 1]
    assert circles == []


def _is_inside(module: str, package: str) -> bool:
    if package == "aiops.engine":
        return room_of(module).partition(".")[0] == "engine"
    return module == package or module.startswith(f"{package}.")


def test_files_that_the_page_names_are_there() -> None:
    """By the end of their path: the text gives the package where it is not clear."""
    there = [f"/{path.relative_to(PAGE.parent)}" for path in PAGE.parent.glob("*/**/*.py") if ".venv" not in path.parts]
    named = set(re.findall(r"`([a-z_/]+\.py)`", PAGE.read_text(encoding="utf-8")))
    assert len(named) > 10
    assert not {name for name in named if not any(path.endswith(f"/{name}") for path in there)}
