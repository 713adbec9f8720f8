"""A poll's batches to records and dead letters, message by message, with time and place of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from aiops.archive import time_of
from aiops.ports import DeadLetter
from aiops.records import Record
from aiops.wording import plural
from aiops_connectors.kafka.consumer import Batch, Partition, RawMessage, Unreadable
from aiops_connectors.kafka.offsets import place_of
from aiops_connectors.mapping.builders import Problem
from aiops_connectors.mapping.origin import Origin
from aiops_connectors.payloads.charset import CharsetError, as_utf8
from aiops_connectors.payloads.framing import Frame
from aiops_connectors.payloads.unknown_words import UnknownWords
from aiops_connectors.payloads.values import PayloadMapping, ValueDecoder

# What `DeadLetter` keeps of a message that was rejected.
MAX_RAW_BYTES = 64 << 10
# Longer headers are no use to a mapping and could fill memory: Kafka itself has no limit but that of the message.
MAX_HEADERS = 64
MAX_HEADER_BYTES = 4 << 10


class Item(Struct, gc=False):
    """The result of one message: `end` is the offset after it, `bytes` its length.

    `at` is the time of the event, `sent` the time of sending, in Unix seconds. Nearly every message is one `record`; a
    message of several has them all in `more`. Without lists in the usual case, the collector of cycles need not walk
    through all waiting items.
    """

    partition: Partition
    end: int
    at: float
    sent: float
    bytes: int
    record: Record | None = None
    more: list[Record] | None = None
    rejected: list[DeadLetter] | None = None
    # A key without a value: Kafka's own mark that what the key named is deleted.
    tombstone: bool = False
    # Messages in its place that no retry can read.
    unreadable: int = 0


def records_of(items: Sequence[Item]) -> list[Record]:
    """All records of the items, in their order."""
    records: list[Record] = []
    for item in items:
        if item.more is not None:
            records += item.more
        elif item.record is not None:
            records.append(item.record)
    return records


class Reader:
    """Decodes what a source has polled. `clock` gives Unix seconds, for messages without a time stamp."""

    def __init__(
        self,
        source: str,
        mapping: PayloadMapping | None,
        max_bytes: int,
        clock: Callable[[], float],
        schemas: Callable[[Frame], Any] | None = None,
    ) -> None:
        self._source = source
        self._decoder = ValueDecoder(mapping, max_bytes=max_bytes, schemas=schemas)
        self._max_bytes = max_bytes
        self._wants_key = mapping is not None
        self.unknown = UnknownWords(source)
        self._clock = clock

    def read(self, batches: Sequence[Batch]) -> list[tuple[Partition, list[Item]]]:
        """The items of each partition, in order."""
        now = self._clock()
        return [(partition, self._items(partition, messages, now)) for partition, messages in batches]

    def _items(self, partition: Partition, messages: Sequence[RawMessage | Unreadable], now: float) -> list[Item]:
        place = place_of(partition)
        origin = Origin(topic=partition[0])
        decode = self._decoder.decode
        items: list[Item] = []
        records: list[Record] = []
        for message in messages:
            if isinstance(message, Unreadable):
                items.append(self._unreadable(partition, message, now))
                continue
            value, offset = message.value, message.offset
            if value is None and message.key is not None:
                items.append(self._tombstone(partition, message, now))
                continue
            at = f"{place}@{offset}"
            headers = _headers(message.headers) if message.headers else None
            sent = message.timestamp / 1000 if message.timestamp > 0 else now
            key = _text(message.key) if self._wants_key and message.key is not None else None
            if headers is not None and value is not None:
                value = self._in_utf8(value, headers)
            problems = decode(value, records, place=at, now=sent, headers=headers, key=key, origin=origin)
            item = Item(partition, offset + 1, sent, sent, len(value) if value else 0)
            if records:
                item.record = records[0]
                # What happened cannot have been sent before it did.
                happened = time_of(item.record)
                if happened < sent:
                    item.at = happened
                if len(records) > 1:
                    item.more = records
                    records = []
                else:
                    records.clear()
            if problems and (problems := self.unknown.sift(problems)):
                item.rejected = [self._dead(message, at, problem, now) for problem in problems]
            items.append(item)
        self.unknown.check_severities(records_of(items))
        return items

    def _in_utf8(self, value: bytes, headers: Mapping[str, str]) -> bytes:
        """Convert a value from the charset in its header; leave it as it is if that fails."""
        try:
            return as_utf8(value, headers.get("content-type", ""), self._max_bytes)
        except CharsetError:
            return value

    def _tombstone(self, partition: Partition, message: RawMessage, now: float) -> Item:
        sent = message.timestamp / 1000 if message.timestamp > 0 else now
        return Item(partition, message.offset + 1, sent, sent, 0, tombstone=True)

    def _unreadable(self, partition: Partition, gap: Unreadable, now: float) -> Item:
        """One dead letter for a batch that cannot be read; it waits for nobody in the order of time."""
        count = gap.end - gap.offset
        places = f"@{gap.offset}" if count == 1 else f"@{gap.offset}-{gap.end - 1}"
        what = "a message" if count == 1 else plural(count, "message")
        letter = DeadLetter(
            self._source,
            place_of(partition) + places,
            f"{what} cannot be read: {gap.reason}"[:1_000],
            gap.raw[:MAX_RAW_BYTES],
            now,
        )
        return Item(partition, gap.end, 0.0, 0.0, len(gap.raw), rejected=[letter], unreadable=count)

    def _dead(self, message: RawMessage, place: str, problem: Problem, now: float) -> DeadLetter:
        raw = problem.raw or message.value or b""
        return DeadLetter(self._source, place, problem.reason[:1_000], raw[:MAX_RAW_BYTES], now)


def _headers(headers: Sequence[tuple[str, bytes | None]]) -> Mapping[str, str]:
    return {name.lower(): _text(value) for name, value in headers[:MAX_HEADERS] if value is not None}


def _text(value: bytes | str) -> str:
    return value if isinstance(value, str) else value[:MAX_HEADER_BYTES].decode("utf-8", "replace")
