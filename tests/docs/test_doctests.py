"""Every example of a docstring gives what it says, and what the packages offer is documented and shown."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("aiops", "aiops_connectors", "aiops_models")
# They run a program when they are imported.
PROGRAMS = ("__main__",)
# Packages of the optional extras.
EXTRAS = ("confluent_kafka", "opentelemetry")
# What others build on: their public names are documented and shown.
OFFERED = (
    "aiops.score",
    "aiops.records",
    "aiops.engine.dedup.stream",
    "aiops.topology",
    "aiops.archive",
    "aiops.backtest",
    "aiops.notebook.comparison",
    "aiops.notebook.picture",
    "aiops.notebook.replaying",
    "aiops.notebook.result",
    "aiops.notebook.streaming",
)


def modules() -> list[str]:
    """The names of all modules."""
    found = []
    for package in PACKAGES:
        loaded = importlib.import_module(package)
        found.append(package)
        found += [each.name for each in pkgutil.walk_packages(loaded.__path__, f"{package}.")]
    return [name for name in found if name.rpartition(".")[2] not in PROGRAMS]


@pytest.mark.parametrize("name", modules())
def test_examples(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in EXTRAS:
            raise
        pytest.skip(f"needs an extra: {error}")
    assert doctest.testmod(module, optionflags=doctest.ELLIPSIS).failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = sum(len(test.examples) for name in OFFERED for test in finder.find(importlib.import_module(name)))
    assert found > 0


def public(name: str) -> Iterator[tuple[str, Any]]:
    """The public functions and classes of a module: its `__all__`, else what is defined there without underscore."""
    module: ModuleType = importlib.import_module(name)
    names = getattr(module, "__all__", None)
    for key, one in vars(module).items():
        is_own = getattr(one, "__module__", None) == name if names is None else key in names
        if is_own and not key.startswith("_") and (inspect.isfunction(one) or inspect.isclass(one)):
            yield key, one


def methods(kind: type) -> Iterator[tuple[str, Any]]:
    for key, one in vars(kind).items():
        plain = one.__func__ if isinstance(one, classmethod | staticmethod) else one
        if not key.startswith("_") and inspect.isfunction(plain):
            yield key, plain


API = [(module, name, one) for module in OFFERED for name, one in public(module)]


def named_in_tests() -> set[str]:
    """All names that a test uses."""
    names: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name):
                names.add(node.id)
            elif isinstance(node, ast.Attribute):
                names.add(node.attr)
    return names


def test_there_is_an_api() -> None:
    assert {module for module, _, _ in API} == set(OFFERED)


def test_everything_public_is_documented() -> None:
    bare = [f"{module}.{name}" for module, name, one in API if not (one.__doc__ or "").strip()]
    bare += [
        f"{module}.{name}.{key}"
        for module, name, one in API
        if inspect.isclass(one)
        for key, method in methods(one)
        if not (method.__doc__ or "").strip()
    ]
    assert not bare, "\n".join(map(str, bare))


def test_every_public_function_has_an_example_or_a_test() -> None:
    tested = named_in_tests()
    functions = [(f"{module}.{name}", name, one) for module, name, one in API if inspect.isfunction(one)]
    functions += [
        (f"{module}.{name}.{key}", key, method)
        for module, name, one in API
        if inspect.isclass(one)
        for key, method in methods(one)
    ]
    unshown = [full for full, key, one in functions if ">>>" not in (one.__doc__ or "") and key not in tested]
    assert not unshown, "\n".join(map(str, unshown))
