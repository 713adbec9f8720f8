"""Holes of requests, filled with what the system answered, each value checked by its pattern."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import msgspec

from aiops.errors import UsageError
from aiops.patterns import Expression
from aiops.step_kinds.exchange import HOLE, Prepared, Request, Taken

# A pod template of hundreds of environment variables has 60 KB.
MAX_TAKEN_BYTES = 64 * 1024
# An id is short; longer text in a URL is none.
MAX_ID_CHARS = 253
_URL_HOLE = re.compile(r"\{([a-z][a-z0-9_]{0,31})\}")


def with_values(request: Request, values: Mapping[str, Any]) -> Request:
    """Return the request with its holes filled; raise `UsageError` for a hole without a value."""
    url = _URL_HOLE.sub(lambda hole: quote(str(_value(hole.group(1), values)), safe=""), request.url)
    made = {name: getattr(request, name) for name in Request.__struct_fields__}
    return Request(**{**made, "url": url, "body": _filled(request.body, values)})


def holes(request: Request | None) -> list[str]:
    """Return the names of the holes of a request, in order of appearance, each once."""
    if request is None:
        return []
    return list(dict.fromkeys([*_URL_HOLE.findall(request.url), *_body_holes(request.body)]))


def checked(taken: Mapping[str, Taken], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the declared values that were found; raise `UsageError` for one that does not fit."""
    return {name: _checked(name, one, found[name]) for name, one in taken.items() if found.get(name) is not None}


def of_clock(taken: Mapping[str, Taken], now: float) -> dict[str, Any]:
    """Return the values that the clock gives at `now` (Unix seconds)."""
    return {
        name: datetime.fromtimestamp(now + one.after_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for name, one in taken.items()
        if one.source == "clock"
    }


def for_trail(taken: Mapping[str, Taken], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that the trail keeps: those with a pattern. Others may hold anything, secrets too."""
    return {name: value for name, value in values.items() if taken[name].pattern}


def faults(prepared: Prepared, poll_method: str = "GET") -> Iterator[str]:
    """Yield the faults of a prepared step: holes of values that are not known yet, reads that change."""
    known_before = {name for name, one in prepared.taken.items() if one.source != "change"}
    parts: list[tuple[str, Request | None, set[str]]] = [
        *((f"read {number}", one, known_before if number else set[str]()) for number, one in enumerate(prepared.reads)),
        ("dry run", prepared.dry_run, known_before),
        ("change", prepared, known_before),
        ("poll", prepared.poll.request if prepared.poll is not None else None, set(prepared.taken)),
        ("undo", prepared.undo, {name for name, one in prepared.taken.items() if one.pattern}),
    ]
    for part, request, known in parts:
        for name in holes(request) if prepared.taken or part != "change" else []:
            if name not in known:
                yield f"{part}: nothing is known as {name!r} at that time"
        for name in _URL_HOLE.findall(request.url) if request is not None else []:
            if name in prepared.taken and not prepared.taken[name].pattern:
                yield f"{part}: {name!r} in a URL needs a pattern"
    yield from (f"read {n}: expected GET or HEAD" for n, one in enumerate(prepared.reads) if not _reads(one))
    if prepared.poll is not None and prepared.poll.request.method not in ("GET", poll_method):
        yield f"poll: expected {poll_method}; got {prepared.poll.request.method}"


def _reads(request: Request) -> bool:
    return request.method in ("GET", "HEAD") and request.body is None


def _checked(name: str, declared: Taken, value: Any) -> Any:
    if not declared.pattern:
        if len(msgspec.json.encode(value)) > MAX_TAKEN_BYTES:
            raise UsageError(f"{declared.what} ({name}): expected at most {MAX_TAKEN_BYTES} bytes; got more")
        return value
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UsageError(f"{declared.what} ({name}): expected text or a whole number; got {type(value).__name__}")
    # Kept as it came: an API may want the number as a number.
    text = str(value) if isinstance(value, str) or abs(value) < 10**18 else ""
    if not 0 < len(text) <= MAX_ID_CHARS or not _expression(declared.pattern).matches(text):
        raise UsageError(f"{declared.what} ({name}): expected text like {declared.pattern}; got {text[:80]!r}")
    if text in (".", ".."):
        raise UsageError(f"{declared.what} ({name}): expected an id; got {text!r}")
    return value


@lru_cache(maxsize=256)
def _expression(pattern: str) -> Expression:
    return Expression(pattern)


def _value(name: str, values: Mapping[str, Any]) -> Any:
    if name not in values:
        raise UsageError(f"the answer of the system had no {name!r}")
    return values[name]


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        if (name := _hole(value)) is not None:
            return _value(name, values)
        return {key: _filled(part, values) for key, part in value.items()}
    return [_filled(part, values) for part in value] if isinstance(value, list) else value


def _body_holes(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if (name := _hole(value)) is not None:
            yield name
        else:
            for part in value.values():
                yield from _body_holes(part)
    elif isinstance(value, list):
        for part in value:
            yield from _body_holes(part)


def _hole(value: dict[str, Any]) -> str | None:
    name = value.get(HOLE) if len(value) == 1 else None
    return name if isinstance(name, str) else None
