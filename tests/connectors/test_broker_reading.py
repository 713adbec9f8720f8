"""What the Kafka source makes of values with a mark, a charset, a bad character or an unknown word; no broker."""

from __future__ import annotations

from typing import Any

from aiops_connectors.kafka.decoding import Item, Reader
from aiops_connectors.mapping.mapping import load_mapping
from msgspec import Struct

from aiops.records import Alert

NOW = 1_772_400_000.0
ALERT = '{"kind":"alert","ts":1772399995,"name":"Störung","entity":"db-1","severity":"critical"}'


class Message(Struct):
    """One message as a client library hands it over."""

    value: bytes | None
    headers: list[tuple[str, bytes | None]] = []
    offset: int = 0
    key: bytes | None = None
    timestamp: int = -1


def read(*messages: Message, mapping: str | None = None, most: int = 10_000) -> tuple[list[Item], Reader]:
    reader = Reader("k", load_mapping(mapping) if mapping else None, most, lambda: NOW)
    [(_, items)] = reader.read([(("alerts", 0), list(messages))])
    return items, reader


def names(items: list[Item]) -> list[Any]:
    return [item.record.name if isinstance(item.record, Alert) else None for item in items]


def test_a_mark_and_a_stated_charset() -> None:
    latin: list[tuple[str, bytes | None]] = [("Content-Type", b"application/json; charset=iso-8859-1")]
    items, _ = read(
        Message(b"\xef\xbb\xbf" + ALERT.encode()),
        Message(ALERT.encode("latin-1"), latin),
        Message(ALERT.encode("utf-16"), [("content-type", b"x; charset=utf-16")]),
        Message(ALERT.replace("Störung", "cut \\ud83d").encode()),
    )
    assert names(items) == ["Störung", "Störung", "Störung", "cut \ufffd"]
    assert all(item.rejected is None for item in items)


def test_what_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on() -> None:
    items, _ = read(
        Message(ALERT.encode("latin-1")),
        Message(ALERT.encode(), [("content-type", b"x; charset=zip")]),
        Message("ü".encode("latin-1") * 9_000, [("content-type", b"x; charset=latin-1")]),
        Message(ALERT.encode()),
    )
    assert names(items) == [None, "Störung", None, "Störung"]
    assert items[0].rejected is not None
    assert "not UTF-8" in items[0].rejected[0].reason
    assert items[2].rejected is not None
    assert (items[1].rejected, items[3].rejected) == (None, None)


def test_unknown_words_are_counted_and_no_dead_letters() -> None:
    items, reader = read(
        Message(b'{"title":"Disk","host":"h","status":"purple","severity":"5"}'),
        Message(b'{"title":"Disk","host":"h","status":"purple"}'),
        mapping="webhook",
    )
    assert [item.record.status for item in items if isinstance(item.record, Alert)] == ["firing", "firing"]
    assert all(item.rejected is None for item in items)
    assert reader.unknown.counted() == {"severity": {"5": 1}, "status": {"purple": 2}, "ignored": {}}
