"""Snapshots in parts: a state of a hundred megabytes is in memory only once while it is handled.

This module knows no stage. Each stage declares the form of its state as a `TypedDict`, its `STATE`. An object of the
state (see `fields`) is the list of its saved fields, in the order of their declaration. Stages are encoded one after
the other, and long lists some items at a time. Reading checks every type. Equal strings and numbers, of which a site
with many alerts has few, become one.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from math import copysign
from operator import attrgetter
from typing import Any, Protocol, Union

import msgspec

from aiops.engine.fields import Saved, Shared, hints_of, is_native, is_state, saved_fields

# Beyond this many items, a map or a list has a header of another form, and beyond the next of a third one (msgpack
# specification, "map format family" and "array format family").
_FIX = 15
_SHORT = 65_535
# Items of a long list that are encoded at once, which the host can pack and let go: some kilobytes of streams, some
# megabytes of clusters with a hundred members each. Readers count on it: another number is another version.
_CHUNK = 32
# The headers of maps and of lists: what is added to a small number, and what stands before a larger one.
_MAPS = (0x80, b"\xde", b"\xdf")
_LISTS = (0x90, b"\xdc", b"\xdd")
# Numbers that are shared at a time; those that are equal mostly stand close together.
_NUMBERS = 65_536

_NEGATIVE_ZERO = msgspec.msgpack.encode(-0.0)

Make = Callable[[Any], Any]


class Stage(Protocol):
    """A part of the engine with a state; `STATE` is the `TypedDict` that `dump` makes and `load` takes."""

    @property
    def STATE(self) -> Any:  # noqa: N802
        """The form of the state."""

    def dump(self) -> Any:
        """The state, of plain values and of classes of the state."""

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""


class Texts(dict[Any, Any]):
    """One string for all that are equal; lives as long as one reading."""

    def __init__(self) -> None:
        self[None] = None

    def __missing__(self, key: str) -> str:
        self[key] = key
        return key


class Wholes(dict[Any, Any]):
    """One value for all that are equal, of shared parts; for tuples, and for dicts by their items."""

    def __init__(self, make: Make) -> None:
        self._make = make

    def __missing__(self, key: tuple[Any, ...]) -> Any:
        found = self[key] = self._make(key)
        return found


class Numbers(dict[Any, Any]):
    """One number for all that are equal, of one type, as long as there is room."""

    def __init__(self, zero: float) -> None:
        self._first = {None: None, zero: zero}
        self._zero = zero
        self.update(self._first)

    def tell_zeros_apart(self, apart: bool) -> None:
        """Keep the sign of zeros: those of both signs are equal, and yet not the same in a snapshot."""
        self._first = {None: None} if apart else {None: None, self._zero: self._zero}
        self.pop(self._zero, None)
        self.update(self._first)

    def __missing__(self, key: float) -> float:
        if not key:
            return self._zero if copysign(1.0, key) > 0.0 else key
        if len(self) >= _NUMBERS:
            self.clear()
            self.update(self._first)
        self[key] = key
        return key


class Forms:
    """The forms of types: what msgspec decodes, and a function that makes the value of it, if needed.

    Lives as long as one reading, with the tables of what is shared. `version` is that of the snapshot, the present one
    if it is not given.
    """

    def __init__(self, version: int | None = None) -> None:
        self._version = version
        self._floats = Numbers(0.0)
        self._shared: dict[Any, Make] = {
            str: Texts().__getitem__,
            float: self._floats.__getitem__,
            int: Numbers(0).__getitem__,
            Any: self._plain,
        }
        self._known: dict[Any, tuple[Any, Make | None]] = {}
        self._decoders: dict[Any, tuple[msgspec.msgpack.Decoder[Any], Make | None]] = {}

    def decode(self, kind: Any, raw: bytes | msgspec.Raw) -> Any:
        """Return a value of a type."""
        if kind not in self._decoders:
            wire, make = self.of(kind)
            self._decoders[kind] = msgspec.msgpack.Decoder(wire), make
        decoder, make = self._decoders[kind]
        self._floats.tell_zeros_apart(_NEGATIVE_ZERO in bytes(raw))
        value = decoder.decode(raw)
        return value if make is None else make(value)

    def convert(self, kind: Any, value: Any) -> Any:
        """Return a value of a type, made of plain data."""
        wire, make = self.of(kind)
        found = msgspec.convert(value, wire)
        return found if make is None else make(found)

    def of(self, kind: Any) -> tuple[Any, Make | None]:
        """Return the form of a type."""
        found = self._known.get(kind)
        if found is None:
            found = self._known[kind] = self._of(kind)
        return found

    def _of(self, kind: Any) -> tuple[Any, Make | None]:
        if kind in self._shared:
            return kind, self._shared[kind]
        origin, args = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            return self._noted(args[0], args[1:])
        if origin is Union or origin is types.UnionType:
            return self._optional(kind, [each for each in args if each is not type(None)])
        if origin is list:
            return self._list(args[0])
        if origin is tuple:
            return self._tuple(args)
        if origin is dict:
            return self._dict(*args)
        if origin is None and is_state(kind):
            return self._state(kind)
        return kind, None

    def _noted(self, kind: Any, notes: tuple[Any, ...]) -> tuple[Any, Make | None]:
        for note in notes:
            if isinstance(note, Saved):
                return self.of(note.kind)
            if isinstance(note, Shared):
                return self._whole(kind)
        return self.of(kind)

    def _optional(self, kind: Any, kinds: list[Any]) -> tuple[Any, Make | None]:
        if len(kinds) > 1:
            return kind, None
        wire, make = self.of(kinds[0])
        if make is None or kinds[0] in self._shared:
            # Tables have None for None.
            return _or_none(wire), make
        some = make
        return _or_none(wire), lambda value: None if value is None else some(value)

    def _list(self, kind: Any) -> tuple[Any, Make | None]:
        wire, make = self.of(kind)
        return list.__class_getitem__(wire), None if make is None else lambda value: list(map(make, value))

    def _tuple(self, kinds: tuple[Any, ...]) -> tuple[Any, Make | None]:
        if kinds[-1] is ...:
            wire, make = self.of(kinds[0])
            return tuple.__class_getitem__((wire, ...)), None if make is None else lambda value: tuple(map(make, value))
        forms = [self.of(kind) for kind in kinds]
        makes = [make for _, make in forms]
        wire = tuple.__class_getitem__(tuple(each for each, _ in forms))
        return wire, _maker(None, [], makes) if any(makes) else None

    def _whole(self, kind: Any) -> tuple[Any, Make | None]:
        """Return the form of a tuple, or a dict of strings, of which equal ones become one."""
        if typing.get_origin(kind) is tuple:
            wire, make = self.of(kind)
            return wire, Wholes(make or _same).__getitem__
        pair = self._tuple(typing.get_args(kind))[1] or _same
        known = Wholes(lambda items: dict(map(pair, items)))
        return kind, lambda value: known[tuple(value.items())]

    def _dict(self, key: Any, kind: Any) -> tuple[Any, Make | None]:
        wire, make = self.of(kind)
        table = dict.__class_getitem__((self.of(key)[0], wire))
        # Short keys are shared by the decoder.
        return table, None if make is None else lambda value: {one: make(each) for one, each in value.items()}

    def _state(self, cls: type) -> tuple[Any, Make | None]:
        fields = saved_fields(cls, self._version)
        forms = {name: self.of(kind) for name, kind in fields.items()}
        wire = tuple.__class_getitem__(tuple(each for each, _ in forms.values()))
        # A native class has room for numbers in itself.
        bare = (float, int) if is_native(cls) else ()
        makes = [None if fields[name] in bare else make for name, (_, make) in forms.items()]
        return wire, _maker(cls, list(fields), makes)

    def _plain(self, value: Any) -> Any:
        """Share what plain lists and dicts hold, in place; keys of dicts are shared by the decoder."""
        if type(value) is dict or type(value) is list:
            shared = self._shared
            for key, item in value.items() if type(value) is dict else enumerate(value):
                kind = type(item)
                if kind in (str, float, int):
                    value[key] = shared[kind](item)
                elif kind is list or kind is dict:
                    self._plain(item)
        return value


def _or_none(kind: Any) -> Any:
    return Union.__getitem__((kind, None))


def _same(value: Any) -> Any:
    return value


def _maker(cls: type | None, names: list[str], makes: list[Make | None]) -> Make:
    """Return a function that makes an object of its fields' values, or a tuple without a class.

    It is generated, as the constructor of a dataclass is: a loop over the fields takes half as long again.
    """
    scope: dict[str, Any] = {"cls": cls, **{f"make{at}": make for at, make in enumerate(makes)}}
    values = [f"value{at}" if make is None else f"make{at}(value{at})" for at, make in enumerate(makes)]
    lines = ["def made(values):", f"  {', '.join(f'value{at}' for at in range(len(makes)))}, = values"]
    if cls is None:
        lines.append(f"  return {', '.join(values)},")
    else:
        lines.append("  new = cls()")
        lines += [f"  new.{name} = {value}" for name, value in zip(names, values, strict=True)]
        lines.append("  return new")
    # The names are those of attributes in the source, nothing that was read.
    exec("\n".join(lines), scope)  # noqa: S102
    found: Make = scope["made"]
    return found


class Reader:
    """Reads the pieces that `parts` made, one at a time: the state is never in memory as bytes, too.

    Raise `msgspec.MsgspecError`, `StopIteration` or `LookupError` for pieces of another kind.
    """

    def __init__(self, pieces: Iterator[bytes], count: int) -> None:
        self._pieces = pieces
        self._count = count
        self._version: int | None = None
        self._forms = Forms()

    def read_as(self, version: int) -> None:
        """Read the stages as a version of snapshots has them."""
        self._version = version
        self._forms = Forms(version)

    def first(self) -> dict[str, msgspec.Raw]:
        """Return the values that stand before the stages.

        Snapshots of earlier versions have fewer stages, and so more of such values than it seems.
        """
        count = _counted_items(next(self._pieces), _MAPS) or 0
        piece = next(self._pieces)
        for missing in range(self._count):
            with suppress(msgspec.MsgspecError):
                return self._values(count - self._count + missing, piece)
        return self._values(count, piece)

    @staticmethod
    def _values(count: int, piece: bytes) -> dict[str, msgspec.Raw]:
        return msgspec.msgpack.decode(_head(max(0, count), *_MAPS) + piece, type=dict[str, msgspec.Raw])

    def stage(self, stages: Mapping[str, Stage]) -> None:
        """Have the next stage load its state."""
        stage = stages[msgspec.msgpack.decode(next(self._pieces), type=str)]
        stage.load(self._value(stage.STATE))

    def _value(self, kind: Any) -> Any:
        piece = next(self._pieces)
        if typing.is_typeddict(kind):
            kinds = hints_of(kind, self._version)
            if _counted_items(piece, _MAPS) != len(kinds):
                raise LookupError(f"{kind.__name__}: not its {len(kinds)} parts")
            found = {}
            while kinds:
                key = msgspec.msgpack.decode(next(self._pieces), type=str)
                found[key] = self._value(kinds.pop(key))
            return found
        count = _counted_items(piece, _LISTS) if typing.get_origin(kind) is list else None
        if count is None:
            return self._forms.decode(kind, piece)
        items: list[Any] = []
        while len(items) < count:
            some = _head(min(_CHUNK, count - len(items)), *_LISTS)
            items += self._forms.decode(kind, some + next(self._pieces))
        return items


def load_whole(state: Mapping[str, msgspec.Raw], stages: Mapping[str, Stage], version: int | None = None) -> None:
    """Have all stages load their states, as a version of snapshots has them, out of one map."""
    forms = Forms(version)
    for name, stage in stages.items():
        stage.load(_whole(state[name], stage.STATE, forms, version))


def _whole(raw: msgspec.Raw, kind: Any, forms: Forms, version: int | None) -> Any:
    if not typing.is_typeddict(kind):
        return forms.decode(kind, raw)
    found = msgspec.msgpack.decode(raw, type=dict[str, msgspec.Raw])
    return {name: _whole(found[name], each, forms, version) for name, each in hints_of(kind, version).items()}


def parts(first: dict[str, Any], stages: Mapping[str, Stage], version: int | None = None) -> Iterator[bytes]:
    """A msgpack map of `first` and of the stages' dumps, in pieces that make it up when put together.

    With a `version`, what later ones brought is left out.
    """
    encode = msgspec.msgpack.Encoder(enc_hook=rows(version)).encode
    yield _head(len(first) + len(stages), *_MAPS)
    yield b"".join(encode(key) + encode(value) for key, value in first.items())
    for name, stage in stages.items():
        yield encode(name)
        yield from _pieces(stage.dump(), stage.STATE, encode, version)


def rows(version: int | None = None) -> Callable[[Any], Any]:
    """Return a function that takes the saved fields of any object of the state, for msgspec to encode."""
    takers = Takers(version)
    return lambda value: takers[type(value)](value)


class Takers(dict[type, Callable[[Any], Any]]):
    """Functions that take the saved fields of an object, by its class."""

    def __init__(self, version: int | None = None) -> None:
        self._version = version

    def __missing__(self, cls: type) -> Callable[[Any], Any]:
        names = saved_fields(cls, self._version)
        found = self[cls] = attrgetter(*names) if len(names) > 1 else _single(*names)
        return found


def _single(name: str) -> Callable[[Any], Any]:
    return lambda value: (getattr(value, name),)


def _pieces(value: Any, kind: Any, encode: Callable[[Any], bytes], version: int | None) -> Iterator[bytes]:
    """The encoding of a value; long lists in it are encoded some items at a time."""
    if typing.is_typeddict(kind):
        kinds = hints_of(kind, version)
        kept = {key: item for key, item in value.items() if key in kinds}
        yield _head(len(kept), *_MAPS)
        for key, item in kept.items():
            yield encode(key)
            yield from _pieces(item, kinds[key], encode, version)
    elif typing.get_origin(kind) is list and len(value) > _CHUNK:
        yield _head(len(value), *_LISTS)
        items = iter(value)
        while some := list(islice(items, _CHUNK)):
            yield encode(some)[len(_head(len(some), *_LISTS)) :]
    else:
        yield encode(value)


def _head(count: int, fix: int, short: bytes, long: bytes) -> bytes:
    """The header of a map or a list of `count` items."""
    if count <= _FIX:
        return bytes([fix | count])
    return short + count.to_bytes(2, "big") if count <= _SHORT else long + count.to_bytes(4, "big")


def _counted_items(piece: bytes, heads: tuple[int, bytes, bytes]) -> int | None:
    """Return the number of items in a piece that is a header; None where it is a value, or another header."""
    fix, short, long = heads
    if len(piece) == 1 and piece[0] & 0xF0 == fix:
        return piece[0] & _FIX
    is_head = (len(piece) == 3 and piece[:1] == short) or (len(piece) == 5 and piece[:1] == long)
    return int.from_bytes(piece[1:], "big") if is_head else None
