"""Operator actions: their way through the journal, and the engine's answers."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout

from aiops.engine.events import Event, Feedback
from aiops.ports import Inbox, Received
from aiops.records import Action


class OperatorActions:
    """Puts actions into the inbox and waits for the engine's feedback; threads may share it."""

    def __init__(self, inbox: Inbox, clock: Callable[[], float]) -> None:
        self._inbox = inbox
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, Future[Feedback]] = {}

    def act(self, action: Action, timeout_s: float) -> Feedback | None:
        """Return the engine's feedback once it is in the store; None if it did not come in time."""
        action.id = action.id or f"act:{secrets.token_hex(8)}"
        action.ts = action.ts or self._clock()
        answer: Future[Feedback] = Future()
        with self._lock:
            self._waiting[action.id] = answer
        try:
            if not self._inbox.put(Received([action]), timeout_s):
                return None
            return answer.result(timeout_s)
        except FutureTimeout:
            return None
        finally:
            with self._lock:
                self._waiting.pop(action.id, None)

    def answer(self, events: Iterable[Event]) -> None:
        """Pass the feedback among `events` to the threads that wait for it."""
        if not self._waiting:
            return
        for event in events:
            if isinstance(event, Feedback):
                with self._lock:
                    waiting = self._waiting.get(event.id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(event)
