"""Snapshots in parts: a state of a hundred megabytes is in memory only once while it is handled.

Stages are encoded one after the other, and what each dumped is let go before the next one dumps. Decoding makes the
structs of the large stages directly, without a plain value for each of their fields; equal strings, of which a site
with many alerts has few, become one string.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from math import copysign
from operator import attrgetter
from typing import Any, TypedDict

import msgspec
from msgspec import Struct

from aiops.engine.correlate.background import DumpedHabit
from aiops.engine.correlate.snapshot import DumpedKey
from aiops.engine.dedup.deduplicator import Copy
from aiops.engine.detect.rate_anomaly import DumpedCounted
from aiops.engine.incidents.clusters import NOBODY
from aiops.engine.interning import Shared
from aiops.engine.snapshot_records import DumpedCluster, DumpedMember, DumpedStream, Each

# Beyond this many items, a map or a list has a header of another form, and beyond the next of a third one (msgpack
# specification, "map format family" and "array format family").
_FIX = 15
_SHORT = 65_535
# Items of a long list that are encoded at once, which the host can pack and let go: some kilobytes of streams, some
# megabytes of clusters with a hundred members each. Who reads parts counts on it: another number is another version.
_CHUNK = 32
# The headers of maps and of lists: what is added to a small number, and what stands before a larger one.
_MAPS = (0x80, b"\xde", b"\xdf")
_LISTS = (0x90, b"\xdc", b"\xdd")
# How deep in a stage long lists are looked for: a stage, its part, the part of a model.
_DEPTH = 3

# Where in a state a value stands: its stage, and the keys that lead to it.
Path = tuple[str, ...]
# Numbers that are shared at a time; those that are equal mostly stand close together.
_NUMBERS = 65_536
# Names of the fields that hold floats, and what takes these out of a struct at once; names of those that hold ints.
Fields = tuple[tuple[str, ...], Callable[[Struct], tuple[float | None, ...]], tuple[str, ...]]


def _fields(of: type[Struct], *ints: str) -> Fields:
    kinds = {field.name: field.type for field in msgspec.structs.fields(of)}
    floats = tuple(name for name, kind in kinds.items() if kind is float or kind == float | None)
    return floats, attrgetter(*floats), ints


# All floats of these, and the ints that many have in common and that are not small (small ones are shared anyway).
_STREAM = _fields(DumpedStream, "cluster")
_MEMBER = _fields(DumpedMember, "cluster")


class DedupState(TypedDict):
    """The result of `Dedup.dump`.

    Each stream is separate: its unshared data is freed before the next.
    """

    streams: list[msgspec.Raw]
    next: int
    forgotten: int
    recent: list[Copy]
    older: list[Copy]
    due: list[tuple[float, int]]


class CountedState(TypedDict):
    """The result of `Streams.dump` of the rate anomalies."""

    streams: list[DumpedCounted]
    ring: Any
    first: Any
    rhythm: Any
    shared: Any


class DetectState(TypedDict):
    """The result of `Detect.dump`."""

    streams: CountedState
    metrics: Any
    windows: Any
    training: Any
    pending: Any
    ring: Any
    verdicts: Any
    model: Any


class CorrelateState(TypedDict):
    """The result of `correlate.snapshot.dump`."""

    members: int
    now: float
    due: float
    evicted: list[int]
    packed_slot: int
    cooccurrence: Any
    onsets: list[float]
    rate: float
    clusters: Any
    background: Any
    recent: list[int]
    latest: list[int]
    keys: list[DumpedKey]


class ClustersState(TypedDict):
    """The result of `Clusters.dump`."""

    clusters: list[msgspec.Raw]
    alias: list[tuple[int, int]]
    moved: list[tuple[int, int]]


class Strings:
    """One string for all that are equal; lives as long as one restoring."""

    def __init__(self) -> None:
        self._shared = Shared(limit=sys.maxsize)
        # Their table itself: a call of a method for each string would be a third of a restart.
        self._known: dict[Any, Any] = self._shared.texts
        self._floats: dict[float, float] = {0.0: 0.0}
        self._ints: dict[int, int] = {}

    def stage(self, name: str, raw: msgspec.Raw) -> Any:
        """The state of a stage as its `load` takes it."""
        decode = msgspec.msgpack.decode
        if name == "dedup":
            dedup = decode(raw, type=DedupState)
            streams = msgspec.msgpack.Decoder(DumpedStream)
            return {**dedup, "streams": [self._stream(streams.decode(each)) for each in dedup["streams"]]}
        if name == "clusters":
            found = decode(raw, type=ClustersState)
            clusters = msgspec.msgpack.Decoder(DumpedCluster)
            return {**found, "clusters": [self._cluster(clusters.decode(each)) for each in found["clusters"]]}
        if name == "detect":
            return self._detect(decode(raw, type=DetectState))
        if name == "correlate":
            return self._correlate(decode(raw, type=CorrelateState))
        state = decode(raw)
        if isinstance(state, dict | list):
            self._plain(state)
        return state

    def items(self, path: Path, raw: bytes) -> list[Any]:
        """A list of a stage, or some of a long one."""
        kind = _ITEMS.get(path)
        if kind is None:
            found: list[Any] = msgspec.msgpack.decode(raw)
            self._plain(found)
            return found
        decoder, share = kind
        return [share(self, item) for item in decoder.decode(raw)] if share else decoder.decode(raw)

    def plain(self, raw: bytes) -> Any:
        """Any other value of a stage."""
        value = msgspec.msgpack.decode(raw)
        if isinstance(value, dict | list):
            self._plain(value)
        return value

    def _detect(self, state: DetectState) -> DetectState:
        state["streams"]["streams"] = [self._counted(each) for each in state["streams"]["streams"]]
        for rest in (state["metrics"], state["windows"], state["training"], state["pending"], state["verdicts"]):
            self._plain(rest)
        return state

    def _counted(self, counted: DumpedCounted) -> DumpedCounted:
        share = self._float
        key, at, count, first, factor, mean, shape, check, raw, nats, p, mass, bins, excess, power = counted
        key, at = self._known.setdefault(key, key), self._int(at)
        judged = (share(raw), share(nats), share(p))
        expected = (share(factor), share(mean), share(shape))
        return key, at, count, first, *expected, check, *judged, share(mass), share(bins), share(excess), share(power)

    def _key(self, key: DumpedKey) -> DumpedKey:
        one = self._known.setdefault
        name, habit, member, scored, alone = key
        shared = tuple([one(part, part) for part in name])
        return shared, self._habit(habit), member, scored, self._float(alone)

    def _habit(self, habit: DumpedHabit) -> DumpedHabit:
        share = self._float
        first, slot, active, chronic, count, mean, variance, last, start, period, periods, on_time = habit
        first, slot = self._int(first), self._int(slot)
        active, mean, variance, period = share(active), share(mean), share(variance), share(period)
        return first, slot, active, chronic, count, mean, variance, share(last), share(start), period, periods, on_time

    def _correlate(self, state: CorrelateState) -> CorrelateState:
        state["keys"] = [self._key(key) for key in state["keys"]]
        for rest in (state["cooccurrence"], state["clusters"], state["background"]):
            self._plain(rest)
        return state

    def _stream(self, stream: DumpedStream) -> DumpedStream:
        one = self._known.setdefault
        stream.fingerprint = one(stream.fingerprint, stream.fingerprint)
        stream.background = one(stream.background, stream.background)
        stream.identity = source, name, entity, service, _ = self._shared.identity(stream.identity)
        stream.source = source
        if entity:
            stream.name, stream.entity, stream.service = name, entity, service
        else:
            # The tool's own key is the identity: the rest comes from its latest episode.
            text = self._shared.text
            stream.name, stream.entity = text(stream.name), text(stream.entity)
            stream.service = text(stream.service)
        self._numbers(stream, _STREAM)
        stream.firings = tuple([self._float(at) for at in stream.firings])
        return stream

    def _cluster(self, cluster: DumpedCluster) -> DumpedCluster:
        one = self._known.setdefault
        cluster.incident = one(cluster.incident, cluster.incident)
        cluster.background = one(cluster.background, cluster.background)
        for member in cluster.members.values():
            member.fingerprint = one(member.fingerprint, member.fingerprint)
            member.name = one(member.name, member.name)
            member.entity = one(member.entity, member.entity)
            member.service = one(member.service, member.service)
            member.source = one(member.source, member.source)
            member.message = one(member.message, member.message)
            member.labels = self._shared.mapping(member.labels)
            member.callers = member.callers or NOBODY
            self._numbers(member, _MEMBER)
            join = member.join
            if join is not None:
                join.type, join.entity = one(join.type, join.type), one(join.entity, join.entity)
        return cluster

    def _numbers(self, struct: Struct, fields: Fields) -> None:
        """Floats and ints of a struct: most are those that it began with, or a time that others have as well."""
        # Two million of them in a large state: the common case is written out.
        floats, values_of, ints = fields
        known = self._floats.get
        for name, value in zip(floats, values_of(struct), strict=False):
            if value is not None:
                one = known(value)
                if one is not value:
                    setattr(struct, name, one or self._float(value))
        for name in ints:
            setattr(struct, name, self._int(getattr(struct, name)))

    def _float(self, value: float) -> float:
        known = self._floats.get(value)
        if known is None:
            if len(self._floats) >= _NUMBERS:
                self._floats.clear()
                self._floats[0.0] = 0.0
            known = self._floats[value] = value
        # The zeros are equal, and yet not the same in a snapshot.
        return known if value or copysign(1.0, value) > 0.0 else value

    def _int(self, value: int) -> int:
        known = self._ints.get(value)
        if known is None:
            if len(self._ints) >= _NUMBERS:
                self._ints.clear()
            known = self._ints[value] = value
        return known

    def _plain(self, value: dict[Any, Any] | list[Any]) -> None:
        """Lists and dicts as they were decoded, changed in place; keys of dicts are shared by the decoder."""
        for key, item in value.items() if type(value) is dict else enumerate(value):
            kind = type(item)
            if kind is str:
                value[key] = self._known.setdefault(item, item)
            elif kind is float:
                value[key] = self._float(item)
            elif kind is int:
                value[key] = self._int(item)
            elif kind is list or kind is dict:
                self._plain(item)


# How the long lists of the large stages are read: what their items are, and how these share what they have in common.
_ITEMS: dict[Path, tuple[msgspec.msgpack.Decoder[Any], Callable[[Strings, Any], Any] | None]] = {
    ("dedup", "streams"): (msgspec.msgpack.Decoder(list[DumpedStream]), Strings._stream),
    ("dedup", "recent"): (msgspec.msgpack.Decoder(list[Copy]), None),
    ("dedup", "older"): (msgspec.msgpack.Decoder(list[Copy]), None),
    ("dedup", "due"): (msgspec.msgpack.Decoder(list[tuple[float, int]]), None),
    ("detect", "streams", "streams"): (msgspec.msgpack.Decoder(list[DumpedCounted]), Strings._counted),
    ("correlate", "keys"): (msgspec.msgpack.Decoder(list[DumpedKey]), Strings._key),
    ("clusters", "clusters"): (msgspec.msgpack.Decoder(list[DumpedCluster]), Strings._cluster),
}


class Thaw:
    """Reads the pieces that `parts` made one at a time: the state is never also in memory as bytes.

    `count` is the number of stages. Raise `msgspec.MsgspecError` or `StopIteration` for pieces of another kind.
    """

    def __init__(self, pieces: Iterator[bytes], count: int) -> None:
        self._pieces = pieces
        self._count = count
        self._strings = Strings()

    def first(self) -> dict[str, msgspec.Raw]:
        """Return the part before the stages."""
        count = _counted_items(next(self._pieces), _MAPS) or 0
        raw = _head(max(0, count - self._count), *_MAPS) + next(self._pieces)
        return msgspec.msgpack.decode(raw, type=dict[str, msgspec.Raw])

    def stage(self) -> tuple[str, Any]:
        """The name of the next stage, and its state as its `load` takes it."""
        name: str = msgspec.msgpack.decode(next(self._pieces), type=str)
        return name, self._value((name,))

    def _value(self, path: Path) -> Any:
        piece = next(self._pieces)
        count = _counted_items(piece, _MAPS)
        if count is not None:
            found: dict[Any, Any] = {}
            for _ in range(count):
                key = msgspec.msgpack.decode(next(self._pieces))
                found[key] = self._value((*path, key))
            return found
        count = _counted_items(piece, _LISTS)
        if count is None:
            return self._strings.items(path, piece) if path in _ITEMS else self._strings.plain(piece)
        items: list[Any] = []
        while len(items) < count:
            some = _head(min(_CHUNK, count - len(items)), *_LISTS)
            items += self._strings.items(path, some + next(self._pieces))
        return items


def parts(first: dict[str, Any], stages: Iterable[tuple[str, Any]], count: int) -> Iterator[bytes]:
    """Yield a msgpack map of `first` and of the `count` stages' dumps, in pieces."""
    encode = msgspec.msgpack.encode
    yield _head(len(first) + count, *_MAPS)
    yield b"".join(encode(key) + encode(value) for key, value in first.items())
    for name, stage in stages:
        yield encode(name)
        yield from _pieces(stage.dump(), _DEPTH)


