"""The recipes of CONTRIBUTING.md work as they stand: files and commands are taken from the page and run in a copy."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "CONTRIBUTING.md"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]
_FENCE = re.compile(r"^```(\w+)(?: (\S+))?(?: (\[[^\n]+\]))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# The parts of the environment that the copy needs; its stamps are its own.
SHARED = ("bin", "lib", "include", "pyvenv.cfg")
SKIPPED = shutil.ignore_patterns(".venv*", ".git", "__pycache__", ".*_cache", ".hypothesis", "dist", "build")


class Block(NamedTuple):
    """A fenced block: its language, the file that it is, the section of that file, and its text."""

    language: str
    file: str
    section: str
    text: str


def recipes() -> dict[str, list[Block]]:
    """Return the blocks of each section that begins with "Add"."""
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {
        section.partition("\n")[0]: [Block(*found.groups(default="")) for found in _FENCE.finditer(section)]
        for section in sections
        if section.startswith("Add ")
    }


def files_of(root: Path) -> Iterator[Path]:
    """Yield the files that git knows or would add; outside a checkout, all that is no cache."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=False,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name]
    yield from (root / name for name in names if (root / name).is_file())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the repository with uncommitted changes, and an environment that shares the packages of this one."""
    tree = tmp_path / "aiops"
    files = list(files_of(ROOT))
    if not files:
        shutil.copytree(ROOT, tree, ignore=SKIPPED)
    for file in files:
        target = tree / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)
    (tree / ".venv").mkdir()
    for name in SHARED:
        if (Path(sys.prefix) / name).exists():
            (tree / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    return tree


def install(tree: Path) -> None:
    """Register the entry points of the copy for its commands, as `make` does after a change of them."""
    project = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = tree / ".site" / "aiops_engine-0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = configparser.ConfigParser(delimiters=("=",))
    points.optionxform = str  # type: ignore[assignment,method-assign]
    points.read_dict(project["entry-points"])
    with (info / "entry_points.txt").open("w") as file:
        points.write(file)
    for stamp in (".runtime", ".dev"):
        (tree / ".venv" / stamp).touch()


def environment(tree: Path) -> dict[str, str]:
    paths = [tree / ".site", tree, tree / "connectors", tree / "models"]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PATH": f"{tree / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "VENV": ".venv",
        "PYTEST_ADDOPTS": "-p no:cacheprovider -n0",
    }


def apply(block: Block, tree: Path) -> None:
    """Write a block's file; a block with a section adds its lines there."""
    file = tree / block.file
    if not block.section:
        assert not file.exists(), f"{block.file} exists already"
        file.write_text(block.text, encoding="utf-8")
        return
    before, found, after = file.read_text(encoding="utf-8").partition(f"\n{block.section}\n")
    assert found, f"{block.file} has no section {block.section}"
    file.write_text(f"{before}{found}{block.text}{after}", encoding="utf-8")


def commands(block: Block) -> list[str]:
    return [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]


def run(command: str, tree: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", command], cwd=tree, env=environment(tree), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-2000:]}"
    assert " 0 passed" not in done.stdout
    return done.stdout


def test_every_kind_of_plugin_has_a_recipe() -> None:
    kinds = ("mapping", "sink", "source", "detector", "ranker", "step kind", "playbook")
    assert list(recipes()) == [f"Add a {kind}" for kind in kinds]
    assert all(any(block.language == "console" for block in blocks) for blocks in recipes().values())


@pytest.mark.parametrize("name", recipes())
def test_a_recipe_works(name: str, copy: Path) -> None:
    blocks = recipes()[name]
    for block in blocks:
        if block.file:
            apply(block, copy)
    install(copy)
    assert str(copy) in run("python -c 'import aiops; print(aiops.__file__)'", copy)
    for block in blocks:
        for command in commands(block) if block.language == "console" else []:
            run(command, copy)
    python = [block.file for block in blocks if block.language == "python"]
    if python:
        run(f"ruff check --quiet {' '.join(python)} && ruff format --check --quiet {' '.join(python)}", copy)


@pytest.mark.parametrize("name", [name for name in recipes() if name not in ("Add a mapping", "Add a playbook")])
def test_a_plugin_is_one_file_one_test_and_one_line(name: str) -> None:
    files = [block.file for block in recipes()[name] if block.file]
    assert len([file for file in files if file.startswith("tests/")]) == 1
    assert len([file for file in files if file.endswith(".py")]) == 2
    [line] = [block.text for block in recipes()[name] if block.section]
    assert line.count("\n") == 1
