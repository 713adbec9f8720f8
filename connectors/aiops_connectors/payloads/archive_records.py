"""Archive records and CloudEvents in decoded values, mended where their meaning is certain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from aiops.errors import RecordError
from aiops.records import Alert, Change, Metric, Record
from aiops.records.decode import from_plain
from aiops.records.model import MAX_TIME_S
from aiops_connectors.mapping.builders import Problem
from aiops_connectors.mapping.expressions import text
from aiops_connectors.mapping.states import state_of
from aiops_connectors.mapping.times import parse_time
from aiops_connectors.payloads import cloudevents
from aiops_connectors.payloads.json_body import plain

# Records in one value. A value is at most `max_bytes` long; the smallest record has some forty bytes.
MAX_RECORDS = 10_000
# What a peer may send. Actions and ticks steer the engine, and incidents are its output: none is input from outside.
KINDS = (Alert, Metric, Change)
_STATUSES = ("firing", "resolved", None)
_TIMES = ("ts", "starts_at", "ends_at")


def archived(
    payload: Any,
    headers: Mapping[str, str],
    now: float,
    problems: list[Problem],
    prefix: str = cloudevents.KAFKA_PREFIX,
) -> list[Any]:
    """Return the records of a payload, an object or a list; what does not fit is added to `problems`.

    `prefix` starts the names of CloudEvents headers. Raise `RecordError` for more than `MAX_RECORDS`.
    """
    attributes = cloudevents.binary_attributes(headers, prefix)
    if attributes is not None:
        payload = cloudevents.fill(payload, attributes, now)
    found: list[Record] = []
    for where, item in _items(payload):
        try:
            found.append(_record(item, where, now, problems))
        except RecordError as error:
            problems.append(Problem(where, f"{where}{str(error).removeprefix('$')}", _encoded(item)))
    return found


def _items(payload: Any) -> Iterable[tuple[str, Any]]:
    if not isinstance(payload, list):
        return [("$", payload)]
    if len(payload) > MAX_RECORDS:
        raise RecordError(f"expected at most {MAX_RECORDS} records in one value; got {len(payload)}")
    return [(f"$[{number}]", item) for number, item in enumerate(payload)]


def _record(item: Any, where: str, now: float, problems: list[Problem]) -> Record:
    if cloudevents.is_structured(item):
        event = cloudevents.structured(item)
        item = cloudevents.fill(inner(event.data), event.attributes, now)
    if isinstance(item, dict) and item.get("kind") == "alert" and item.get("status") not in _STATUSES:
        _set_status(item, where, problems)
    if isinstance(item, dict):
        _in_seconds(item)
    record = from_plain(item)
    if type(record) not in KINDS:
        raise RecordError(
            f"$.kind: expected alert, metric or change from outside; got {item.get('kind')}", field="$.kind"
        )
    return record


def _in_seconds(item: dict[str, Any]) -> None:
    """Put seconds for times in milliseconds and finer units: as seconds they are past year 5138."""
    for name in _TIMES:
        value = item.get(name)
        if isinstance(value, int | float) and value >= MAX_TIME_S and (seconds := parse_time(value)) is not None:
            item[name] = seconds


def _set_status(item: dict[str, Any], where: str, problems: list[Problem]) -> None:
    """Put the format's word for another word of a tool's; one that is not known fires, and is noted."""
    word = text(item.pop("status"))
    state = None if word is None else state_of(word)
    item["status"] = "resolved" if state == "resolved" else "firing"
    if state is None and word is not None:
        reason = f"{where}.status: expected firing or resolved; got {word[:100]!r}: taken as firing"
        problems.append(Problem(where, reason, warning=True, word=word))


def inner(data: Any) -> Any:
    """Return the data of a CloudEvent, decoded where it is text; raise `RecordError` if it is no JSON."""
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
