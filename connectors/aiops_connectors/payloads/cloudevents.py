"""CloudEvents 1.0 (https://github.com/cloudevents/spec): the envelope, and the record inside it.

An event comes structured (one JSON object with `specversion`), as a batch (a list of those), or binary (the attributes
are headers, the value is the data alone). The prefix of the headers is `ce_` on Kafka and `ce-` in HTTP.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from aiops.errors import RecordError

KAFKA_PREFIX = "ce_"
HTTP_PREFIX = "ce-"
VERSION = "1.0"
# `id`, `source` and `type` are required; without them an event cannot be distinguished from another.
REQUIRED = ("id", "source", "type")


class CloudEvent(Struct):
    """The attributes, as text, and the data: decoded JSON, or bytes where it is none."""

    attributes: dict[str, str]
    data: Any = None
    extensions: dict[str, str] = field(default_factory=dict)


def is_structured(payload: Any) -> bool:
    """Return True for an envelope: an archive record has `kind`, an envelope has not."""
    return isinstance(payload, dict) and "specversion" in payload and "kind" not in payload


def structured(payload: Mapping[str, Any]) -> CloudEvent:
    """Take an envelope apart; raise `RecordError` where it does not fit the specification."""
    attributes = {key: str(value) for key, value in payload.items() if isinstance(value, str | int | bool)}
    attributes.pop("data", None)
    encoded = attributes.pop("data_base64", None)
    _check(attributes)
    data = payload.get("data")
    if encoded is not None:
        try:
            data = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise _error("$.data_base64", "base 64", encoded[:40]) from None
    return CloudEvent(attributes, data)


def binary_attributes(headers: Mapping[str, str], prefix: str) -> dict[str, str] | None:
    """The attributes that are in the headers; None when the message is no event in binary mode.

    >>> binary_attributes({"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/a", "ce_type": "t"}, "ce_")
    {'specversion': '1.0', 'id': '1', 'source': '/a', 'type': 't'}
    """
    if f"{prefix}specversion" not in headers:
        return None
    attributes = {name[len(prefix) :]: value for name, value in headers.items() if name.startswith(prefix)}
    _check(attributes)
    return attributes


def fill(data: Any, attributes: Mapping[str, str], now: float) -> dict[str, Any]:
    """An archive record from an event's data: what the data leaves out is taken from the envelope.

    `id` becomes `source#id`, which the specification makes unique; `now` (Unix seconds) stands in for `time`.
    """
    if not isinstance(data, dict):
        raise _error("$.data", "an object with an archive record", repr(data)[:40])
    name = attributes["type"]
    defaults = {
        "kind": "alert",
        "id": f"{attributes['source']}#{attributes['id']}",
        "ts": attributes.get("time") or now,
        "name": name,
    }
    if data.get("kind", "alert") == "alert":
        defaults["source"] = attributes["source"]
    if "subject" in attributes:
        defaults["entity"] = attributes["subject"]
    return defaults | data


def _check(attributes: Mapping[str, str]) -> None:
    if attributes.get("specversion") != VERSION:
        raise _error("$.specversion", VERSION, repr(attributes.get("specversion"))[:40])
    for name in REQUIRED:
        if not attributes.get(name):
            raise _error(f"$.{name}", "text", "none")


def _error(place: str, expected: str, got: str) -> RecordError:
    return RecordError(f"{place}: expected {expected}; got {got}", field=place, expected=expected, got=got)
