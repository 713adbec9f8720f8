"""Tests mirror the tree: each module has a file of its own or a test that imports it; some rooms as many lines."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TREES = {
    "aiops": ROOT / "aiops",
    "aiops_connectors": ROOT / "connectors" / "aiops_connectors",
    "aiops_models": ROOT / "models" / "aiops_models",
}
# Modules with neither, each with where it is tested instead. The list only gets shorter.
ELSEWHERE = {
    "aiops.__main__": "started as a process by tests/cli and tests/daemon",
    "aiops.cli.__main__": "started as a process by tests/cli and tests/daemon",
    "aiops.cli.command_options": "holds the options of commands, which tests/cli give",
    "aiops.engine.incidents.episodes": "by tests/engine/test_pipeline.py, which takes alerts through each of its ways",
    "aiops.notebook.result": "by tests/notebook through `import aiops`, as people reach it",
    "aiops.notebook.timeline": "by tests/notebook/test_pictures.py through `result.plot_timeline()`",
    "aiops.testing.incidents": "by the kits of models, which run over everything registered",
    "aiops_connectors.examples": "by the kits of sources and sinks, which run over everything registered",
    "aiops_connectors.kafka.kafka_python": "by each test of tests/kafka that reads through a `lab`",
    "aiops_connectors.kafka.librdkafka": "by each test of tests/kafka that reads through a `lab`",
}
# Rooms with at least as many lines of tests as of code.
AS_LONG = ("daemon", "engine", "notify", "respond")


def modules() -> dict[str, Path]:
    """All modules that hold more than a docstring and imports, by dotted name."""
    found = {}
    for package, root in TREES.items():
        for path in sorted(root.rglob("*.py")):
            parts = [package, *path.relative_to(root).with_suffix("").parts]
            if path.name == "__init__.py":
                parts.pop()
            found[".".join(parts)] = path
    return found


def _imports(path: Path) -> Iterator[tuple[str, str]]:
    """(Module, name) of each import; the name is empty for `import module`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((each.name, "") for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.module, each.name) for each in node.names)


def _is_code(path: Path) -> bool:
    """True for a module that does something; a package that only re-exports is tested by what it re-exports."""
    if path.name != "__init__.py":
        return True
    plain = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr)
    return not all(isinstance(node, plain) for node in ast.parse(path.read_text(encoding="utf-8")).body)


def _imported(known: dict[str, Path]) -> set[str]:
    """Modules that a test imports, by name or through a package that re-exports what it takes."""
    exports = {
        (package, name): module
        for package, path in known.items()
        if path.name == "__init__.py"
        for module, name in _imports(path)
    }
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        for module, name in _imports(path):
            seen: set[tuple[str, str]] = set()
            while (module, name) in exports and (module, name) not in seen:
                seen.add((module, name))
                module = exports[module, name]
            found |= {module, f"{module}.{name}"}
    return found


def _has_its_file(name: str) -> bool:
    """True for `tests/engine/dedup/test_stream.py` of `aiops.engine.dedup.stream`, or `test_stream_….py` there."""
    package, *rooms, module = name.split(".")
    place = ROOT / "tests" / {"aiops_connectors": "connectors", "aiops_models": "models"}.get(package, ".")
    return any(place.joinpath(*rooms).glob(f"test_{module}*.py"))


def test_every_module_has_its_tests() -> None:
    known = modules()
    found = _imported(known)
    missing = {name for name, path in known.items() if name not in found and _is_code(path) and not _has_its_file(name)}
    assert missing - set(ELSEWHERE) == set(), "write tests/<room>/test_<module>.py for each of them"
    assert set(ELSEWHERE) - missing == set(), "these are imported now: take them off the list"


def _lines(root: Path) -> int:
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in root.rglob("*.py"))


@pytest.mark.parametrize("room", AS_LONG)
def test_room_has_as_many_lines_of_tests_as_of_code(room: str) -> None:
    code, tests = _lines(ROOT / "aiops" / room), _lines(ROOT / "tests" / room)
    assert tests >= code, f"{room}: {tests} lines of tests for {code} lines of code"
