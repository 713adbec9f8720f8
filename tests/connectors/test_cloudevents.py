"""CloudEvents: envelopes, headers, and the record inside."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.payloads.cloudevents import binary_attributes, fill, is_structured, structured

from aiops.errors import RecordError

EVENT: dict[str, Any] = {"specversion": "1.0", "id": "7", "source": "/db", "type": "DiskFull"}


@pytest.mark.parametrize(
    ("payload", "is_one"),
    [
        (EVENT, True),
        ({**EVENT, "kind": "alert"}, False),
        ({}, False),
        ([EVENT], False),
        ("specversion", False),
        (None, False),
    ],
)
def test_envelope_is_told_from_a_record(payload: Any, is_one: bool) -> None:
    assert is_structured(payload) == is_one


def test_envelope_is_taken_apart() -> None:
    event = structured({**EVENT, "data": {"a": 1}, "count": 3, "deep": {"x": 1}})
    assert event.data == {"a": 1}
    assert event.attributes == {**EVENT, "count": "3"}


def test_data_in_base_64_is_bytes() -> None:
    assert structured({**EVENT, "data_base64": "AAE="}).data == b"\x00\x01"
    assert "data_base64" not in structured({**EVENT, "data_base64": "AAE="}).attributes


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"specversion": None}, "specversion"),
        ({"id": ""}, "id"),
        ({"source": None}, "source"),
        ({"type": {}}, "type"),
        ({"data_base64": "no base 64!"}, "data_base64"),
        ({"data_base64": "ä"}, "data_base64"),
    ],
    ids=str,
)
def test_envelope_that_does_not_fit_is_refused_with_the_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(RecordError, match=rf"\$\.{place}: expected"):
        structured({**EVENT, **change})


@pytest.mark.parametrize("prefix", ["ce_", "ce-"])
def test_attributes_stand_in_headers(prefix: str) -> None:
    headers = {f"{prefix}{name}": value for name, value in EVENT.items()} | {"other": "x"}
    assert binary_attributes(headers, prefix) == EVENT
    assert binary_attributes({"other": "x"}, prefix) is None
    with pytest.raises(RecordError, match=r"\$\.id"):
        binary_attributes({f"{prefix}specversion": "1.0"}, prefix)


def test_record_takes_from_the_envelope_what_its_data_leaves_out() -> None:
    record = fill({"severity": "high"}, EVENT, 5.0)
    assert (record["id"], record["name"], record["severity"], record["ts"]) == ("/db#7", "DiskFull", "high", 5.0)
    own = fill({"id": "own", "name": "Own", "ts": 9.0}, EVENT, 5.0)
    assert (own["id"], own["name"], own["ts"]) == ("own", "Own", 9.0)
