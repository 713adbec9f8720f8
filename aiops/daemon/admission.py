"""Admission: what the engine folds is exactly what the journal can give back.

Records are encoded for the journal and decoded again before they are folded. That costs 1.5 µs a record, and makes
"the daemon decides as its replay does" true by construction: a number that JSON does not know, half a character or a
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
    """What one frame will hold. `lines` are `records`, encoded; `positions` holds what the batches said."""

    records: list[Record]
    lines: bytes
    letters: list[DeadLetter]
    positions: dict[str, dict[str, int]]


def admit(
    batches: Iterable[Received], first_seq: int, extra: Iterable[Record] = (), before: Iterable[Record] = ()
) -> Admitted:
    """Join batches, and records of the host `before` and behind them (`extra`), into what a frame holds.

    A record without an id gets one from its place in the log.
    """
    records: list[Record] = list(before)
    letters: list[DeadLetter] = []
    positions: dict[str, dict[str, int]] = {}
    for received in batches:
        source = received.position.source if received.position is not None else ""
        has_metrics = Metric in set(map(type, received.records))
        records.extend(_finite(received.records, source, letters) if has_metrics else received.records)
        letters.extend(received.rejected)
        if received.position is not None:
            positions[source] = dict(received.position.at)
    records.extend(extra)
    try:
        lines = _encoded(records, first_seq)
        return Admitted(decode_lines(lines), lines, letters, positions)
    except _PROBLEMS:
        records = list(_fitting(records, letters))
        lines = _encoded(records, first_seq)
        return Admitted(decode_lines(lines), lines, letters, positions)


def _encoded(records: list[Record], first_seq: int) -> bytes:
    """JSON lines, with an id for each record; the records themselves stay as they are, should the disk refuse them."""
    nameless = [(place, record) for place, record in enumerate(records, first_seq) if not record.id]
    for place, record in nameless:
        record.id = f"log:{place}"
    try:
        return encode_lines(records)
    finally:
        for _, record in nameless:
            record.id = ""


def _finite(records: list[Record], source: str, letters: list[DeadLetter]) -> Iterator[Record]:
    """JSON has no infinity, and writes it as null: it would come back as an error."""
    for record in records:
        if type(record) is Metric and not math.isfinite(record.value):
            letters.append(DeadLetter(source, record.id, f"$.value: expected a finite number; got {record.value}"))
        else:
            yield record


def _fitting(records: list[Record], letters: list[DeadLetter]) -> Iterator[Record]:
    for record in records:
        try:
            decode_lines(encode_lines([record]))
        except _PROBLEMS as error:
            raw = repr(record).encode(errors="backslashreplace")[:_RAW_BYTES]
            letters.append(
                DeadLetter(str(getattr(record, "source", None) or ""), "", f"no record: {error}"[:1000], raw)
            )
        else:
            yield record
