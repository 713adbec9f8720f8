"""The list of modules to compile, in pyproject.toml."""

from __future__ import annotations

import ast

import pytest

from aiops.compile import ROOT, hook, modules, reason


def test_modules_to_compile_are_files_of_the_engine_each_listed_once() -> None:
    listed = modules()
    assert listed == sorted(set(listed))
    assert [each for each in listed if not (ROOT / each).is_file()] == []
    assert all(each.startswith("aiops/engine/") for each in listed)


@pytest.mark.parametrize("module", modules())
def test_a_module_to_compile_defines_no_msgspec_struct(module: str) -> None:
    """Compiled code reads structs more slowly than the interpreter does."""
    classes = [node for node in ast.walk(ast.parse((ROOT / module).read_text())) if isinstance(node, ast.ClassDef)]
    bases = {ast.unparse(base) for each in classes for base in each.bases}
    assert bases.isdisjoint({"Struct", "msgspec.Struct"})


def test_a_build_compiles_only_when_asked() -> None:
    assert hook()["enable-by-default"] is False


def test_reason_is_the_line_that_names_the_error() -> None:
    assert (
        reason(b"building\nerror: command '/nowhere/cc' failed\n  \ncleaning\n")
        == "error: command '/nowhere/cc' failed"
    )
    assert reason(b"first\nlast\n") == "last"
    assert reason(b"") == "no output"
