"""The page of numeric libraries: each file that it names imports the package, and no package is left out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "models" / "cards" / "README.md"
MODULES = {"scikit-learn": "sklearn", "pandas": "pandas", "networkx": "networkx", "pyod": "pyod"}
ROWS = re.findall(r"^\| ([\w-]+) \| `([^`]+)` \| (.+?) \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def imported(path: Path) -> set[str]:
    """The packages that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize(("package", "file"), [row[:2] for row in ROWS])
def test_each_named_file_imports_its_package(package: str, file: str) -> None:
    assert MODULES[package] in imported(ROOT / file)


def test_each_package_has_a_row() -> None:
    assert {row[0] for row in ROWS} == set(MODULES)
