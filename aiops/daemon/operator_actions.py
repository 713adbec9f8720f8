"""Operator actions: their way through the journal, and the engine's answers."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait

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
        return self.act_all([action], timeout_s).get(action.id)

    def act_all(self, actions: Sequence[Action], timeout_s: float) -> dict[str, Feedback]:
        """Return the feedback on actions, which have ids and go into one frame, that came in time."""
        answers: dict[str, Future[Feedback]] = {action.id: Future() for action in actions}
        for action in actions:
            action.ts = action.ts or self._clock()
        with self._lock:
            self._waiting.update(answers)
        try:
            if not self._inbox.put(Received(list(actions)), timeout_s):
                return {}
            done, _ = wait(answers.values(), timeout_s)
            return {name: answer.result() for name, answer in answers.items() if answer in done}
        finally:
            with self._lock:
                for name in answers:
                    self._waiting.pop(name, None)

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
