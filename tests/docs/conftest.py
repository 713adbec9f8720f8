"""What the tests of the documentation share: the tables of a page, and what the code says should be in them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from msgspec import Struct, inspect

ROOT = Path(__file__).parents[2]
_WORDS: dict[type[inspect.Type], str] = {
    inspect.BoolType: "boolean",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.StrType: "text",
    inspect.AnyType: "anything",
}
_CELL = re.compile(r"(?<!\\)\|")


class Row(NamedTuple):
    """One row of a reference table: the name of a key or field, its type and its default as they are written."""

    name: str
    kind: str
    default: str


class Table(NamedTuple):
    """A table of a page: the heading above it, its header, and its cells."""

    heading: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def reference(self) -> list[Row]:
        """The rows as names, types and defaults, without code marks."""
        return [Row(*(cell.strip("`").replace("\\|", "|") for cell in row[:3])) for row in self.rows]


def tables_of(page: Path) -> list[Table]:
    """All tables of a page."""
    found: list[Table] = []
    heading, fenced, inside = "", False, False
    for line in page.read_text(encoding="utf-8").splitlines():
        fenced ^= line.startswith("```")
        if line.startswith("#") and not fenced:
            heading = line.lstrip("# ")
        if fenced or not line.startswith("|"):
            inside = False
            continue
        cells = tuple(cell.strip() for cell in _CELL.split(line.strip().strip("|")))
        if not inside:
            found.append(Table(heading, cells, []))
        elif not set("".join(cells)) <= set("-: "):
            found[-1].rows.append(cells)
        inside = True
    return found


def rows_of(struct: type[Struct], *, unfold: bool = True, base: type[Struct] | None = None) -> list[Row]:
    """What a table about a Struct must say; `unfold` writes inner Structs as `outer.inner`; without those of `base`."""
    described = inspect.type_info(struct)
    assert isinstance(described, inspect.StructType)
    inherited = set(base.__struct_fields__) if base is not None else set()
    return [
        row
        for field in described.fields
        if field.name not in inherited
        for row in _rows(field, field.encode_name, unfold, None)
    ]


def _rows(field: inspect.Field, name: str, unfold: bool, owner: object) -> Iterator[Row]:
    """`owner` is what the Struct around it has by default, where it has one: its values are not those of its class."""
    inner, shown = _inner(field.type, name) if unfold else (None, "")
    if inner is None:
        yield Row(name, word(field.type), _default(field) if owner is None else _shown(getattr(owner, field.name)))
        return
    made = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else None
    for each in inner.fields:
        yield from _rows(each, f"{shown}.{each.encode_name}", unfold, made if isinstance(made, Struct) else None)


def _inner(kind: inspect.Type, name: str) -> tuple[inspect.StructType | None, str]:
    """The Struct inside a type, and how its owner is written."""
    kind = _bare(kind)
    if isinstance(kind, inspect.StructType):
        return kind, name
    if isinstance(kind, inspect.ListType) and isinstance(_bare(kind.item_type), inspect.StructType):
        return _inner(kind.item_type, f"{name}[]")
    if isinstance(kind, inspect.DictType) and isinstance(_bare(kind.value_type), inspect.StructType):
        return _inner(kind.value_type, f"{name}.NAME")
    return None, ""


def _bare(kind: inspect.Type) -> inspect.Type:
    """A type without its metadata, and without None where that is the only other."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        others = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return _bare(others[0]) if len(others) == 1 else kind
    return kind


def word(kind: inspect.Type) -> str:
    """A type as a person who writes TOML or YAML calls it, with its bounds."""
    kind = _bare(kind)
    if isinstance(kind, inspect.StructType):
        return str(kind.cls.__name__)
    if isinstance(kind, inspect.UnionType):
        return " or ".join(word(one) for one in kind.types if not isinstance(one, inspect.NoneType))
    if isinstance(kind, inspect.LiteralType):
        return "one of " + ", ".join(str(value) for value in kind.values)
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return f"list of {word(kind.item_type)}"
    if isinstance(kind, inspect.TupleType):
        return f"list of {', '.join(word(one) for one in kind.item_types)}"
    if isinstance(kind, inspect.DictType):
        value = word(kind.value_type)
        return "table" if value == "anything" else f"table of {value}"
    return ", ".join([_WORDS[type(kind)], *_bounds(kind)])


def _bounds(kind: inspect.Type) -> Iterator[str]:
    for name, sign in (("gt", ">"), ("ge", "≥"), ("lt", "<"), ("le", "≤")):
        bound = getattr(kind, name, None)
        if bound is not None:
            yield f"{sign} {_shown(bound)}"
    if getattr(kind, "max_length", None) is not None:
        yield f"at most {kind.max_length} characters"  # type: ignore[attr-defined]


def _default(field: inspect.Field) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        made = field.default_factory()
        return "its defaults" if isinstance(made, Struct) else _shown(made)
    return "required" if field.default is msgspec.NODEFAULT else _shown(field.default)


def _shown(value: object) -> str:
    """A value as it would be written; whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "none" if value is None else json.dumps(msgspec.to_builtins(value), ensure_ascii=False)


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def tables() -> Callable[[str], list[Table]]:
    """A function from the name of a page in `docs/` to its tables."""
    return lambda name: tables_of(ROOT / "docs" / name)


@pytest.fixture(scope="session")
def rows() -> Callable[..., list[Row]]:
    """See `rows_of`."""
    return rows_of
