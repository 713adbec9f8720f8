"""Bodies of requests by connector: good records beside bad ones, forms of lists and lines."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from aiops_connectors.payloads.body_decoders import Archived, payload

from aiops.records import Alert

NOW = 1_772_400_000.0
ALERT = {"kind": "alert", "ts": NOW, "name": "DiskFull", "id": "a"}
CHANGE = {"kind": "change", "ts": NOW, "entity": "db-1", "name": "deploy"}


def taken(body: Any, headers: dict[str, str] | None = None) -> Any:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Archived(1 << 20).take(raw, headers or {}, NOW)


def lines(*records: Any) -> bytes:
    return b"\n".join(one if isinstance(one, bytes) else msgspec.json.encode(one) for one in records)


@pytest.mark.parametrize(
    "body",
    [ALERT, [ALERT], [ALERT, CHANGE], lines(ALERT, ALERT), b"  \n" + lines(ALERT), b"[]"],
    ids=lambda body: str(body)[:25],
)
def test_archive_is_an_object_a_list_or_lines(body: Any) -> None:
    found = taken(body, {"content-type": "application/x-ndjson"} if isinstance(body, bytes) else {})
    assert found.problems == []
    assert all(record.ts == NOW for record in found.records)


def test_good_lines_beside_bad_ones_are_kept_and_the_bad_ones_named() -> None:
    found = taken(lines(ALERT, b"{bad", {"kind": "alert", "ts": NOW}, CHANGE), {"content-type": "application/x-ndjson"})
    assert len(found.records) == 2
    assert len(found.problems) == 2
    assert all(problem.reason for problem in found.problems)


def test_good_items_beside_bad_ones_are_kept() -> None:
    found = taken([ALERT, {"kind": "alert"}, 7, None, CHANGE])
    assert [type(record).__name__ for record in found.records] == ["Alert", "Change"]
    assert len(found.problems) == 3


def test_record_far_ahead_of_the_clock_is_a_problem_and_the_others_are_kept() -> None:
    found = taken([ALERT, {**ALERT, "ts": NOW + 10 * 365 * 86_400}])
    assert len(found.records) == 1
    [problem] = found.problems
    assert problem.place == "record 1"


@pytest.mark.parametrize(
    "body", [b"", b"   ", b"\x00", b"\xff\xfe", b"nul", b"[" * 100_000, b'{"a":' * 50_000, b"7", b'"x"']
)
def test_any_bytes_are_records_or_problems(body: bytes) -> None:
    found = taken(body)
    assert found.records == []
    assert found.problems


def test_each_connector_has_its_payload() -> None:
    for name in ("archive", "alertmanager", "grafana", "cloudevents"):
        decoder = payload(name, None, 1 << 20)
        found = decoder.take(b"not json", {}, NOW)
        assert not found.records
        assert found.problems


def test_mapped_payload_gives_alerts_without_an_id_to_fill() -> None:
    group = {
        "status": "firing",
        "alerts": [{"status": "firing", "labels": {"alertname": "DiskFull"}, "startsAt": "2026-03-01T00:00:00Z"}],
    }
    found = payload("alertmanager", None, 1 << 20).take(msgspec.json.encode(group), {}, NOW)
    [record] = found.records
    assert isinstance(record, Alert)
    assert record.name == "DiskFull"
