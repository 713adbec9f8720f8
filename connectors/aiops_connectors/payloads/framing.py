"""Framing of a message's value (gzip, Confluent's wire format), and signs of unreadable values.

Confluent's wire format (docs.confluent.io, "Wire format"): a zero byte, the number of the schema as four bytes in
network order, then the message in Avro, Protobuf or JSON.
"""

from __future__ import annotations

from typing import NamedTuple

from aiops.errors import RecordError
from aiops.http.body import BodyError, decoded

GZIP = b"\x1f\x8b"
# The zero byte and the number of the schema.
HEAD_BYTES = 5
# Value signs by which people recognise what they sent, and what to do about each.
_SIGNS: tuple[tuple[bytes, str], ...] = (
    (b"Obj\x01", "an Avro container file; send one message a value, as JSON or in Confluent framing"),
    (b"\xc3\x01", "Avro in single-object encoding; send JSON, or Avro in Confluent framing"),
    (b"PK\x03\x04", "a zip archive; send its content"),
    (b"\x28\xb5\x2f\xfd", "zstd; let the producer compress (compression.type), not the value itself"),
    (b"\x04\x22\x4d\x18", "lz4; let the producer compress (compression.type), not the value itself"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy; let the producer compress (compression.type), not the value itself"),
    (b"\x82SNAPPY\x00", "snappy; let the producer compress (compression.type), not the value itself"),
    (b"BZh", "bzip2; let the producer compress (compression.type), not the value itself"),
    (b"\xff\xfe", "UTF-16; send UTF-8, or state the charset in the header content-type"),
    (b"\xfe\xff", "UTF-16; send UTF-8, or state the charset in the header content-type"),
    (b"\xac\xed\x00\x05", "a serialised Java object; send JSON"),
)
# MessagePack begins maps of up to 15 entries with these, and larger ones with the other two.
_MAPS = frozenset((*range(0x81, 0x90), 0xDE, 0xDF))


class Frame(NamedTuple):
    """A value in Confluent's wire format: the number of its schema, and the message."""

    schema: int
    body: bytes


def confluent(value: bytes) -> Frame | None:
    """Return the frame of a value in Confluent's wire format; None for another value.

    >>> confluent(bytes.fromhex("000000002a") + b"{}")
    Frame(schema=42, body=b'{}')
    """
    if len(value) <= HEAD_BYTES or value[0] != 0:
        return None
    return Frame(int.from_bytes(value[1:HEAD_BYTES], "big"), value[HEAD_BYTES:])


def is_json(body: bytes) -> bool:
    """Return true for what begins like a JSON object or list."""
    return body.lstrip()[:1] in (b"{", b"[")


def gunzipped(value: bytes, most: int) -> bytes:
    """Return an unpacked gzip value, of one member or several.

    Raise `RecordError` for a broken one, or more than `most` bytes.
    """
    try:
        return decoded(value, "gzip", most)
    except BodyError as error:
        raise RecordError(f"expected a whole gzip value: {error.reason}") from None


def likely_form(value: bytes) -> str:
    """Return the likely form of a value that is no JSON, and what to do; empty if it is unknown.

    >>> likely_form(b"<alert/>"), likely_form(b"")
    ('it looks like XML; send JSON', '')
    """
    for sign, words in _SIGNS:
        if value.startswith(sign):
            return f"it looks like {words}"
    start = value.lstrip()[:1]
    if start == b"<":
        return "it looks like XML; send JSON"
    if value[:1] and value[0] in _MAPS:
        return "it looks like MessagePack; send JSON (Fluent Bit: `format json`)"
    return "" if _is_text(value[:256]) else "it is binary, perhaps Protobuf or Avro without framing; send JSON"


def refusal(frame: Frame) -> str:
    """Return the reason for a framed message that no schema registry decodes."""
    return (
        f"expected JSON: it looks like Avro or Protobuf in Confluent framing (schema {frame.schema}): "
        "configure `schema_registry`"
    )


def _is_text(start: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 32 for byte in start)
