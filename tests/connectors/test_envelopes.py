"""What shippers and connectors put around a message is taken off, and nothing else is."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from aiops_connectors.mapping.mapping import load_mapping
from aiops_connectors.payloads.envelopes import DROPPED, flattened, unwrapped
from aiops_connectors.payloads.framing import confluent, gunzipped, likely_form
from aiops_connectors.payloads.values import ValueDecoder
from hypothesis import given
from hypothesis import strategies as st

from aiops.errors import RecordError
from aiops.records import Alert, Record

ALERT = {"kind": "alert", "ts": 1_772_400_000, "name": "DiskFull", "entity": "db-1", "severity": "critical"}
TEXT = json.dumps(ALERT)
ENVELOPES: dict[str, Any] = {
    "Connect's JSON converter": {"schema": {"type": "struct", "fields": []}, "payload": ALERT},
    "Connect, a text": {"schema": {"type": "string"}, "payload": TEXT},
    "Debezium, a row": {"before": None, "after": ALERT, "source": {"table": "alerts"}, "op": "c", "ts_ms": 1},
    "Debezium, an update": {"before": {"name": "old"}, "after": ALERT, "source": {}, "op": "u"},
    "Debezium, an outbox": {"after": {"id": "7", "payload": TEXT}, "source": {}, "op": "c"},
    "Debezium in Connect": {"schema": {}, "payload": {"after": {"payload": TEXT}, "source": {}, "op": "r"}},
    "Filebeat": {"@timestamp": "2026-03-01T21:20:00Z", "@metadata": {"beat": "filebeat"}, "message": TEXT, "host": {}},
    "Logstash": {"@timestamp": "2026-03-01T21:20:00Z", "@version": "1", "message": TEXT, "host": "shipper"},
    "Vector": {"message": TEXT, "source_type": "file", "timestamp": "2026-03-01T21:20:00Z", "host": "shipper"},
    "Fluent Bit": {"date": 1772400000.1, "log": TEXT, "kubernetes": {"pod_name": "alertgen-0"}},
    "Docker": {"log": TEXT + "\n", "stream": "stdout", "time": "2026-03-01T21:20:00Z"},
    "Maxwell": {"database": "ops", "table": "alerts", "type": "insert", "ts": 1, "xid": 2, "data": ALERT},
    "Maxwell, an outbox": {
        "database": "o",
        "table": "t",
        "type": "update",
        "ts": 1,
        "data": {"payload": TEXT},
        "old": {},
    },
    "Canal": {"database": "o", "table": "t", "type": "INSERT", "ts": 1, "isDdl": False, "data": [ALERT], "old": None},
    "DMS": {"data": ALERT, "metadata": {"record-type": "data", "operation": "load", "table-name": "alerts"}},
    "lists in lists": [[[ALERT]]],
}


def decoded(value: bytes, decoder: ValueDecoder | None = None) -> tuple[list[Record], list[str]]:
    records: list[Record] = []
    problems = (decoder or ValueDecoder()).decode(value, records, place="t/0@1", now=5.0)
    return records, [problem.reason for problem in problems]


@pytest.mark.parametrize("name", ENVELOPES)
def test_what_is_inside_an_envelope_is_read(name: str) -> None:
    [record], problems = decoded(json.dumps(ENVELOPES[name]).encode())
    assert isinstance(record, Alert)
    assert (record.name, record.entity, record.ts) == ("DiskFull", "db-1", 1_772_400_000.0)
    assert not problems


@pytest.mark.parametrize("name", ENVELOPES)
def test_a_mapping_reads_what_is_inside(name: str) -> None:
    [record], problems = decoded(json.dumps(ENVELOPES[name]).encode(), ValueDecoder(load_mapping("webhook")))
    assert isinstance(record, Alert)
    assert (record.name, record.entity, record.severity) == ("DiskFull", "db-1", "critical")
    assert not [problem for problem in problems if "state" not in problem]


@pytest.mark.parametrize(
    "change",
    [
        {"database": "o", "table": "t", "type": "delete", "ts": 1, "data": ALERT},
        {"database": "o", "table": "t", "type": "DELETE", "ts": 1, "isDdl": False, "data": [ALERT]},
        {"database": "o", "table": "t", "type": "ALTER", "ts": 1, "isDdl": True, "data": None, "sql": "alter table t"},
        {"database": "o", "table": "t", "type": "table-alter", "ts": 1, "def": {}, "sql": "alter table t"},
        {"data": ALERT, "metadata": {"record-type": "data", "operation": "delete"}},
    ],
)
def test_a_row_that_was_not_written_is_no_alert(change: dict[str, Any]) -> None:
    assert unwrapped(change) is DROPPED


def test_an_alert_with_a_table_is_no_envelope() -> None:
    alert = {"database": "orders", "table": "t", "type": "slow query", "name": "Slow", "ts": 1}
    assert unwrapped(alert) is alert


@pytest.mark.parametrize("operation", ["d", "t", "m"])
def test_a_deleted_row_is_nothing_and_no_problem(operation: str) -> None:
    value = {"before": ALERT, "after": None, "source": {}, "op": operation}
    assert unwrapped(value) is DROPPED
    assert decoded(json.dumps(value).encode()) == ([], [])
    assert decoded(json.dumps({"schema": {}, "payload": value}).encode()) == ([], [])


@pytest.mark.parametrize(
    "value",
    [
        {"message": TEXT, "name": "a message that quotes JSON"},
        {"@timestamp": "2026-03-01T21:20:00Z", "message": "connection refused"},
        {"@timestamp": "x", "message": "{not json}"},
        {"schema": 1, "payload": {}, "more": 1},
        {"op": "c", "source": "text", "after": ALERT},
        {"op": "x", "source": {}, "after": ALERT},
        ALERT,
    ],
)
def test_what_only_resembles_an_envelope_stays(value: dict[str, Any]) -> None:
    assert unwrapped(value) == value


def test_envelopes_in_envelopes_have_an_end() -> None:
    value: Any = ALERT
    for _ in range(50):
        value = {"schema": {}, "payload": value}
    assert set(unwrapped(value)) == {"schema", "payload"}


def test_lists_are_flattened_no_further_than_asked() -> None:
    assert flattened([1, [2, [3]], []], 10) == [1, 2, 3]
    assert len(flattened([[1] * 100] * 100, 10)) > 10


@given(st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_json_is_unwrapped_to_something(value: Any) -> None:
    unwrapped(value)


def test_json_lines_in_one_value_are_one_record_each() -> None:
    records, problems = decoded(f"{TEXT}\n\n{TEXT}\n".encode())
    assert (len(records), problems) == (2, [])


def test_a_gzip_value_is_unpacked_within_bounds() -> None:
    assert len(decoded(gzip.compress(TEXT.encode()))[0]) == 1
    bomb = gzip.compress(b" " * 10_000_000)
    _, [reason] = decoded(bomb, ValueDecoder(max_bytes=100_000))
    assert "unpacks to at most 100000 bytes" in reason
    for broken in (gzip.compress(TEXT.encode())[:-9], b"\x1f\x8bbroken"):
        assert "whole gzip value" in decoded(broken)[1][0]
    with pytest.raises(RecordError):
        gunzipped(b"\x1f\x8b", 10)


def test_every_member_of_a_gzip_value_is_read() -> None:
    two = gzip.compress(f"{TEXT}\n".encode()) + gzip.compress(TEXT.encode())
    assert len(decoded(two)[0]) == 2


def test_milliseconds_and_finer_times_become_seconds() -> None:
    for factor in (1e3, 1e6, 1e9):
        [record], _ = decoded(json.dumps({**ALERT, "ts": int(1_772_400_000 * factor)}).encode())
        assert isinstance(record, Alert)
        assert record.ts == 1_772_400_000.0


def test_a_framed_json_value_is_read_without_a_registry() -> None:
    frame = b"\x00" + (42).to_bytes(4, "big")
    assert confluent(frame + b"{}") == (42, b"{}")
    assert len(decoded(frame + TEXT.encode())[0]) == 1


def test_a_framed_avro_value_is_refused_by_its_name() -> None:
    _, [reason] = decoded(b"\x00\x00\x00\x00\x07\x08abcd\x02")
    assert "Confluent framing (schema 7)" in reason
    assert "schema_registry" in reason


def test_a_framed_value_goes_to_the_registry() -> None:
    decoder = ValueDecoder(schemas=lambda frame: ALERT if frame.schema == 7 else None)
    assert len(decoded(b"\x00\x00\x00\x00\x07\x08abcd\x02", decoder)[0]) == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"Obj\x01\x04\x14avro.codec", "Avro container"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b"\x83\xa4name\xa1x", "MessagePack"),
        (b"\x28\xb5\x2f\xfd\x00", "zstd"),
        (b"\xff\xfe{\x00}\x00", "UTF-16"),
        (b"\x0a\x05hello\x10\x01", "binary"),
    ],
)
def test_a_value_that_is_no_json_is_refused_by_what_it_looks_like(value: bytes, words: str) -> None:
    records, [reason] = decoded(value)
    assert not records
    assert words in reason


@given(st.binary(max_size=64))
def test_any_value_looks_like_something_or_nothing(value: bytes) -> None:
    assert isinstance(likely_form(value), str)


def test_a_pdu_of_a_trap_keeps_the_event_around_it() -> None:
    event = {"@version": "1", "host": "192.0.2.1", "message": '{"variable_bindings": {}, "community": "x"}'}
    assert unwrapped(event) is event
