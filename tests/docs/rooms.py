"""The packages of the repository: their docstrings, what they import, and the floors of the layers contract.

`python -m tests.docs.rooms` writes the table of ARCHITECTURE.md again.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "ARCHITECTURE.md"
BEGIN, END = "<!-- rooms: begin -->", "<!-- rooms: end -->"
_TREES = {"aiops": ROOT, "aiops_connectors": ROOT / "connectors", "aiops_models": ROOT / "models"}
_MAY = re.compile(r"May import: (.+?)\.$", re.DOTALL | re.MULTILINE)


class Import(NamedTuple):
    """An import of a module of ours, at the top of a file, in a function or for type checking."""

    importer: str
    imported: str


@cache
def modules() -> dict[str, Path]:
    """Return the file of each module by its dotted name."""
    found = {}
    for top, base in _TREES.items():
        for path in sorted((base / top).rglob("*.py")):
            parts = path.relative_to(base).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def packages() -> dict[str, str]:
    """Return the docstring of each package by its dotted name."""
    return {
        name: ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        for name, path in modules().items()
        if path.name == "__init__.py"
    }


@cache
def imports() -> frozenset[Import]:
    """Return all imports between modules of ours."""
    return frozenset(
        Import(name, found) for name, path in modules().items() for found in _imported(path) if found != name
    )


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name in modules())
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for one in node.names:
                inner = f"{node.module}.{one.name}"
                if inner in modules() or node.module in modules():
                    yield inner if inner in modules() else node.module


def room_of(module: str) -> str:
    """Return the room of a module as docstrings name it: `engine.dedup`, `records`, `aiops_connectors.kafka`."""
    parts = module.split(".")
    is_engine_room = parts[:2] == ["aiops", "engine"] and ".".join(parts[:3]) in packages() and len(parts) > 2
    found = ".".join(parts[: 3 if is_engine_room else 2])
    return found.removeprefix("aiops.")


def may_import(package: str) -> set[str]:
    """Return the rooms that the docstring of a package lists; empty for a package that imports nothing of ours."""
    listed = _MAY.search(packages()[package])
    words = listed.group(1).replace("\n", " ") if listed else ""
    return set() if words in ("", "nothing of ours") else {word.strip() for word in words.split(",")}


def contract(container: str) -> list[set[str]]:
    """Return the floors of a layers contract, from the top down."""
    config: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for one in config["tool"]["importlinter"]["contracts"]:
        if one["type"] == "layers" and container in one["containers"]:
            return [{name.strip(" ()") for name in re.split(r"[|:]", layer)} for layer in one["layers"]]
    raise AssertionError(f"no layers contract for {container}")


def table() -> str:
    """Return the table of ARCHITECTURE.md: the floors of `aiops` from the top down, then connectors and models."""
    rows = ["| package | holds | may import |", "|---|---|---|"]
    for floor in contract("aiops"):
        inside = [f"aiops.{name}" for name in sorted(floor)]
        for name in inside:
            rows += [_row(one) for one in sorted(packages()) if one == name or one.startswith(f"{name}.")]
        single = [name.removeprefix("aiops.") for name in inside if name in modules() and name not in packages()]
        if single:
            rows.append(f"| {', '.join(f'`{name}`' for name in single)} | {_holds(single)} | the rows below |")
    rows += [_row(name) for name in sorted(packages()) if not name.startswith("aiops.") and name != "aiops"]
    return "\n".join(rows)


def _row(package: str) -> str:
    summary = packages()[package].splitlines()[0].rstrip(".")
    listed = ", ".join(f"`{name}`" for name in sorted(may_import(package))) or "nothing of ours"
    return f"| `{package.removeprefix('aiops.').replace('.', '/')}` | {summary} | {listed} |"


def _holds(names: list[str]) -> str:
    """Return the first lines of single modules."""
    docs = [ast.get_docstring(ast.parse(modules()[f"aiops.{name}"].read_text(encoding="utf-8"))) for name in names]
    return " ".join((doc or "").splitlines()[0] for doc in docs)


def main() -> None:
    """Write the table into ARCHITECTURE.md."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n{table()}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
