"""Decoders of request bodies: payloads of tools, archive records, CloudEvents, alerts of Prometheus."""

from __future__ import annotations

from collections.abc import Mapping as Headers
from typing import Protocol

import msgspec
from msgspec.structs import replace

from aiops.errors import RecordError
from aiops.records import MAX_AHEAD_S, Action, Alert, Change, Incident, Metric, Record, Tick
from aiops.records.decode import MAX_LABELS, MAX_RECORD_BYTES, decode
from aiops_connectors.mapping.builders import MAX_RAW, Problem
from aiops_connectors.mapping.mapping import Mapping, load_mapping
from aiops_connectors.mapping.origin import NOWHERE, Origin
from aiops_connectors.payloads import cloudevents
from aiops_connectors.payloads.archive_records import MAX_RECORDS
from aiops_connectors.payloads.json_body import plain
from aiops_connectors.payloads.prometheus_push import Taken
from aiops_connectors.payloads.values import ValueDecoder

_RECORDS = msgspec.json.Decoder(list[Alert | Metric | Change])


class Payload(Protocol):
    """One kind of body."""

    def take(self, body: bytes, headers: Headers[str, str], now: float, origin: Origin = NOWHERE) -> Taken:
        """Records and problems; an empty `id` is the caller's to fill. Never raises for what a body holds."""
        ...


class Mapped:
    """A tool's payload through its mapping, alone or inside CloudEvents."""

    def __init__(self, mapping: Mapping, most: int) -> None:
        self.reload = mapping.reload
        self._decoder = ValueDecoder(mapping, max_bytes=most, prefix=cloudevents.HTTP_PREFIX)

    def take(self, body: bytes, headers: Headers[str, str], now: float, origin: Origin = NOWHERE) -> Taken:
        """See `Payload.take`."""
        records: list[Record] = []
        problems = self._decoder.decode(body, records, place="", now=now, headers=headers, origin=origin)
        return Taken(_without_ids(records), list(problems))


class Archived:
    """Archive records: one object, a list, JSON Lines, or CloudEvents that hold one each."""

    def __init__(self, most: int) -> None:
        self._decoder = ValueDecoder(max_bytes=most, prefix=cloudevents.HTTP_PREFIX)

    def take(self, body: bytes, headers: Headers[str, str], now: float, origin: Origin = NOWHERE) -> Taken:
        """See `Payload.take`."""
        taken = self._fast(body) or self._slow(body, headers, now)
        flaws = [(number, flaw) for number, record in enumerate(taken.records) if (flaw := _flaw(record, now))]
        for number, flaw in reversed(flaws):
            encoded = msgspec.json.encode(taken.records.pop(number))[:MAX_RAW]
            taken.problems.insert(0, Problem(f"record {number}", flaw, encoded))
        return taken

    def _fast(self, body: bytes) -> Taken | None:
        """A list whose records all fit, which costs little more than decoding it."""
        if body.lstrip()[:1] != b"[":
            return None
        try:
            records = _RECORDS.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return Taken(list(records), []) if len(records) <= MAX_RECORDS else None

    def _slow(self, body: bytes, headers: Headers[str, str], now: float) -> Taken:
        lines = body.splitlines() if _is_lines(body, headers) else []
        if sum(1 for line in lines if line.strip()) < 2:
            records: list[Record] = []
            problems = self._decoder.decode(body, records, place="", now=now, headers=headers)
            return Taken(_without_ids(records), list(problems))
        taken = Taken([], [])
        for number, line in enumerate(lines, 1):
            if line.strip():
                self._line(line, number, headers, now, taken)
        return taken

    def _line(self, line: bytes, number: int, headers: Headers[str, str], now: float, taken: Taken) -> None:
        if len(taken.records) >= MAX_RECORDS:
            taken.problems.append(
                Problem(f"line {number}", f"expected at most {MAX_RECORDS} records in one body", line)
            )
            return
        found: list[Record] = []
        for problem in self._decoder.decode(line, found, place="", now=now, headers=headers):
            taken.problems.append(replace(problem, place=f"line {number}: {problem.place}"))
        taken.records += _without_ids(found)


