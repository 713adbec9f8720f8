"""Envelopes that shippers and connectors put around a message, taken off before it is read.

Known by marks that the sender's own document lays down, never by one common name alone:

- Kafka Connect's JSON converter: `schema` and `payload`, nothing else (JsonConverter, `schemas.enable`).
- Debezium: `op` and `source` beside `before` or `after`; the row, and in an outbox table the JSON text of its payload.
- Maxwell and Canal: `database`, `table`, `type` and `data`; AWS DMS: `data`, and `metadata` with its `operation`. The
  rows as with Debezium; a deleted row and a change of the table's form are dropped.
- Filebeat, Logstash, Fluent Bit, Fluentd, Vector and Docker: a line of JSON in `message` or `log`, beside a mark of the
  shipper. The host, pod and time of the shipper are not the alert's.
"""

from __future__ import annotations

from typing import Any

import msgspec

# An outbox row in Debezium in Connect's converter has three; more is an attack.
MAX_DEPTH = 5
# A shipper's line is JSON of an object or a list; any other line is a log line, which is its own message.
_TEXTS = ("message", "log", "line")
# Keys that a shipper adds and that alerts do not have: any of them beside the line makes it an envelope.
_SHIPPED = (
    "@version",  # Logstash
    "@metadata",  # Beats
    "agent",
    "ecs",
    "source_type",  # Vector
    "kubernetes",  # Fluent Bit's filter, Vector's source
    "stream",  # container logs: stdout or stderr
    "docker",
    "container_name",
    "@timestamp",  # all that write for Elasticsearch
    "date",  # Fluent Bit's default `json_date_key`
)
# What Logstash's snmptrap plugin writes of a trap into `message`.
_PDU = "variable_bindings"
# The columns that hold the message of an outbox (Debezium's outbox event router: `payload`).
_COLUMNS = ("payload", "body", "data", "event", "message", "value")
_CREATED, _DELETED = ("c", "u", "r"), ("d", "t", "m")
# Maxwell: insert, bootstrap-insert; Canal: INSERT; DMS: load, insert.
_WRITTEN = ("insert", "update", "bootstrap-insert", "load")


class Dropped:
    """The mark of an envelope with nothing inside: a deleted row, a heartbeat."""


DROPPED = Dropped()


def unwrapped(value: Any, depth: int = 0) -> Any:
    """Return what is inside the envelopes around `value`: itself without any, `DROPPED` if deleted.

    >>> unwrapped({"@version": "1", "message": '{"name": "x"}'}), unwrapped({"message": "plain text"})
    ({'name': 'x'}, {'message': 'plain text'})
    """
    if type(value) is not dict or depth >= MAX_DEPTH:
        return value
    if len(value) == 2 and "schema" in value and "payload" in value:
        return DROPPED if value["payload"] is None else unwrapped(_parsed(value["payload"]), depth + 1)
    if "op" in value and ("after" in value or "before" in value) and type(value.get("source")) is dict:
        return _changed_row(value, depth)
    if (operation := _operation(value)) is not None:
        return _written_rows(value["data"], depth) if operation in _WRITTEN else DROPPED
    line = _line(value)
    if type(line) is dict and _PDU in line:
        # The sender and the time of a trap are in the event around its PDU.
        return value
    return value if line is None else unwrapped(line, depth + 1)


def opened(payload: Any, most: int) -> Any:
    """Return a payload without its envelopes, which an object or each element of a list has.

    At most one element more than `most`; `DROPPED` where nothing is left.
    """
    if type(payload) is dict:
        payload = unwrapped(payload)
    if type(payload) is not list or not payload:
        return payload
    elements = [unwrapped(one) for one in flattened(payload, most)]
    found = [one for one in flattened(elements, most) if one is not DROPPED]
    return found or DROPPED


def _changed_row(value: dict[str, Any], depth: int) -> Any:
    if value["op"] in _DELETED:
        return DROPPED
    row = _parsed(value.get("after"))
    if value["op"] not in _CREATED or type(row) is not dict:
        return value
    return _row(row, depth)


def _operation(value: dict[str, Any]) -> str | None:
    """Return what happened to the rows in `data`, in lower case; None for no such envelope."""
    if type(value.get("data")) not in (dict, list):
        # A change of a table's form, or the mark of a started copy, has no rows.
        rowless = "data" in value or "sql" in value or "def" in value
        return "none" if rowless and _of_table(value) and type(value.get("type")) is str else None
    kind = value.get("type")
    if type(kind) is str and _of_table(value):
        return "none" if value.get("isDdl") is True else kind.lower()
    metadata = value.get("metadata")
    if len(value) == 2 and type(metadata) is dict and "record-type" in metadata:
        return str(metadata.get("operation")).lower()
    return None


def _of_table(value: dict[str, Any]) -> bool:
    return type(value.get("database")) is str and type(value.get("table")) is str and "ts" in value


def _written_rows(data: Any, depth: int) -> Any:
    if type(data) is dict:
        return _row(data, depth)
    return [_row(row, depth) for row in data if type(row) is dict]


def _row(row: dict[str, Any], depth: int) -> Any:
    """Return what a row holds: the message in the column of an outbox, or the row itself."""
    for column in _COLUMNS:
        if type(inner := _parsed(row.get(column))) is dict:
            return unwrapped(inner, depth + 1)
    return unwrapped(row, depth + 1)


def _line(value: dict[str, Any]) -> Any:
    for name in _TEXTS:
        text = value.get(name)
        if type(text) is str and text.lstrip()[:1] in ("{", "[") and any(mark in value for mark in _SHIPPED):
            inner = _parsed(text)
            if type(inner) in (dict, list):
                return inner
    return None


def _parsed(value: Any) -> Any:
    """Return JSON held as text, else the value as it is."""
    if type(value) is not str:
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return value


def flattened(value: list[Any], most: int, depth: int = 0) -> list[Any]:
    """Return the elements of lists in lists; at most one more than `most`, for the caller to refuse."""
    found: list[Any] = []
    for element in value:
        if type(element) is list and depth < MAX_DEPTH:
            found += flattened(element, most - len(found), depth + 1)
        else:
            found.append(element)
        if len(found) > most:
            break
    return found
