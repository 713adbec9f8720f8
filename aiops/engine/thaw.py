"""Snapshots in parts, so that a state of a hundred megabytes is not in memory two or three times while it is handled.

Stages are encoded one after the other, and what each dumped is let go before the next one dumps. Decoding makes the
structs of the large stages directly, without a plain value for each of their fields; equal strings, of which a site
with many alerts has few, become one string.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypedDict

import msgspec

from aiops.engine.clusters import ClusterState
from aiops.engine.dedup import Copy
from aiops.engine.streams import Identity, Stream

# Beyond this many keys, a map has a header of another form (msgpack specification, "map format family").
_FIXMAP = 15


class DedupState(TypedDict):
    """What `Dedup.dump` gives."""

    streams: list[Stream]
    next: int
    forgotten: int
    recent: list[Copy]
    older: list[Copy]
    due: list[tuple[float, int]]


class ClustersState(TypedDict):
    """What `Clusters.dump` gives."""

    clusters: list[ClusterState]
    alias: list[tuple[int, int]]
    moved: list[tuple[int, int]]


class Strings:
    """One string for all that are equal; lives as long as one restoring."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}
        self._pairs: dict[tuple[str, str], tuple[str, str]] = {}

    def stage(self, name: str, raw: msgspec.Raw) -> Any:
        """The state of a stage as its `load` takes it."""
        if name == "dedup":
            dedup = msgspec.msgpack.decode(raw, type=DedupState)
            for stream in dedup["streams"]:
                self._stream(stream)
            return dedup
        if name == "clusters":
            clusters = msgspec.msgpack.decode(raw, type=ClustersState)
            for cluster in clusters["clusters"]:
                self._cluster(cluster)
            return clusters
        state = msgspec.msgpack.decode(raw)
        if isinstance(state, dict | list):
            self._plain(state)
        return state

    def _stream(self, stream: Stream) -> None:
        one = self._known.setdefault
        source, name, entity, service, labels = stream.identity
        stream.fingerprint = one(stream.fingerprint, stream.fingerprint)
        stream.name, stream.entity = one(stream.name, stream.name), one(stream.entity, stream.entity)
        stream.service, stream.source = one(stream.service, stream.service), one(stream.source, stream.source)
        stream.background = one(stream.background, stream.background)
        identity: Identity = (
            one(source, source),
            one(name, name),
            one(entity, entity),
            one(service, service),
            tuple([self._pair(pair) for pair in labels]),
        )
        stream.identity = identity

    def _pair(self, pair: tuple[str, str]) -> tuple[str, str]:
        known = self._pairs.get(pair)
        if known is None:
            one = self._known.setdefault
            known = self._pairs[pair] = (one(pair[0], pair[0]), one(pair[1], pair[1]))
        return known

    def _cluster(self, cluster: ClusterState) -> None:
        one = self._known.setdefault
        cluster.incident = one(cluster.incident, cluster.incident)
        cluster.background = one(cluster.background, cluster.background)
        for member in cluster.members.values():
            member.fingerprint = one(member.fingerprint, member.fingerprint)
            member.name, member.entity = one(member.name, member.name), one(member.entity, member.entity)
            member.service, member.source = one(member.service, member.service), one(member.source, member.source)
            member.message = one(member.message, member.message)
            member.labels = {one(key, key): one(value, value) for key, value in member.labels.items()}

    def _plain(self, value: dict[Any, Any] | list[Any]) -> None:
        """Lists and dicts as they were decoded, changed in place; keys of dicts are shared by the decoder."""
        one = self._known.setdefault
        for key, item in value.items() if type(value) is dict else enumerate(value):
            kind = type(item)
            if kind is str:
                value[key] = one(item, item)
            elif kind is list or kind is dict:
                self._plain(item)


def parts(first: dict[str, Any], stages: Iterable[tuple[str, Any]], count: int) -> Iterator[bytes]:
    """A msgpack map of `first` and of the `count` stages' dumps, in pieces that make it up when put together."""
    total = len(first) + count
    head = bytes([0x80 | total]) if total <= _FIXMAP else b"\xde" + total.to_bytes(2, "big")
    encode = msgspec.msgpack.encode
    yield head + b"".join(encode(key) + encode(value) for key, value in first.items())
    for name, stage in stages:
        yield encode(name)
        yield encode(stage.dump())
