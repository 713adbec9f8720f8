"""Notices: what came of a form, shown once on the page that follows it.

They are kept here and not in the address: no link can put words on a page.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from msgspec import Struct

MAX_HELD = 1_000


class Undo(Struct, frozen=True):
    """The form that undoes something: its path and fields."""

    path: str
    fields: Mapping[str, str] = {}
    label: str = "Undo"


class Notice(Struct, frozen=True):
    """A sentence on what was done; `kind` is ok or the severity of a problem."""

    text: str
    kind: str = "ok"
    undo: Undo | None = None


class Notices:
    """The notices that wait for their readers, bounded; the oldest goes first. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, str], Notice] = OrderedDict()

    def put(self, browser: str, path: str, notice: Notice) -> None:
        """Keep a notice for the next page at a path in a browser."""
        if not browser:
            return
        with self._lock:
            self._held[browser, path] = notice
            self._held.move_to_end((browser, path))
            if len(self._held) > MAX_HELD:
                self._held.popitem(last=False)

    def take(self, browser: str, path: str) -> Notice | None:
        """Return the notice of a page, once."""
        with self._lock:
            return self._held.pop((browser, path), None)
