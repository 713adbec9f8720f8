"""Decoding of records from JSON at full speed, with a precise error for input that does not fit."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from aiops.errors import RecordError
from aiops.records.lenient import NotJsonError, read
from aiops.records.model import Action, Alert, Change, Incident, Metric, Record, Tick

# A thousand times the size of a usual alert. A single record must not block or fill what carries all others.
MAX_RECORD_BYTES = 1 << 20
# Every label is hashed, sorted and kept with the stream; Prometheus alerts have 5 to 20.
MAX_LABELS = 128
_KINDS = {"alert": Alert, "metric": Metric, "change": Change, "incident": Incident, "action": Action, "tick": Tick}
_TIMES = ("ts", "starts_at", "ends_at", "opened_at", "resolved_at", "first_alert_at", "last_alert_at")
# Texts that tools also write as numbers: a severity of 5, an entity that is called 12.
_TEXTS = ("id", "key", "severity", "service", "entity", "message")
_DECODER: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)
_PLAIN = msgspec.json.Decoder()
_PLACE = re.compile(r"^(?P<text>.*?)(?: - at `(?P<place>[^`]*)`)?$", re.S)
_ENCODER = msgspec.json.Encoder()
encode = _ENCODER.encode
encode_into = _ENCODER.encode_into


def decode(raw: bytes) -> Record:
    """Decode one record from JSON.

    Timestamps may be Unix seconds or RFC 3339. Unknown fields are ignored: archives outlive versions. Raise
    `RecordError` with the field, the expected and the actual value.

    >>> decode(b'{"kind":"alert","ts":"2026-01-01T00:00:00Z","name":"DiskFull"}').ts
    1767225600.0
    """
    if len(raw) > MAX_RECORD_BYTES:
        raise RecordError(
            f"record of {len(raw)} bytes: expected at most {MAX_RECORD_BYTES}",
            expected=f"at most {MAX_RECORD_BYTES} bytes",
            got=f"{len(raw)} bytes",
        )
    try:
        record = _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        record = _decode_with_text_times(raw)
    if type(record) is Alert and len(record.labels) > MAX_LABELS:
        got = f"{len(record.labels)} labels"
        raise _error("$.labels", f"at most {MAX_LABELS} labels", got)
    return record


def _decode_with_text_times(raw: bytes) -> Record:
    """Decode on the slow path: convert text timestamps to numbers, or raise an error with the remedy."""
    try:
        plain = _PLAIN.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        plain = _leniently(raw)
    return from_plain(plain)


def _leniently(raw: bytes) -> Any:
    """Decode a line with a byte order mark, a lone surrogate or an invalid number.

    Its fields are then checked one by one.
    """
    try:
        return read(raw).value
    except NotJsonError as error:
        raise RecordError(f"not JSON: {error}", expected="one JSON object", got=_shown(raw)) from None


def from_plain(plain: Any) -> Record:
    """Convert decoded JSON (dicts and lists) to a record; raise `RecordError` where it does not fit."""
    if not isinstance(plain, dict):
        raise _error("$", "an object", _shown(plain))
    kind = plain.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise _error("$.kind", "one of " + ", ".join(_KINDS), _shown(kind))
    for name in _TIMES:
        value = plain.get(name)
        if isinstance(value, str):
            plain[name] = parse_time(value, f"$.{name}")
    for name in _TEXTS:
        value = plain.get(name)
        if value is not None and not isinstance(value, str):
            plain[name] = _scalar_text(value)
    for name in ("labels", "annotations"):
        pairs = plain.get(name)
        if isinstance(pairs, dict):
            plain[name] = _text_labels(pairs)
    try:
        record: Record = msgspec.convert(plain, _KINDS[kind])
    except msgspec.MsgspecError as error:
        raise _explained(str(error), plain) from None
    except RecursionError:
        raise RecordError("JSON nested too deeply", expected="a flat JSON object", got="deep nesting") from None
    return record


def _text_labels(labels: dict[str, Any]) -> dict[str, Any]:
    """Convert numbers and booleans to text and drop nulls.

    Real tools send them, and the alert is worth keeping. Lists and objects have no plain text. They stay and are
    rejected with their position.
    """
    return {name: _scalar_text(value) for name, value in labels.items() if value is not None}


def _scalar_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, int | float) else value


def parse_time(text: str, place: str = "$") -> float:
    """Convert an RFC 3339 time to Unix seconds.

    A time without a zone is UTC. Raise `RecordError` for anything else.

    >>> parse_time("2026-01-01T01:00:00+01:00")
    1767225600.0
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _error(place, "Unix seconds or an RFC 3339 time", _shown(text)) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def format_time(at: float) -> str:
    """Format Unix seconds as RFC 3339 in UTC, to the millisecond.

    >>> format_time(1767225600.25)
    '2026-01-01T00:00:00.250Z'
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _explained(text: str, plain: dict[str, Any]) -> RecordError:
    found = _PLACE.match(text)
    place = (found["place"] if found else None) or "$"
    reason = found["text"] if found else text
    if reason.startswith("Object missing required field"):
        return _error(place, f"field {reason.split('`')[1]}", "none")
    expected = reason.removeprefix("Expected ").split(", got ")[0].replace("`", "")
    if expected.startswith("Invalid "):
        expected = "a known value"
    return _error(place, expected, _shown(_value_at(plain, place)))


def _value_at(plain: Any, place: str) -> Any:
    for step in re.findall(r"\.(\w+)|\[(\d+|\.\.\.)\]", place):
        if isinstance(plain, dict):
            if step[0] in plain:
                plain = plain[step[0]]
            else:
                # `[...]` stands for a key or value of a mapping. The first one that is no string is at fault.
                return next((value for value in plain.values() if not isinstance(value, str)), plain)
        elif isinstance(plain, list) and step[1].isdigit():
            plain = plain[int(step[1])]
    return plain


def _shown(value: Any) -> str:
    text = repr(bytes(value[:80])) if isinstance(value, bytes) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _error(place: str, expected: str, got: str) -> RecordError:
    return RecordError(f"{place}: expected {expected}; got {got}", field=place, expected=expected, got=got)
