"""Classes of the state: each field is declared once, and snapshots take their form from that.

    @state(acyclic=True)
    class Tally:
        domain: str
        names: dict[str, int]
        alerts: int = 0

`Tally()` has the defaults; the function that makes one sets the other fields. A constructor with parameters would name
each field twice more. Interpreted, such a class is a dataclass with slots. Compiled, it is a native class, and `state`
is only a note to the compiler. A dataclass would be slower there: its constructor stays interpreted, .03 µs a field.
See docs/decisions/0003-state-once.md.
"""

from __future__ import annotations

import ast
import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

if TYPE_CHECKING:
    # The compiler knows a native class by this decorator, whatever its name is here.
    from mypy_extensions import mypyc_attr as state
else:

    def state(**_notes: object) -> Callable[[type], type]:
        return _slotted


__all__ = [
    "SHARED", "SINCE_8", "UNSAVED", "Saved", "Shared", "Since", "Unsaved",
    "hints", "hints_of", "is_native", "is_state", "saved_fields", "state",
]  # fmt: skip


class Saved:
    """Note at a field: its type in snapshots, where that is narrower than the declared one."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind


class Shared:
    """Note at a field: its tuple or dict of strings never changes, and equal ones may be one."""


class Unsaved:
    """Note at a field: it is not saved, as it follows from others or is a link that the stage restores."""


class Since:
    """Note at a field: the first version of snapshots that has it; it has its default in earlier ones."""

    def __init__(self, version: int) -> None:
        self.version = version


SHARED, UNSAVED, SINCE_8 = Shared(), Unsaved(), Since(8)
_INTERPRETED: set[Any] = set()


def _slotted(cls: type[Any]) -> Any:
    for name in cls.__annotations__:
        if name not in cls.__dict__:
            setattr(cls, name, field(init=False))
    made: Any = dataclass(slots=True, eq=False, repr=False)(cls)
    # msgspec would know it by this, and encode each field with its name.
    del made.__dataclass_fields__
    _INTERPRETED.add(made)
    return made


def is_state(kind: Any) -> bool:
    """Return true for a class of the state."""
    if kind in _INTERPRETED:
        return True
    # Compiled, nothing marks it: it is a class of the engine that is no struct.
    is_class = isinstance(kind, type) and kind.__module__.startswith(f"{__package__}.")
    return is_class and is_native(kind) and not issubclass(kind, Struct)


def is_native(cls: type) -> bool:
    """Return true for a compiled class."""
    return not str(sys.modules[cls.__module__].__file__).endswith(".py")


@cache
def saved_fields(cls: type, version: int | None = None) -> dict[str, Any]:
    """Return names and types of the saved fields in their order, of a version or of the present one."""
    return {name: kind for name, kind in hints_of(cls, version).items() if UNSAVED not in _notes(kind)}


def hints_of(cls: type, version: int | None) -> dict[str, Any]:
    """Return the annotations that a version of snapshots has; all of them without one."""
    return {name: kind for name, kind in hints(cls).items() if version is None or _since(kind) <= version}


def _since(kind: Any) -> int:
    return max((note.version for note in _notes(kind) if isinstance(note, Since)), default=0)


def _notes(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind)[1:] if typing.get_origin(kind) is typing.Annotated else ()


def hints(cls: type) -> dict[str, Any]:
    """Return the annotations of a class; compiled code keeps parts of them, and its source has all."""
    module = sys.modules[cls.__module__]
    place = Path(str(module.__file__))
    names: dict[str, Any] = _annotations(cls.__name__, place) if is_native(cls) else dict(cls.__annotations__)
    bare = type(cls.__name__, (), {"__annotations__": names, "__module__": cls.__module__})
    return typing.get_type_hints(bare, include_extras=True)


def _annotations(name: str, place: Path) -> dict[str, str]:
    source = place.with_name(place.name.partition(".")[0] + ".py")
    for node in _classes(source):
        if node.name == name:
            lines = [each for each in node.body if isinstance(each, ast.AnnAssign)]
            return {ast.unparse(each.target): ast.unparse(each.annotation) for each in lines}
    raise LookupError(f"{source}: no class {name}; the compiled engine needs its source beside it")


@cache
def _classes(source: Path) -> list[ast.ClassDef]:
    return [node for node in ast.parse(source.read_bytes()).body if isinstance(node, ast.ClassDef)]
