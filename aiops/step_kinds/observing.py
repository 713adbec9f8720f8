"""Observed objects: bounds of what a kind shows of them, and what differs between two observations."""

from __future__ import annotations

from typing import Any

from aiops.errors import UsageError
from aiops.step_kinds.exchange import Observed

MAX_PINS = 20
# Names of Kubernetes have up to 253 characters, and a sentence has some of them.
MAX_SUMMARY = 1_000
MAX_TEXT = 500


def bounded(observed: Observed) -> Observed:
    """Return an observation as it is; raise `UsageError` for more than a person reads in a plan."""
    if len(observed.pins) > MAX_PINS:
        raise UsageError(f"expected at most {MAX_PINS} pinned facts; got {len(observed.pins)}")
    if observed.pins and not observed.subject:
        raise UsageError("expected a subject, the object that the pinned facts are about")
    _check("summary", observed.summary, MAX_SUMMARY)
    _check("subject", observed.subject, MAX_TEXT)
    _check("managed", observed.managed, MAX_TEXT)
    for name, value in observed.pins.items():
        _check("name of a pinned fact", name, MAX_TEXT)
        _check(name, str(value), MAX_TEXT)
        if not isinstance(value, str | int | float | bool):
            raise UsageError(f"{name}: expected a scalar; got {type(value).__name__}")
    return observed


def differences(before: Observed, after: Observed, *, changed_by_us: bool = False) -> list[str]:
    """Return what differs, in words; empty for the same.

    `changed_by_us`: an earlier step of the run changed the object, and only its identity must be the same.

    >>> differences(Observed("", "api", {"revision": 7}), Observed("", "api", {"revision": 8}))
    ['revision was 7 and is 8']
    """
    found = [_line("the object", before.subject, after.subject)] if before.subject != after.subject else []
    if before.managed != after.managed:
        found.append(_line("what manages it", before.managed, after.managed))
    names = [] if changed_by_us else dict.fromkeys([*before.pins, *after.pins])
    # By type as well: True is no 1, and 1 no 1.0.
    for name in names:
        was, now = before.pins.get(name), after.pins.get(name)
        if (type(was), was) != (type(now), now):
            found.append(_line(name, was, now))
    if not (found or changed_by_us) and before.summary != after.summary:
        found.append(_line("the change", before.summary, after.summary))
    return found


def _line(name: str, was: Any, now: Any) -> str:
    return f"{name} was {'nothing' if was in (None, '') else was} and is {'nothing' if now in (None, '') else now}"


def _check(name: str, text: str, most: int) -> None:
    if len(text) > most or not (text.isprintable()):
        raise UsageError(f"{name}: expected one line of up to {most} characters; got {text[:80]!r}")