def _pieces(value: Any, depth: int) -> Iterator[bytes]:
    """The encoding of a value; long lists in it are encoded some items at a time."""
    encode = msgspec.msgpack.encode
    if depth and type(value) is dict:
        yield _head(len(value), *_MAPS)
        for key, item in value.items():
            yield encode(key)
            yield from _pieces(item, depth - 1)
    elif type(value) in (list, Each) and len(value) > _CHUNK:
        yield _head(len(value), *_LISTS)
        items = iter(value)
        while some := list(islice(items, _CHUNK)):
            yield encode(some)[len(_head(len(some), *_LISTS)) :]
    else:
        yield encode(list(value) if type(value) is Each else value)


def _head(count: int, fix: int, short: bytes, long: bytes) -> bytes:
    """The header of a map or a list of `count` items."""
    if count <= _FIX:
        return bytes([fix | count])
    return short + count.to_bytes(2, "big") if count <= _SHORT else long + count.to_bytes(4, "big")


def _counted_items(piece: bytes, heads: tuple[int, bytes, bytes]) -> int | None:
    """Return the number of items that a header announces.

    None if the piece is a value, or another header.
    """
    fix, short, long = heads
    if len(piece) == 1 and piece[0] & 0xF0 == fix:
        return piece[0] & _FIX
    is_head = (len(piece) == 3 and piece[:1] == short) or (len(piece) == 5 and piece[:1] == long)
    return int.from_bytes(piece[1:], "big") if is_head else None
