"""The style of the house, as far as a machine can see it."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_LINES = 500
# In the engine: what takes more is two functions, or lacks a word for what is carried.
MAX_FUNCTION_LINES, MAX_PARAMETERS = 40, 5
# Put together from parts, so that this file does not hold what it looks for.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error", "XX" + "X")) + r")\b")
# Directories of the machines that this was written on. A playbook may name paths of the machines that it is about.
MACHINE = re.compile(
    r"(?<![\w.])(?:" + "|".join(("/wo" + "rk/", "/ho" + r"me/\w", "/Us" + r"ers/\w", "/tm" + "p/")) + ")"
)
# Package registries: where to install from is not for this repository to say.
HOSTS = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "repo1.ma" + "ven.org",
    "registry.np" + "mjs.org",
    "artifact" + "ory",
)
DOCUMENTED = ("aiops", "connectors", "models", "benchmarks", "examples", "tests")


def tracked() -> list[Path]:
    """The files that git knows and that are there; without git (an unpacked sdist), the tests are skipped."""
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git work tree")
    return [path for name in done.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


FILES = tracked() if (ROOT / ".git").exists() else []
PYTHON = [path for path in FILES if path.suffix == ".py"]
pytestmark = pytest.mark.skipif(not FILES, reason="not a git work tree")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def places(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """Where a pattern occurs."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): count for path in PYTHON if (count := len(text_of(path).splitlines())) > MAX_LINES
    }
    assert not long, long


def functions_of(folder: str) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """All functions and methods below a folder, with their places."""
    found = []
    for path in PYTHON:
        name = str(path.relative_to(ROOT))
        if name.startswith(folder):
            for node in ast.walk(ast.parse(text_of(path))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    found.append((f"{name}:{node.lineno} {node.name}", node))
    return found


def is_constructor_of_a_record(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it only takes the fields of a record, each as it is or its default, which takes nothing to make."""
    return function.name == "__init__" and all(
        isinstance(line, ast.Assign | ast.AnnAssign)
        and not any(isinstance(part, ast.Call) and (part.args or part.keywords) for part in ast.walk(line))
        for line in function.body
    )


def test_functions_of_the_engine_are_short_and_take_few_parameters() -> None:
    found = [(place, each) for place, each in functions_of("aiops/engine/") if not is_constructor_of_a_record(each)]
    assert len(found) > 500
    long, wide = {}, {}
    for place, each in found:
        lines = (each.end_lineno or each.lineno) - each.lineno + 1
        taken = [one.arg for one in (*each.args.posonlyargs, *each.args.args, *each.args.kwonlyargs)]
        taken = [name for name in taken if name not in ("self", "cls")]
        if lines > MAX_FUNCTION_LINES:
            long[place] = lines
        if len(taken) > MAX_PARAMETERS:
            wide[place] = len(taken)
    assert not long, long
    assert not wide, wide


def test_nothing_is_left_unfinished() -> None:
    assert places(UNFINISHED, FILES) == []


def test_no_path_of_a_machine() -> None:
    assert places(MACHINE, [path for path in FILES if path.parent.name != "playbooks"]) == []


def test_no_host_of_a_package_registry() -> None:
    assert places(re.compile("|".join(re.escape(host) for host in HOSTS)), FILES) == []


def test_every_module_says_what_it_is_for() -> None:
    mine = [path for path in PYTHON if path.relative_to(ROOT).parts[0] in DOCUMENTED]
    bare = [
        str(path.relative_to(ROOT))
        for path in mine
        if text_of(path).strip() and not ast.get_docstring(ast.parse(text_of(path)))
    ]
    assert not bare, "\n".join(map(str, bare))


def test_nothing_that_was_made_is_tracked() -> None:
    made = [path for path in FILES if path.suffix in (".pyc", ".pyo", ".db", ".log") or "__pycache__" in path.parts]
    assert not made, "\n".join(map(str, made))


def test_no_word_for_everything() -> None:
    """Modules are named for what they hold."""
    vague = {"utils", "util", "helpers", "helper", "manager", "base", "misc", "common"}
    shipped = [path for path in PYTHON if path.relative_to(ROOT).parts[0] in ("aiops", "connectors", "models")]
    assert [str(path.relative_to(ROOT)) for path in shipped if path.stem in vague or path.parent.name in vague] == []


def test_packages_are_no_deeper_than_two_and_three_in_the_engine() -> None:
    roots = {"aiops": 1, "connectors": 2, "models": 2}
    deep = [
        str(path.relative_to(ROOT))
        for path in PYTHON
        if (parts := path.relative_to(ROOT).parts)[0] in roots
        and len(parts) - roots[parts[0]] > 2 + (parts[:2] == ("aiops", "engine"))
    ]
    assert not deep, "\n".join(map(str, deep))
