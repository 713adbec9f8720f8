"""Batches of kafka-python; an unreadable one does not stop its partition.

The client (3.0.12) raises for ever at a batch that is damaged or packed by an unknown codec. Here such a batch is
fetched once more, since the damage may have happened in transit. Then an `Unreadable` takes its place, and reading
continues behind it. In an intact batch, one malformed record costs only itself.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from kafka.consumer.fetcher import Fetcher
from kafka.errors import KafkaError, OffsetOutOfRangeError
from kafka.record.default_records import DefaultRecordBatch
from kafka.record.util import decode_varint

from aiops_connectors.kafka.consumer import Unreadable

# What a dead letter keeps of a batch.
_RAW_BYTES = 64 << 10
# Of batches that failed once, so many are remembered; each is forgotten when it fails again.
_MAX_SUSPECTS = 1_000
# Of the header of a batch: base offset, length, leader epoch, magic, CRC, attributes, last offset delta.
_HEADER = struct.Struct(">qiibIhi")
_BASE_OFFSET = struct.Struct(">q")


class BlockedError(Exception):
    """The broker answered a fetch of one partition with an error that another fetch will meet again."""

    def __init__(self, partition: Any, reason: str) -> None:
        super().__init__(partition, reason)
        self.partition = partition
        self.reason = reason


def guard(fetcher: Any) -> None:
    """Make a consumer's fetcher read batches in this way, and name a partition that the broker refuses."""
    suspects: dict[tuple[Any, int], None] = {}
    parse = fetcher._parse_fetched_data
    high = -1

    def parsed(completed: Any) -> Any:
        nonlocal high
        high = completed.partition_data.high_watermark
        try:
            return parse(completed)
        except OffsetOutOfRangeError:
            raise
        except KafkaError as error:
            raise BlockedError(completed.topic_partition, _reason(error)) from error

    def records(*args: Any, **named: Any) -> GuardedRecords:
        made = GuardedRecords(*args, **named)
        made.suspects, made.high = suspects, high
        return made

    fetcher.PartitionRecords = records
    fetcher._parse_fetched_data = parsed


class GuardedRecords(Fetcher.PartitionRecords):  # type: ignore[misc]
    """The records of one fetch, with an `Unreadable` for each unreadable batch or record."""

    suspects: dict[tuple[Any, int], None]
    # The end that the broker serves of the partition; below zero if it did not report it.
    high: int
    check_crcs: bool
    _is_inside = False

    def drain(self) -> None:
        """Mark all as read.

        The client does so behind each batch that it is given, and only the last one counts.
        """
        if not self._is_inside:
            super().drain()

    def _unpack_records(self, tp: Any, records: Any, *deserializers: Any) -> Iterator[Any]:
        while records.has_next():
            header = bytes(records._next_slice[: _HEADER.size])
            whole = records._next_slice
            batch = None
            try:
                batch = records.next_batch()
                yield from self._batch(tp, batch, *deserializers)
            except Exception as error:
                following = records._next_slice
                if self._fails_first(tp, header) or following is whole:
                    # Fetched again; or nothing behind it can be found in this stretch.
                    break
                yield self._passed_over(header, following, error, whole)
        self.drain()

    def _batch(self, tp: Any, batch: Any, *deserializers: Any) -> Iterator[Any]:
        """The records of one batch; one that is malformed in a whole batch is passed over alone."""
        checks: bool = self.check_crcs
        self._is_inside = True
        try:
            while True:
                try:
                    yield from super()._unpack_records(tp, _One(batch), *deserializers)
                    return
                except Exception as error:
                    flaw = _flaw(batch, error)
                    if flaw is None:
                        raise
                    self.next_fetch_offset = flaw.end
                    yield flaw
                    # It was checked, and is unpacked by now.
                    self.check_crcs = False
        finally:
            self._is_inside = False
            self.check_crcs = checks

    def _fails_first(self, tp: Any, header: bytes) -> bool:
        suspect = (tp, _BASE_OFFSET.unpack_from(header)[0])
        if suspect in self.suspects:
            del self.suspects[suspect]
            return False
        if len(self.suspects) >= _MAX_SUSPECTS:
            self.suspects.clear()
        self.suspects[suspect] = None
        return True

    def _passed_over(self, header: bytes, following: Any, error: Exception, whole: Any) -> Unreadable:
        first = self.next_fetch_offset
        if following is not None:
            # The header of a damaged batch may lie about where it ends; the next batch does not.
            end = int(_BASE_OFFSET.unpack_from(following)[0])
        else:
            end = _end_in_header(header)
            end = min(end, self.high) if self.high > first else end
        self.next_fetch_offset = max(first + 1, end)
        return Unreadable(first, self.next_fetch_offset, _reason(error), bytes(whole[:_RAW_BYTES]))


class _One:
    """A stretch of one batch."""

    def __init__(self, batch: Any) -> None:
        self._batch = batch

    def next_batch(self) -> Any:
        batch, self._batch = self._batch, None
        return batch


def _flaw(batch: Any, error: Exception) -> Unreadable | None:
    """Return the record at which a batch became unreadable, after skipping it; None for other faults."""
    if not isinstance(batch, DefaultRecordBatch) or not batch._decompressed:
        return None
    if not batch._next_record_index < batch._num_records:
        return None
    buffer, start = batch._buffer, batch._pos
    try:
        length, inside = decode_varint(buffer, start)
        end = inside + length
        # Attributes and time stamp come before the offset.
        _, at = decode_varint(buffer, inside)
        _, at = decode_varint(buffer, at)
        delta, _ = decode_varint(buffer, at)
    except (IndexError, ValueError):
        return None
    offset = batch.base_offset + delta
    if length <= 0 or end > len(buffer) or not batch.base_offset <= offset <= batch.last_offset:
        return None
    batch._pos = end
    batch._next_record_index += 1
    return Unreadable(offset, offset + 1, _reason(error), bytes(buffer[start:end][:_RAW_BYTES]))


def _end_in_header(header: bytes) -> int:
    """Return the offset after a batch, from its header.

    Formats before 2 have one message in a header.
    """
    if len(header) < _HEADER.size:
        return -1
    base, _, _, magic, _, _, delta = _HEADER.unpack(header)
    return int(base + delta + 1 if magic >= 2 else base + 1)


def _reason(error: Exception) -> str:
    # The client's errors contain their number and their name.
    text = str(error).partition(f"{type(error).__name__}: ")[2] or str(error)
    return f"{type(error).__name__}: {text}"[:500]
