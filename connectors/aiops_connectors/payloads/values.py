"""Decoding of a message's value: archive records, CloudEvents, or the payloads of a mapping.

What is packed (gzip), framed (Confluent's wire format), or inside the envelope of a shipper is taken out first. One
decoder belongs to one source and is used from one thread. The common case, one archive record in one value, costs
little more than decoding it; everything else takes the slow path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from aiops.errors import RecordError
from aiops.records import Alert, Change, Metric, Record
from aiops.records.decode import MAX_RECORD_BYTES, decode
from aiops_connectors.mapping.builders import Problem
from aiops_connectors.mapping.origin import NOWHERE, Origin
from aiops_connectors.payloads import cloudevents
from aiops_connectors.payloads.archive_records import KINDS, MAX_RECORDS, archived, inner
from aiops_connectors.payloads.documents import document
from aiops_connectors.payloads.envelopes import DROPPED, opened
from aiops_connectors.payloads.framing import GZIP, Frame, confluent, gunzipped, is_json, likely_form, refusal
from aiops_connectors.payloads.json_body import json_lines, plain


class PayloadMapping(Protocol):
    """Turns a tool's payload into records (see `aiops_connectors.mapping.mapping`)."""

    def apply(
        self,
        payload: Any,
        headers: Mapping[str, str],
        key: str | None,
        now: float,
        origin: Origin = NOWHERE,
    ) -> tuple[list[Alert | Metric | Change], list[Problem]]: ...


class ValueDecoder:
    """Decodes values into records, and reports what does not fit.

    `mapping` reads payloads that are not in the archive's form. `max_bytes` is the longest value accepted. `prefix`
    starts the names of CloudEvents headers (`ce_` on Kafka, `ce-` in HTTP). `schemas` decodes framed messages that are
    not JSON (`aiops_connectors.kafka.schema_registry`).
    """

    def __init__(
        self,
        mapping: PayloadMapping | None = None,
        *,
        max_bytes: int = MAX_RECORD_BYTES,
        prefix: str = cloudevents.KAFKA_PREFIX,
        schemas: Callable[[Frame], Any] | None = None,
    ) -> None:
        self._mapping = mapping
        self._schemas = schemas
        self._max_bytes = max_bytes
        self._prefix = prefix
        self._fast = mapping is None

    def decode(
        self,
        value: bytes | None,
        records: list[Record],
        *,
        place: str,
        now: float,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        origin: Origin = NOWHERE,
    ) -> Sequence[Problem]:
        """Append the records of `value` and return what is wrong with it (empty: nothing).

        A record without an id gets `place`, with its number where the value holds several; `now` (Unix seconds) is the
        time of a CloudEvent or of a mapped payload that has none. `origin` is the way that the value came; without a
        body, the query is the payload.
        """
        if self._fast and not headers and value is not None and len(value) <= self._max_bytes:
            try:
                record = decode(value)
            except RecordError:
                return self._slowly(value, records, place, now, {}, key, origin)
            if type(record) in KINDS:
                if not record.id:
                    record.id = place
                records.append(record)
                return ()
        return self._slowly(value, records, place, now, headers or {}, key, origin)

    def _slowly(
        self,
        value: bytes | None,
        records: list[Record],
        place: str,
        now: float,
        headers: Mapping[str, str],
        key: str | None,
        origin: Origin,
    ) -> list[Problem]:
        problems: list[Problem] = []
        found: list[Record] = []
        try:
            payload = opened(self._payload(value, headers.get("content-type", ""), origin, problems), MAX_RECORDS)
            if payload is DROPPED:
                return problems
            if self._mapping is not None:
                found = self._mapped(self._mapping, payload, headers, key, now, origin, problems)
            else:
                found = archived(payload, headers, now, problems, self._prefix)
        except RecordError as error:
            return [*problems, Problem(error.field, str(error), value or b"")]
        for number, record in enumerate(found):
            if not record.id:
                record.id = place if len(found) == 1 else f"{place}#{number}"
        records += found
        return problems

    def _payload(self, value: bytes | None, kind: str, origin: Origin, problems: list[Problem]) -> Any:
        """Decode a value, or take the query where there is none."""
        if not value:
            if self._mapping is not None and origin.query:
                return dict(origin.query)
            raise RecordError("expected a value; the message has none")
        value = self._unpacked(value)
        frame = confluent(value)
        if frame is None:
            return document(value, kind, problems) if self._mapping is not None else _records(value, problems)
        if self._schemas is not None and not is_json(frame.body):
            return self._schemas(frame)
        try:
            return plain(frame.body, problems)
        except RecordError:
            raise RecordError(refusal(frame)) from None

    def _unpacked(self, value: bytes) -> bytes:
        if len(value) > self._max_bytes:
            raise RecordError(f"expected at most {self._max_bytes} bytes; got {len(value)}")
        return gunzipped(value, self._max_bytes) if value.startswith(GZIP) else value

    def _mapped(
        self,
        mapping: PayloadMapping,
        payload: Any,
        headers: Mapping[str, str],
        key: str | None,
        now: float,
        origin: Origin,
        problems: list[Problem],
    ) -> list[Record]:
        found: list[Record] = []
        for item in payload if _is_event_batch(payload) else [payload]:
            mapped, flaws = mapping.apply(item, headers, key, now, origin)
            if not mapped and flaws and cloudevents.is_structured(item):
                # No form of payload that the mapping knows, but an envelope: what it knows may be inside.
                event = cloudevents.structured(item)
                inside = dict(headers) | {self._prefix + name: value for name, value in event.attributes.items()}
                mapped, flaws = mapping.apply(inner(event.data), inside, key, now, origin)
            found += mapped
            problems += flaws
        return found


def _records(value: bytes, problems: list[Problem]) -> Any:
    """Decode archive records: one JSON document, or JSON Lines."""
    try:
        return plain(value, problems)
    except RecordError as error:
        lines = json_lines(value)
        if lines is not None:
            return lines
        words = likely_form(value)
        raise (RecordError(f"{error}: {words}") if words else error) from None


def _is_event_batch(payload: Any) -> bool:
    return isinstance(payload, list) and bool(payload) and all(cloudevents.is_structured(item) for item in payload)
