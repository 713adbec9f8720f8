"""The live parts of the frame: the counts of the rail, the sentence of health, and the banner."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from aiops.pages.times import thousands
from aiops.respond.history import GLOBAL
from aiops.store import audit, incidents
from aiops.web.host import Host
from aiops.wording import capital

# Pages within this time share one reading: a wall of screens costs no more than one.
FRESH_S = 1.0
# Stops that the banner names.
MAX_STOPS = 2


class Counts(Struct, frozen=True):
    """The numbers beside the links of the rail."""

    incidents: int = 0
    silences: int = 0
    undelivered: int = 0


class Banner(Struct, frozen=True):
    """The one sentence above a page: its state, so what, and one way out. `kind` is a severity."""

    kind: str
    title: str
    text: str
    href: str = ""
    link: str = ""


class Frame(Struct, frozen=True):
    """The live parts of one page."""

    counts: Counts
    # ok, warning or critical.
    mood: str
    status: str
    # The sentence of conservation; empty before the first record is accounted for.
    accounts: str
    banner: Banner | None = None
    # The newest entry of the audit when it was read: live updates continue from there.
    number: int = 0


class FrameReader:
    """Reads the frame from a host, at most once in `FRESH_S`. Thread-safe. `clock` gives seconds."""

    def __init__(self, host: Host, clock: Callable[[], float]) -> None:
        self._host = host
        self._clock = clock
        self._lock = threading.Lock()
        self._read: tuple[float, Frame] | None = None

    def read(self) -> Frame:
        """Return the current frame."""
        with self._lock:
            if self._read is None or not self._is_fresh(*self._read):
                self._read = self._clock(), frame_of(self._host)
            return self._read[1]

    def _is_fresh(self, at: float, frame: Frame) -> bool:
        """Return True if nothing was committed since; a page that is read again needs new counts."""
        return 0 <= self._clock() - at < FRESH_S and frame.number == _number(self._host)

    def forget(self) -> None:
        """Drop what was read: a person acted, and must see what came of it."""
        with self._lock:
            self._read = None


def frame_of(host: Host) -> Frame:
    """Return the frame of a host."""
    # First: what is committed while the page is made may come twice, but is not missed.
    number = _number(host)
    health = host.health()
    status = str(health.get("status", "ok"))
    conserved = bool(health.get("conserved", True))
    return Frame(
        _counts(host),
        _mood(status, health, conserved),
        _status_text(status, health),
        _accounts(health, conserved),
        _banner(health),
        number,
    )


def _number(host: Host) -> int:
    try:
        return audit.last_number(host.store.database.reader)
    except sqlite3.Error:
        return 0


def _counts(host: Host) -> Counts:
    try:
        found = incidents.counts(host.store.database.reader)
        active = sum(count for (status, _), count in found.items() if status in ("open", "acknowledged"))
        undelivered = sum(host.store.outbox.undelivered().values())
    except sqlite3.Error:
        # The banner names the fault of the disk; a page without counts is better than none.
        return Counts()
    return Counts(active, len(host.silences()), undelivered)


def _mood(status: str, health: Mapping[str, Any], conserved: bool) -> str:
    if status in ("degraded", "failed") or not conserved:
        return "critical"
    return "ok" if status == "ok" and not health.get("warnings") else "warning"


def _status_text(status: str, health: Mapping[str, Any]) -> str:
    if status == "ok":
        return "Engine healthy" if not health.get("warnings") else "Engine works, with warnings"
    return {
        "degraded": "Not accepting alerts",
        "failed": "Engine stopped: restart it",
        "starting": "Engine is starting",
        "stopping": "Engine is stopping",
    }.get(status, status)


def _accounts(health: Mapping[str, Any], conserved: bool) -> str:
    """Return the sentence of conservation, as of the engine's last account."""
    count = health.get("accounted")
    if not count:
        return ""
    if conserved:
        return f"Nothing lost: all {thousands(count)} records accounted for"
    return f"Sums differ: some of all {thousands(count)} records have no place"


def _banner(health: Mapping[str, Any]) -> Banner | None:
    if health.get("status") == "degraded":
        text = f"{_sentence(health.get('reason') or 'The disk refuses')} Senders get 503 and try again."
        return Banner("critical", "Not accepting alerts", text, "/engine", "Engine")
    if health.get("conserved") is False:
        return Banner("critical", "Sums differ", "Some records have no place: see the engine.", "/engine", "Engine")
    if health.get("storm"):
        text = "Alerts that stand alone are grouped by failure domain. Playbooks are only suggested until it ends."
        return Banner("critical", "Storm", text, "/?severity=critical", "Show only critical")
    late = health.get("late") or {}
    if not late.get("ok", True):
        return Banner("warning", "Old alerts", _sentence(late.get("detail", "")), "/engine", "Engine")
    return _stopped(health.get("runs") or {})


def _stopped(runs: Mapping[str, Any]) -> Banner | None:
    """Return the banner of automation that is stopped: since when, why, and what releases it."""
    stops = [one for one in runs.get("stopped", ()) if not one["is_initial"]]
    found = [*stops, *runs.get("breakers", ())]
    if not found:
        return None
    title = "A breaker is open"
    if stops:
        title = "Automation is stopped" if stops[0]["scope"] == GLOBAL else "Some automation is stopped"
    more = f" And {len(found) - MAX_STOPS} more." if len(found) > MAX_STOPS else ""
    text = " ".join(_sentence(one["text"]) for one in found[:MAX_STOPS])
    return Banner("warning", title, text + more, "/runs", "Runs")


def _sentence(text: str) -> str:
    """Return a clause as a sentence."""
    text = text.strip()
    return capital(text) + ("" if text.endswith((".", "!", "?")) else ".")
