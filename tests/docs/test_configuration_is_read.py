"""Every key of the configuration, option of a plugin and field of the API is read by the code, not only taken."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from msgspec.inspect import CustomType, StructType, Type, multi_type_info

from aiops.config import Config
from aiops.respond.format import Playbook
from aiops.web.app import OPERATIONS
from tests.docs.option_tables import KINDS, shipped

ROOT = Path(__file__).resolve().parents[2]
# A format's one version is checked as it is decoded, and a description is for those who read the file.
NOT_READ = {("Playbook", "api_version"), ("Parameter", "description")}
TREES = ("aiops", "connectors/aiops_connectors", "models/aiops_models")


@cache
def attributes() -> frozenset[str]:
    """The names of all attributes that the product's code reads."""
    found: set[str] = set()
    for tree in TREES:
        for path in (ROOT / tree).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                    found.add(node.attr)
    return frozenset(found)


def structs(kind: Any, seen: set[type]) -> Iterator[type[Struct]]:
    """A struct and all that its fields hold."""
    for info in walk(multi_type_info([kind])[0]):
        if isinstance(info, StructType) and info.cls not in seen:
            seen.add(info.cls)
            yield info.cls
            for field in info.fields:
                yield from (one for inner in walk(field.type) for one in inside(inner, seen))


def inside(info: Type, seen: set[type]) -> Iterator[type[Struct]]:
    if isinstance(info, StructType):
        yield from structs(info.cls, seen)


def walk(info: Type) -> Iterator[Type]:
    yield info
    for name in ("type", "types", "item_type", "value_type", "item_types"):
        inner = getattr(info, name, None)
        for one in inner if isinstance(inner, tuple) else [inner]:
            if isinstance(one, Type) and not isinstance(one, CustomType):
                yield from walk(one)


def keys() -> list[tuple[str, str]]:
    """Each struct's name with each of its fields."""
    seen: set[type] = set()
    roots: list[Any] = [Config, *(struct for group in KINDS for struct in shipped(group).values())]
    roots += [Playbook]
    roots += [one for operation in OPERATIONS for one in (operation.body, operation.query) if one is not None]
    found = [(kind, name) for root in roots for kind in structs(root, seen) for name in kind.__struct_fields__]
    return sorted({(kind.__name__, name) for kind, name in found} - NOT_READ)


def test_the_keys_are_those_of_the_whole_configuration() -> None:
    found = keys()
    assert ("HttpConfig", "external_url") in found
    assert ("ConfirmGrouping", "wrong") in found
    assert len(found) > 150


@pytest.mark.parametrize(("kind", "name"), keys(), ids=lambda part: str(part))
def test_a_key_that_is_taken_is_read(kind: str, name: str) -> None:
    assert name in attributes(), f"{kind}.{name} is accepted and read nowhere"


def test_an_unread_key_would_be_found() -> None:
    class Options(Struct):
        nobody_reads_this_one: int = 0

    assert msgspec.structs.fields(Options)[0].name not in attributes()
