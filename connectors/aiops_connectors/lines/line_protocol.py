"""InfluxDB's line protocol, as Telegraf writes it: `name,tag=value field=value 1700000000000000000`.

The objects have the form of Telegraf's JSON: `name`, `tags`, `fields` and `timestamp` (nanoseconds).
Source: docs.influxdata.com, "Line protocol".
"""

from __future__ import annotations

from typing import Any

MAX_LINES = 10_000
MAX_LINE = 64 << 10
# Fields of one line; a trap or a log message has some ten.
MAX_FIELDS = 500


def line_protocol(text: str) -> list[dict[str, Any]]:
    """Return the points of a text; a line that is no point is left as `{"text": line}`.

    >>> [point] = line_protocol('trap,source=sw-1 ifIndex.7=7i,up=f,descr="Gi0/7, uplink" 5')
    >>> point["tags"], point["fields"], point["timestamp"]
    ({'source': 'sw-1'}, {'ifIndex.7': 7, 'up': False, 'descr': 'Gi0/7, uplink'}, 5)
    """
    lines = [line.strip() for line in text.splitlines()[:MAX_LINES]]
    return [_point(line[:MAX_LINE]) or {"text": line} for line in lines if line and not line.startswith("#")]


def _point(line: str) -> dict[str, Any] | None:
    parts = _split(line, " ", 3)
    if len(parts) < 2:
        return None
    name, *tags = _split(parts[0], ",", MAX_FIELDS)
    fields = _pairs(_split(parts[1], ",", MAX_FIELDS))
    if not name or not fields:
        return None
    found: dict[str, Any] = {
        "name": _plain(name),
        "tags": {key: _plain(value) for key, value in _pairs(tags).items()},
        "fields": {key: _value(value) for key, value in fields.items()},
    }
    if len(parts) > 2 and parts[2].removeprefix("-").isdigit():
        found["timestamp"] = int(parts[2][:20])
    return found


def _split(text: str, mark: str, most: int) -> list[str]:
    """Split at a mark that is neither escaped nor in a quoted value."""
    found: list[str] = []
    start = at = 0
    is_quoted = False
    while at < len(text):
        letter = text[at]
        if letter == "\\":
            at += 1
        elif letter == '"':
            is_quoted = not is_quoted
        elif letter == mark and not is_quoted:
            found.append(text[start:at])
            start = at + 1
            if len(found) >= most:
                break
        at += 1
    found.append(text[start:])
    return found


def _pairs(parts: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in parts:
        pair = _split(part, "=", 1)
        if len(pair) == 2 and pair[0]:
            found[_plain(pair[0])] = pair[1]
    return found


def _plain(text: str) -> str:
    """Take the backslashes before commas, equal signs and spaces away."""
    for mark in (",", "=", " "):
        text = text.replace(f"\\{mark}", mark)
    return text


def _value(text: str) -> Any:
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if text in ("t", "T", "true", "True", "TRUE"):
        return True
    if text in ("f", "F", "false", "False", "FALSE"):
        return False
    digits = text.removesuffix("i").removesuffix("u")
    if digits.removeprefix("-").isdigit() and len(digits) <= 20:
        return int(digits)
    try:
        return float(text)
    except ValueError:
        return text