def payload(name: str, mapping: str | None, most: int, zone: str | None = None) -> Payload:
    """Return the decoder of connector `name`.

    `mapping` (a name or a path) replaces the shipped one of its name. `zone` is that of times which state none.
    """
    if mapping is None and name in ("archive", "cloudevents"):
        return Archived(most) if name == "archive" else Events(most)
    return Mapped(load_mapping(mapping or name, zone=zone), most)


class Events:
    """CloudEvents: the data is an archive record, or else is read by the names that tools commonly use."""

    def __init__(self, most: int) -> None:
        self._archived = Archived(most)
        self._mapping = load_mapping("cloudevents")

    def take(self, body: bytes, headers: Headers[str, str], now: float, origin: Origin = NOWHERE) -> Taken:
        """See `Payload.take`."""
        flaws: list[Problem] = []
        try:
            events = plain(body, flaws) if body.strip() else None
            attributes = cloudevents.binary_attributes(headers, cloudevents.HTTP_PREFIX)
        except RecordError as error:
            return Taken([], [Problem(error.field, str(error), body[:MAX_RAW])])
        if attributes is not None:
            events = {**attributes, "data": events}
        taken = Taken([], flaws)
        batch = events if isinstance(events, list) else [events]
        for number, event in enumerate(batch[:MAX_RECORDS]):
            place = f"$[{number}]" if isinstance(events, list) else "$"
            self._one(event, place, now, taken)
        if len(batch) > MAX_RECORDS:
            taken.problems.append(
                Problem(f"$[{MAX_RECORDS}]", f"expected at most {MAX_RECORDS} events; got {len(batch)}")
            )
        return taken

    def _one(self, event: object, place: str, now: float, taken: Taken) -> None:
        try:
            encoded = msgspec.json.encode(event)
        except (RecursionError, ValueError, OverflowError) as error:
            taken.problems.append(Problem(place, f"expected a CloudEvent: {error}"))
            return
        if not isinstance(event, dict) or "specversion" not in event:
            taken.problems.append(
                Problem(place, "expected a CloudEvent with specversion, id, source and type", encoded)
            )
            return
        data = event.get("data")
        is_record = (isinstance(data, dict) and ("kind" in data or "ts" in data)) or "data_base64" in event
        found = self._archived.take(encoded, {}, now) if is_record else self._read(event, now)
        taken.records += found.records
        taken.problems += [
            replace(one, place=place + one.place.removeprefix("$"), raw=one.raw or encoded) for one in found.problems
        ]

    def _read(self, event: dict[str, object], now: float) -> Taken:
        try:
            attributes = cloudevents.structured(event).attributes
        except RecordError as error:
            return Taken([], [Problem(error.field, str(error))])
        records, problems = self._mapping.apply(event, {}, None, now)
        for record in records:
            record.id = f"{attributes['source']}#{attributes['id']}"[:1024]
        return Taken(list(records), problems)


def _is_lines(body: bytes, headers: Headers[str, str]) -> bool:
    """JSON Lines by name, or by their look: the first line is a record of its own."""
    kind = headers.get("content-type", "")
    if "ndjson" in kind or "jsonl" in kind or "json-lines" in kind:
        return True
    first = body.lstrip().partition(b"\n")[0]
    try:
        decode(first[:MAX_RECORD_BYTES])
    except RecordError as error:
        return not error.expected.startswith("one JSON object")
    return True


def _without_ids(records: list[Record]) -> list[Record]:
    """The decoder numbers records that have no id of their own; here they get one when they are taken."""
    for record in records:
        if record.id.startswith("#") and record.id[1:].isdecimal():
            record.id = ""
    return records


def _flaw(record: Record, now: float) -> str | None:
    """Describe the fault of a record that fits the format."""
    if isinstance(record, Incident | Tick | Action):
        return None
    if record.ts > now + MAX_AHEAD_S:
        ahead = f"{record.ts - now:.0f} s"
        return f"$.ts: expected a time at most {MAX_AHEAD_S:g} s ahead of the time of receipt; got {ahead}"
    if len(record.labels) > MAX_LABELS:
        return f"$.labels: expected at most {MAX_LABELS} labels; got {len(record.labels)}"
    return None


__all__ = ["Archived", "Events", "Mapped", "Payload", "Taken", "payload"]
