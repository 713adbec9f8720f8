"""Mutants quote the source: each quote stands exactly once in its file, and the tests that must fail exist."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.mutants.model import Mutant

ROOT = Path(__file__).parents[2]
LISTS = sorted(
    path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith(("_", "test_", "model"))
)


def mutants(name: str) -> list[Mutant]:
    found = importlib.import_module(f"tests.mutants.{name}").MUTANTS
    assert found
    return list(found)


@pytest.mark.parametrize("name", LISTS)
def test_quotes_stand_once_in_their_files(name: str) -> None:
    wrong = [
        (one.name, one.file)
        for one in mutants(name)
        if not (ROOT / one.file).is_file() or (ROOT / one.file).read_text(encoding="utf-8").count(one.old) != 1
    ]
    assert wrong == []


@pytest.mark.parametrize("name", LISTS)
def test_the_tests_that_must_notice_exist(name: str) -> None:
    missing = []
    for one in mutants(name):
        for test in one.tests:
            path, _, rest = test.partition("::")
            function = rest.partition("[")[0].rpartition("::")[2]
            text = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).is_file() else ""
            if not text or (function and f"def {function}(" not in text):
                missing.append((one.name, test))
    assert missing == []
