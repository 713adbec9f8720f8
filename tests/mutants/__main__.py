"""Runs mutants of safety-critical rooms against the tests that must notice them.

    python -m tests.mutants [-k NAME] [--list]

Each module beside this one has a list `MUTANTS`. All work happens in copies of the tree. A mutant is `killed` when its
tests fail with it, `survived` when they pass, and `invalid` when its text is not exactly once in the file, when its
tests cannot be run, or when they fail without it, too. Exit code 1 unless all were killed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import tests.mutants as package
from tests.mutants.model import Mutant

Verdict = Literal["killed", "survived", "invalid"]
ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2
# One mutant's tests; a mutant that hangs is noticed by the limit of a test (pyproject.toml) before.
TIMEOUT_S = 1_200.0
# What a copy does not need; compiled modules would go before the mutated source.
LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "__pycache__", "*.so", ".*_cache", ".hypothesis", "build", "dist")
PASSED, FAILED = 0, 1


def all_mutants() -> list[Mutant]:
    """The mutants of all modules; raise `ValueError` for a name that is used twice."""
    found: list[Mutant] = []
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        if module not in ("__main__", "model") and not module.startswith("test_"):
            found += importlib.import_module(f"tests.mutants.{module}").MUTANTS
    names = [mutant.name for mutant in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"expected a name of its own for each mutant; used twice: {', '.join(twice)}")
    return found


class Copies:
    """Copies of the tree, one for each worker, as they are needed."""

    def __init__(self, directory: Path) -> None:
        self._free: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for number in range(WORKERS):
            copy = directory / f"tree{number}"
            shutil.copytree(ROOT, copy, ignore=LEFT_OUT, symlinks=True)
            self._free.put(copy)

    @contextmanager
    def one(self) -> Iterator[Path]:
        """A copy that nobody else uses meanwhile."""
        copy = self._free.get()
        try:
            yield copy
        finally:
            self._free.put(copy)


class Runner:
    """Judges mutants; what the tests say without a mutant is remembered."""

    def __init__(self, copies: Copies) -> None:
        self._copies = copies
        self._lock = threading.Lock()
        self._sound: dict[tuple[str, ...], bool] = {}

    def judge(self, mutant: Mutant) -> tuple[Verdict, str]:
        """The verdict, and the reason where it is not `killed`."""
        with self._copies.one() as tree:
            path = tree / mutant.file
            source = path.read_text(encoding="utf-8") if path.is_file() else ""
            if (times := source.count(mutant.old)) != 1:
                return "invalid", f"expected its text once in {mutant.file}, found it {times} times"
            if not mutant.tests or not self._is_sound(tree, mutant.tests):
                return "invalid", "its tests cannot be run, or fail without it"
            path.write_text(source.replace(mutant.old, mutant.new), encoding="utf-8")
            try:
                code = run_tests(tree, mutant.tests)
            finally:
                path.write_text(source, encoding="utf-8")
        if code == FAILED:
            return "killed", ""
        return ("survived", "its tests pass") if code == PASSED else ("invalid", f"pytest ended with {code}")

    def _is_sound(self, tree: Path, tests: tuple[str, ...]) -> bool:
        with self._lock:
            known = self._sound.get(tests)
        if known is None:
            known = run_tests(tree, tests) == PASSED
            with self._lock:
                self._sound[tests] = known
        return known


def run_tests(tree: Path, tests: Sequence[str]) -> int:
    """The exit code of pytest in a copy of the tree."""
    paths = [str(tree), str(tree / "connectors"), str(tree / "models")]
    # No cached bytecode: a mutant may have the size and the second of the source that it stands for.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=False, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return FAILED
    return done.returncode


def main(arguments: Sequence[str]) -> int:
    """Run the mutants that are asked for, and say what became of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Run mutants against their tests.")
    parser.add_argument("-k", metavar="NAME", default="", help="only mutants with NAME in their name or file")
    parser.add_argument("--list", action="store_true", help="list them and run nothing")
    asked = parser.parse_args(arguments)
    mutants = [mutant for mutant in all_mutants() if asked.k in mutant.name or asked.k in mutant.file]
    if asked.list:
        print("\n".join(f"{mutant.name}  {mutant.file}" for mutant in mutants))
        return 0
    counts: dict[Verdict, int] = {"killed": 0, "survived": 0, "invalid": 0}
    with tempfile.TemporaryDirectory(prefix="aiops-mutants-") as directory, ThreadPoolExecutor(WORKERS) as pool:
        runner = Runner(Copies(Path(directory)))
        for mutant, (verdict, reason) in zip(mutants, pool.map(runner.judge, mutants), strict=True):
            counts[verdict] += 1
            print(f"{verdict:9}{mutant.name}" + (f": {reason}" if reason else ""), flush=True)
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    print(f"{len(mutants)} mutants: {told}")
    return int(counts["killed"] < len(mutants))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
