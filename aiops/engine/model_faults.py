"""Faults of plugged-in models, contained at their port: a missing result is left out, and counted.

A model that raises costs an incident its causes, its playbooks or its similar incidents, and never a record.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
# The ports of models.
PORTS = ("causes", "playbooks", "similar", "detect")
# The longest exception message in a notice.
_MAX_TEXT = 300


class Faults:
    """Counts of faults by port, and the sentences about them that nobody has taken yet."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.texts: list[str] = []

    def contained(self, port: str, call: Callable[[], T], otherwise: T) -> T:
        """Return what a model answers, or `otherwise` where it raises."""
        try:
            return call()
        except Exception as error:
            self.add(port, error)
            return otherwise

    def add(self, port: str, error: Exception) -> None:
        """Count a fault; the first of a port is reported, then the tenth, the hundredth and so on."""
        count = self.counts[port] = self.counts.get(port, 0) + 1
        if str(count).strip("0") == "1":
            times = "" if count == 1 else f" ({count} times so far)"
            self.texts.append(f"{port}: the model failed, its part is left out{times}: {_message(error)}")


def all_of(kind: type[T], values: Any) -> list[T]:
    """The values as a list; raise `TypeError` where one is of another kind."""
    found = list(values)
    for value in found:
        if not isinstance(value, kind):
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
    return found


def _message(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_MAX_TEXT]
