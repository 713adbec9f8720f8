"""Decoding of a message's value: archive records, CloudEvents, or the payloads of a mapping.

One decoder belongs to one source and is used from one thread. The common case, one archive record in one value, costs
little more than decoding it; everything else takes the slow path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from aiops.errors import RecordError
from aiops.records import Alert, Change, Metric, Record
from aiops.records.decode import MAX_RECORD_BYTES, decode, from_plain
from aiops.records.lenient import NotJsonError, read
from aiops_connectors.mapping.builders import Problem
from aiops_connectors.mapping.expressions import text
from aiops_connectors.mapping.states import state_of
from aiops_connectors.payloads import cloudevents

# Records in one value. A value is at most `max_bytes` long; the smallest record has some forty bytes.
MAX_RECORDS = 10_000
# What a peer may send. Actions and ticks steer the engine, and incidents are its output: none is input from outside.
KINDS = (Alert, Metric, Change)
_STATUSES = ("firing", "resolved", None)
_PLAIN = msgspec.json.Decoder()


class PayloadMapping(Protocol):
    """Turns a tool's payload into records (see `aiops_connectors.mapping.mapping`)."""

    def apply(
        self, payload: Any, headers: Mapping[str, str], key: str | None, now: float
    ) -> tuple[list[Alert | Metric | Change], list[Problem]]: ...


class ValueDecoder:
    """Decodes values into records, and reports what does not fit.

    `mapping` reads payloads that are not in the archive's form. `max_bytes` is the longest value accepted. `prefix`
    starts the names of CloudEvents headers (`ce_` on Kafka, `ce-` in HTTP).
    """

    def __init__(
        self,
        mapping: PayloadMapping | None = None,
        *,
        max_bytes: int = MAX_RECORD_BYTES,
        prefix: str = cloudevents.KAFKA_PREFIX,
    ) -> None:
        self._mapping = mapping
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
    ) -> Sequence[Problem]:
        """Append the records of `value` and return what is wrong with it (empty: nothing).

        A record without an id gets `place`, with its number where the value holds several; `now` (Unix seconds) is the
        time of a CloudEvent or of a mapped payload that has none.
        """
        if self._fast and not headers and value is not None and len(value) <= self._max_bytes:
            try:
                record = decode(value)
            except RecordError:
                return self._slowly(value, records, place, now, {}, key)
            if type(record) in KINDS:
                if not record.id:
                    record.id = place
                records.append(record)
                return ()
        return self._slowly(value, records, place, now, headers or {}, key)

    def _slowly(
        self,
        value: bytes | None,
        records: list[Record],
        place: str,
        now: float,
        headers: Mapping[str, str],
        key: str | None,
    ) -> list[Problem]:
        problems: list[Problem] = []
        found: list[Record] = []
        try:
            payload = self._payload(value, problems)
            if self._mapping is not None:
                found = self._mapped(self._mapping, payload, headers, key, now, problems)
            else:
                found = self._archived(payload, headers, now, problems)
        except RecordError as error:
            return [*problems, Problem(error.field, str(error), value or b"")]
        for number, record in enumerate(found):
            if not record.id:
                record.id = place if len(found) == 1 else f"{place}#{number}"
        records += found
        return problems

    def _payload(self, value: bytes | None, problems: list[Problem]) -> Any:
        if not value:
            raise RecordError("expected a value; the message has none")
        if len(value) > self._max_bytes:
            raise RecordError(f"expected at most {self._max_bytes} bytes; got {len(value)}")
        return plain(value, problems)

    def _archived(self, payload: Any, headers: Mapping[str, str], now: float, problems: list[Problem]) -> list[Record]:
        attributes = cloudevents.binary_attributes(headers, self._prefix)
        if attributes is not None:
            payload = cloudevents.fill(payload, attributes, now)
        found: list[Record] = []
        for where, item in _items(payload):
            try:
                found.append(_record(item, where, now, problems))
            except RecordError as error:
                problems.append(Problem(where, f"{where}{str(error).removeprefix('$')}", _encoded(item)))
        return found

    def _mapped(
        self,
        mapping: PayloadMapping,
        payload: Any,
        headers: Mapping[str, str],
        key: str | None,
        now: float,
        problems: list[Problem],
    ) -> list[Record]:
        found: list[Record] = []
        for item in payload if _is_event_batch(payload) else [payload]:
            mapped, flaws = mapping.apply(item, headers, key, now)
            if not mapped and flaws and cloudevents.is_structured(item):
                # No form of payload that the mapping knows, but an envelope: what it knows may be inside.
                event = cloudevents.structured(item)
                inside = dict(headers) | {self._prefix + name: value for name, value in event.attributes.items()}
                mapped, flaws = mapping.apply(_inner(event.data), inside, key, now)
            found += mapped
            problems += flaws
        return found


def plain(value: bytes | str, problems: list[Problem]) -> Any:
    """Decode JSON, leniently if necessary; its flaws are added to `problems` as warnings.

    Raise `RecordError` if it cannot be read at all.
    """
    try:
        return _PLAIN.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        found = read(value)
    except NotJsonError as error:
        raise RecordError(f"expected JSON: {error}") from None
    problems += [Problem(place, f"{place}: {reason}: taken as null", warning=True) for place, reason in found.flaws]
    return found.value


def _items(payload: Any) -> Iterable[tuple[str, Any]]:
    if not isinstance(payload, list):
        return [("$", payload)]
    if len(payload) > MAX_RECORDS:
        raise RecordError(f"expected at most {MAX_RECORDS} records in one value; got {len(payload)}")
    return [(f"$[{number}]", item) for number, item in enumerate(payload)]


def _is_event_batch(payload: Any) -> bool:
    return isinstance(payload, list) and bool(payload) and all(cloudevents.is_structured(item) for item in payload)


def _record(item: Any, where: str, now: float, problems: list[Problem]) -> Record:
    if cloudevents.is_structured(item):
        event = cloudevents.structured(item)
        item = cloudevents.fill(_inner(event.data), event.attributes, now)
    if isinstance(item, dict) and item.get("kind") == "alert" and item.get("status") not in _STATUSES:
        _set_status(item, where, problems)
    record = from_plain(item)
    if type(record) not in KINDS:
        raise RecordError(
            f"$.kind: expected alert, metric or change from outside; got {item.get('kind')}", field="$.kind"
        )
    return record


def _set_status(item: dict[str, Any], where: str, problems: list[Problem]) -> None:
    """Put the format's word for another word of a tool's; one that is not known fires, and is noted."""
    word = text(item.pop("status"))
    state = None if word is None else state_of(word)
    item["status"] = "resolved" if state == "resolved" else "firing"
    if state is None and word is not None:
        reason = f"{where}.status: expected firing or resolved; got {word[:100]!r}: taken as firing"
        problems.append(Problem(where, reason, warning=True, word=word))


def _inner(data: Any) -> Any:
    if not isinstance(data, bytes | str):
        return data
    try:
        return plain(data, [])
    except RecordError:
        raise RecordError("$.data: expected JSON; got something else", field="$.data") from None


def _encoded(item: Any) -> bytes:
    try:
        return msgspec.json.encode(item)
    except (msgspec.MsgspecError, RecursionError, TypeError, ValueError):
        return repr(item)[:1_000].encode()
