"""Kill switches: engaging one takes effect in memory at once and is recorded after.

A release is recorded first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

from aiops.errors import UsageError
from aiops.respond.audit import AuditError, Entry
from aiops.respond.history import History
from aiops.respond.run_states import NO_REASON
from aiops.respond.trail_writer import Scribe

# Engaging a switch returns within a tenth of a second, however slow the disk is. A healthy disk needs a few
# milliseconds for a line. A line that takes longer is written later and shown in health.
ENGAGE_WAIT_S = 0.05


class Watch:
    """Watches for a stop: a switch that is engaged, or was since the watch began.

    A stop counts even if it is released before the answer to a request arrives or before a pause ends.
    """

    def __init__(self, switches: Switches, scopes: list[str]) -> None:
        self._switches, self._scopes = switches, scopes
        self._since = switches.turns(scopes)

    def halted(self) -> str | None:
        """Return the reason to start nothing more; None if there is none."""
        if (stopped := self._switches.halted(self._scopes)) is not None:
            return stopped
        turns = zip(self._scopes, self._since, self._switches.turns(self._scopes), strict=True)
        scope = next((scope for scope, before, now in turns if now != before), None)
        return f"kill switch {scope} was engaged meanwhile" if scope is not None else None

    def pause(self, pause_s: float) -> None:
        """Pause, at most until a stop."""
        self._switches.pause(pause_s, self.halted)


class SameIncidentWatch(Watch):
    """A watch that also checks the incident, until a step of the run was sent.

    `still` returns why the incident is no longer the same; None checks nothing. `is_acting` is true once a step changes
    what it checks.
    """

    def __init__(self, watch: Watch, is_acting: Callable[[], bool], still: Callable[[], str | None] | None) -> None:
        self._watch, self._is_acting, self._still = watch, is_acting, still

    def halted(self) -> str | None:
        """Return the reason to start nothing more."""
        if (stopped := self._watch.halted()) is not None or self._still is None or self._is_acting():
            return stopped
        return self._still()

    def pause(self, pause_s: float) -> None:
        """Pause, at most until a stop."""
        self._watch.pause(pause_s)


class Switches:
    """Moves the switches of a history, and wakes pauses of active runs."""

    def __init__(self, history: History, scribe: Scribe, lock: threading.Lock) -> None:
        """Hold the history. `lock` guards it, and is never held during a wait."""
        self._history, self._scribe = history, scribe
        self._moved = threading.Condition(lock)
        # The number of times each was engaged: a release that was requested before the last of these no longer counts.
        self._turns: dict[str, int] = {}
        self._unwritten: dict[str, tuple[dict[str, Any], str]] = {}
        self._ending = False

    def engage(self, data: dict[str, Any], now: float, wait_s: float | None = ENGAGE_WAIT_S) -> None:
        """Stop a scope at once; raise `AuditError` if that cannot be recorded, with the switch engaged.

        It waits for the disk at most `wait_s`; None waits for its answer.
        """
        wanted = self._line_up(data, now)
        if wait_s is None:
            self._scribe.drain()
        else:
            threading.Thread(target=self._scribe.drain, name="kill-switch", daemon=True).start()
        try:
            wanted.result(wait_s)
        except FutureTimeout:
            return
        except AuditError as error:
            text = f"kill switch {data['scope']} is engaged, but a restart would forget it: {error}"
            raise AuditError(text) from error

    def release(self, data: dict[str, Any], now: float, seen: float | None = None) -> None:
        """Release a scope once that is on disk, unless it was engaged again meanwhile.

        `seen` is the time of the move that the person saw: a stop that came after it has another reason. Raise
        `UsageError` for one.
        """
        scope = data["scope"]
        with self._moved:
            last = self._history.moved.get(scope)
            if seen is not None and last is not None and last.engaged and last.at != seen:
                raise UsageError(
                    f"kill switch {scope} was engaged again by {last.actor} ({last.reason or NO_REASON}) after what "
                    "was shown here: check why, then release it"
                )
            turn = self._turns.get(scope, 0)
            wanted = self._scribe.put("switch", now, data)
        self._scribe.drain()
        wanted.result()
        with self._moved:
            if self._turns.get(scope, 0) == turn:
                self._history.switches[scope] = False
                self._history.note_move(now, data)
                self._unwritten.pop(scope, None)

    def halted(self, scopes: list[str]) -> str | None:
        """Return the reason to start nothing of these scopes; None if there is none."""
        if self._ending:
            return "the daemon is shutting down"
        if (gap := self._history.gap) is not None and not gap.accepted:
            return "the audit trail was cut and nobody has accepted it"
        scope = self._history.engaged(scopes)
        return f"kill switch {scope} is engaged" if scope is not None else None

    def turns(self, scopes: list[str]) -> list[int]:
        """Return the number of times each of the scopes was engaged."""
        return [self._turns.get(scope, 0) for scope in scopes]

    def pause(self, pause_s: float, halted: Callable[[], str | None]) -> None:
        """Pause, at most until `halted` returns a reason."""
        with self._moved:
            self._moved.wait_for(lambda: halted() is not None, pause_s)

    def hold(self, scope: str) -> None:
        """Stop a scope in memory, even if the disk refuses."""
        with self._moved:
            self._stop(scope)

    def end(self) -> None:
        """Start nothing more, as the daemon is shutting down."""
        with self._moved:
            self._ending = True
            self._moved.notify_all()

    def unwritten(self) -> dict[str, str]:
        """Return the switches that are engaged in memory only, with the reason."""
        with self._moved:
            return {scope: why for scope, (_, why) in self._unwritten.items()}

    def write_again(self, now: float) -> None:
        """Write again what the disk refused; raise `AuditError` if it still does."""
        with self._moved:
            refused = [data for data, why in self._unwritten.values() if why]
            wanted = [self._held(data, now) for data in refused]
        self._scribe.drain()
        # All of them first: the error of one must not keep another from being known as refused, and tried again.
        for data, one in zip(refused, wanted, strict=True):
            one.add_done_callback(self._written(data))
        for one in wanted:
            one.result()

    def _line_up(self, data: dict[str, Any], now: float) -> Future[Entry]:
        scope = data["scope"]
        with self._moved:
            self._stop(scope)
            self._history.note_move(now, data)
            wanted = self._held(data, now)
        wanted.add_done_callback(self._written(data))
        return wanted

    def _stop(self, scope: str) -> None:
        self._turns[scope] = self._turns.get(scope, 0) + 1
        self._history.switches[scope] = True
        self._moved.notify_all()

    def _held(self, data: dict[str, Any], now: float) -> Future[Entry]:
        """Queue an entry while the lock is held: the trail has the moves of a switch in their order."""
        self._unwritten[data["scope"]] = (data, "")
        return self._scribe.put("switch", now, data)

    def _written(self, data: dict[str, Any]) -> Callable[[Future[Entry]], None]:
        def note(wanted: Future[Entry]) -> None:
            error = wanted.exception()
            with self._moved:
                known = self._unwritten.get(data["scope"])
                if known is None or known[0] is not data:
                    return
                if error is None:
                    del self._unwritten[data["scope"]]
                else:
                    self._unwritten[data["scope"]] = (data, str(error))

        return note
