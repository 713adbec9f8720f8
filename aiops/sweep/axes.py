"""Axes of a sweep: `KEY=from:to:step` or `KEY=value,value`, as a key with a list of TOML values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from aiops.errors import UsageError

# Replays of one sweep. Each keeps one cluster number an alert until the end; a person compares a dozen.
MAX_RUNS = 200
# A float has no more digits: beyond them neighbouring values of a range would be the same number.
_DIGITS = 15
_LARGEST = Decimal(10) ** _DIGITS
_BARE_POINT = re.compile(r"^([+-]?)\.(\d+)$")


class Axis(Struct, frozen=True):
    """A key and its values in the order of the command line, as TOML or as text without quotes."""

    key: str
    values: tuple[str, ...]


def parse_axis(text: str) -> Axis:
    """Parse one `--sweep`; raise `UsageError` for what is neither a range nor a list.

    >>> parse_axis("correlate.sensitivity=.1:.3:.1").values
    ('0.1', '0.2', '0.3')
    >>> parse_axis("endpoints.pager.min_severity=high,critical").values
    ('high', 'critical')
    """
    key, equals, given = (part.strip() for part in text.partition("="))
    if not equals or not given or not all(key.split(".")):
        raise UsageError(f"--sweep: expected KEY=from:to:step or KEY=value,value; got {text[:100]!r}")
    parts = given.split(":")
    is_range = len(parts) == 3 and not any(letter in given for letter in ",\"'")
    values = _range(parts, f"--sweep {key}") if is_range else _list(given)
    if not all(values):
        raise UsageError(f"--sweep {key}: an empty value (got {given[:100]!r}); leave the comma out")
    return Axis(key, tuple(dict.fromkeys(values)))


def _range(parts: list[str], place: str) -> list[str]:
    """Return from, from + step … up to and with `to`; decimal arithmetic, as .1 + .2 is not .3 in binary."""
    start, end, step = (_number(part.strip(), place) for part in parts)
    if step <= 0 or end < start:
        raise UsageError(f"{place}: expected from <= to and a step above 0 (got {':'.join(parts)})")
    if (end - start) / step >= MAX_RUNS:
        raise UsageError(f"{place}: more than {MAX_RUNS} values (got {':'.join(parts)}); use a larger step")
    places = Decimal((0, (1,), min(0, *(int(number.as_tuple().exponent) for number in (start, step)))))
    return [f"{(start + step * at).quantize(places):f}" for at in range(int((end - start) / step) + 1)]


def _number(text: str, place: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or abs(number) >= _LARGEST or int(number.as_tuple().exponent) < -_DIGITS:
        raise UsageError(
            f"{place}: a range needs numbers of up to {_DIGITS} digits (got {text[:100]!r}); list other values as a,b"
        )
    return number


def _list(given: str) -> list[str]:
    return [plain(part) for part in _parts(given)]


def plain(text: str) -> str:
    """Return a value as TOML has it, which knows no number that begins with a point.

    >>> plain(" .5"), plain("-.5"), plain("high")
    ('0.5', '-0.5', 'high')
    """
    return _BARE_POINT.sub(r"\g<1>0.\2", text.strip())


def _parts(given: str) -> Iterator[str]:
    """Split at commas outside quotation marks and brackets: a value may be a list or a table of TOML."""
    depth, quote, begin = 0, "", 0
    for place, letter in enumerate(given):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "[{":
            depth += 1
        elif letter in "]}":
            depth -= 1
        elif letter == "," and not depth:
            yield given[begin:place]
            begin = place + 1
    yield given[begin:]
