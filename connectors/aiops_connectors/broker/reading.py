"""A poll's batches to records and dead letters, with the offset to read next of every partition."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from aiops.ports import DeadLetter
from aiops.records import Record
from aiops_connectors.broker.consumer import Batch, RawMessage
from aiops_connectors.broker.positions import place_of
from aiops_connectors.builders import Problem
from aiops_connectors.decode import PayloadMapping, ValueDecoder

# What `DeadLetter` keeps of a message that was rejected.
MAX_RAW_BYTES = 64 << 10
# Longer headers are no use to a mapping and could fill memory: Kafka itself has no limit but that of the message.
MAX_HEADERS = 64
MAX_HEADER_BYTES = 4 << 10


class Reader:
    """Decodes what a source has polled. `clock` gives Unix seconds, for messages without a time stamp."""

    def __init__(self, source: str, mapping: PayloadMapping | None, max_bytes: int, clock: Callable[[], float]) -> None:
        self._source = source
        self._decoder = ValueDecoder(mapping, max_bytes=max_bytes)
        self._wants_key = mapping is not None
        self._clock = clock

    def read(self, batches: Sequence[Batch]) -> tuple[list[Record], list[DeadLetter], dict[str, int]]:
        """The records, the dead letters, and the next offset of each place (`topic/partition`)."""
        records: list[Record] = []
        rejected: list[DeadLetter] = []
        ends: dict[str, int] = {}
        now = self._clock()
        decode = self._decoder.decode
        for partition, messages in batches:
            place = place_of(partition)
            for message in messages:
                at = f"{place}@{message.offset}"
                headers = _headers(message.headers) if message.headers else None
                sent = message.timestamp / 1000 if message.timestamp > 0 else now
                key = _text(message.key) if self._wants_key and message.key is not None else None
                problems = decode(message.value, records, place=at, now=sent, headers=headers, key=key)
                if problems:
                    rejected += [self._dead(message, at, problem, now) for problem in problems]
            ends[place] = messages[-1].offset + 1
        return records, rejected, ends

    def _dead(self, message: RawMessage, place: str, problem: Problem, now: float) -> DeadLetter:
        raw = problem.raw or message.value or b""
        return DeadLetter(self._source, place, problem.reason[:1_000], raw[:MAX_RAW_BYTES], now)


def _headers(headers: Sequence[tuple[str, bytes | None]]) -> Mapping[str, str]:
    return {name.lower(): _text(value) for name, value in headers[:MAX_HEADERS] if value is not None}


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value[:MAX_HEADER_BYTES].decode("utf-8", "replace")
