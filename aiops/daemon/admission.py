"""Admission: the engine processes exactly what the journal can return.

Records are encoded for the journal and decoded again before the engine gets them. That costs 1.5 µs a record, and makes
"the daemon decides as its replay does" true by construction. A number that JSON does not know, half a character or a
name that is too long is a dead letter now, not a surprise at the next start.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from aiops.journal.frame import decode_lines, encode_lines
from aiops.ports import DeadLetter, Received
from aiops.records import Metric, Record

_PROBLEMS = (msgspec.MsgspecError, UnicodeError, ValueError, TypeError, OverflowError, RecursionError)
_RAW_BYTES = 64 << 10


class Admitted(Struct):
    """The content of one frame: `lines` are `records`, encoded; `positions` are by source."""

    records: list[Record]
    lines: bytes
    dead_letters: list[DeadLetter]
    positions: dict[str, dict[str, int]]


def admit(
    batches: Iterable[Received], first_seq: int, extra: Iterable[Record] = (), before: Iterable[Record] = ()
) -> Admitted:
    """Join batches into a frame, with records of the host `before` them and behind them (`extra`).

    A record without an id gets one from its position in the log.
    """
    records: list[Record] = list(before)
    dead_letters: list[DeadLetter] = []
    positions: dict[str, dict[str, int]] = {}
    for received in batches:
        source = received.position.source if received.position is not None else ""
        has_metrics = Metric in set(map(type, received.records))
        records.extend(_finite(received.records, source, dead_letters) if has_metrics else received.records)
        dead_letters.extend(received.rejected)
        if received.position is not None:
            positions[source] = dict(received.position.at)
    records.extend(extra)
    try:
        lines = _encoded(records, first_seq)
        return Admitted(decode_lines(lines), lines, dead_letters, positions)
    except _PROBLEMS:
        records = list(_fitting(records, dead_letters))
        lines = _encoded(records, first_seq)
        return Admitted(decode_lines(lines), lines, dead_letters, positions)


def _encoded(records: list[Record], first_seq: int) -> bytes:
    """Return JSON lines, with an id for each record.

    The records themselves keep an empty id: if the disk refuses the frame, they get another position.
    """
    nameless = [(number, record) for number, record in enumerate(records, first_seq) if not record.id]
    for number, record in nameless:
        record.id = f"log:{number}"
    try:
        return encode_lines(records)
    finally:
        for _, record in nameless:
            record.id = ""


def _finite(records: list[Record], source: str, dead_letters: list[DeadLetter]) -> Iterator[Record]:
    """Leave out metrics that are not finite: JSON writes infinity as null, which cannot be read again."""
    for record in records:
        if type(record) is Metric and not math.isfinite(record.value):
            dead_letters.append(DeadLetter(source, record.id, f"$.value: expected a finite number; got {record.value}"))
        else:
            yield record


def _fitting(records: list[Record], dead_letters: list[DeadLetter]) -> Iterator[Record]:
    """Leave out records that cannot be encoded and decoded again."""
    for record in records:
        try:
            decode_lines(encode_lines([record]))
        except _PROBLEMS as error:
            raw = repr(record).encode(errors="backslashreplace")[:_RAW_BYTES]
            dead_letters.append(
                DeadLetter(str(getattr(record, "source", None) or ""), "", f"no record: {error}"[:1000], raw)
            )
        else:
            yield record
