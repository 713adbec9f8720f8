"""The options of plugins: one declaration for the check, the command line, the docs and the kits.

A plugin class names its options as `Options`, a msgspec Struct whose fields carry a description:

    class ChatOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        url_env: Annotated[str, Meta(description="Environment variable with the webhook URL.")]

    class ChatSink:
        Options = ChatOptions
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct, inspect

from aiops.errors import UsageError

StructT = TypeVar("StructT", bound=Struct)
_WORDS: dict[type[inspect.Type], str] = {
    inspect.BoolType: "boolean",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.StrType: "text",
    inspect.AnyType: "anything",
}
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


class NoOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """The declaration of a plugin without options."""


class Option(NamedTuple):
    """An option or key: name, type and default as a person writes them, description in Markdown."""

    name: str
    kind: str
    default: str
    description: str

    @property
    def plain(self) -> str:
        """Return the description without links, for a terminal."""
        return _LINK.sub(r"\1", self.description)


def convert(options: Mapping[str, Any], kind: type[StructT], place: str) -> StructT:
    """Return the options as a Struct; raise `UsageError` with the place of the one that is wrong."""
    unknown = sorted(set(options) - set(kind.__struct_encode_fields__))
    if unknown and kind.__struct_config__.forbid_unknown_fields:
        known = ", ".join(kind.__struct_encode_fields__) or "none, it has no options"
        raise UsageError(f"{place}: unknown option {unknown[0][:100]!r} (use {known})")
    try:
        return msgspec.convert(dict(options), kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"{place}: {error}") from None


def describe(struct: type[Struct], *, unfold: bool = True, without: type[Struct] | None = None) -> list[Option]:
    """Return the options of a Struct in order; `unfold` writes inner Structs as `outer.inner`.

    The fields of `without` (a base class with a table of its own) are left out.
    """
    described = inspect.type_info(struct)
    assert isinstance(described, inspect.StructType)
    left_out = set(without.__struct_fields__) if without is not None else set()
    fields = [field for field in described.fields if field.name not in left_out]
    around = (described.cls,)
    return [option for field in fields for option in _options(field, field.encode_name, unfold, None, around)]


def shared_base(struct: type[Struct]) -> type[Struct] | None:
    """Return the root of the Structs with fields that an options Struct extends; None without one."""
    bases = [base for base in struct.__mro__[1:] if issubclass(base, Struct) and base.__struct_fields__]
    return bases[-1] if bases else None


def type_word(kind: inspect.Type) -> str:
    """Return a type as a person who writes TOML or YAML calls it, with its bounds."""
    kind = _bare(kind)
    if isinstance(kind, inspect.StructType):
        return str(kind.cls.__name__)
    if isinstance(kind, inspect.UnionType):
        return " or ".join(type_word(one) for one in kind.types if not isinstance(one, inspect.NoneType))
    if isinstance(kind, inspect.LiteralType):
        return "one of " + ", ".join(str(value) for value in kind.values)
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return f"list of {type_word(kind.item_type)}"
    if isinstance(kind, inspect.TupleType):
        return f"list of {', '.join(type_word(one) for one in kind.item_types)}"
    if isinstance(kind, inspect.DictType):
        value = type_word(kind.value_type)
        return "table" if value == "anything" else f"table of {value}"
    return ", ".join([_WORDS[type(kind)], *_bounds(kind)])


def _options(
    field: inspect.Field, name: str, unfold: bool, owner: object, around: tuple[type, ...]
) -> Iterator[Option]:
    """Yield the options of a field; the values of `owner`, the surrounding default, take precedence.

    A Struct that holds itself (it is one of those `around`) is not unfolded again.
    """
    inner, shown = _inner(field.type, name) if unfold else (None, "")
    if inner is None or inner.cls in around:
        default = _default(field) if owner is None else _shown(getattr(owner, field.name))
        yield Option(name, type_word(field.type), default, _description(field.type))
        return
    made = field.default_factory() if field.default_factory is not msgspec.NODEFAULT else None
    for each in inner.fields:
        values = made if isinstance(made, Struct) else None
        yield from _options(each, f"{shown}.{each.encode_name}", unfold, values, (*around, inner.cls))


def _inner(kind: inspect.Type, name: str) -> tuple[inspect.StructType | None, str]:
    """Return the Struct inside a type, and the written form of its owner."""
    kind = _bare(kind)
    if isinstance(kind, inspect.StructType):
        return kind, name
    if isinstance(kind, inspect.ListType) and isinstance(_bare(kind.item_type), inspect.StructType):
        return _inner(kind.item_type, f"{name}[]")
    if isinstance(kind, inspect.DictType) and isinstance(_bare(kind.value_type), inspect.StructType):
        return _inner(kind.value_type, f"{name}.NAME")
    return None, ""


def _bare(kind: inspect.Type) -> inspect.Type:
    """Return a type without its metadata, and without None where that is the only other."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        others = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return _bare(others[0]) if len(others) == 1 else kind
    return kind


def _description(kind: inspect.Type) -> str:
    while isinstance(kind, inspect.Metadata):
        found = (kind.extra_json_schema or {}).get("description")
        if found:
            return str(found)
        kind = kind.type
    if isinstance(kind, inspect.UnionType):
        return next((text for text in map(_description, kind.types) if text), "")
    return ""


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
    """Return a value as it is written in a file; whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "none" if value is None else json.dumps(msgspec.to_builtins(value), ensure_ascii=False)
