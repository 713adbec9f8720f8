"""The dispatcher: takes due rows of the outbox, lets sinks make attempts, and records the outcomes.

One thread decides, the pool's threads wait for receivers. For one endpoint and incident there is one attempt at a time,
in the order of versions; the table keeps that order (`OutboxTable.claim`). A message leaves the outbox only by an
answer that is on disk. After a crash, an attempt whose answer was lost is repeated with the same key.
"""

from __future__ import annotations

import logging
import random as randomness
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from aiops.errors import AiopsError, UsageError
from aiops.http.answers import MAX_RETRY_AFTER_S
from aiops.notify import trial
from aiops.notify.endpoint_queue import SLOTS, EndpointQueue
from aiops.notify.outcomes import Outcomes
from aiops.notify.status import families, health, state
from aiops.notify.worker_threads import ThreadWorkerPool, WorkerPool
from aiops.ports import Answer, CallsBack, Reply, ShowsBody
from aiops.store.outbox import Row
from aiops.store.store import Store
from aiops.telemetry.logs import log
from aiops.telemetry.metrics import Family
from aiops.telemetry.trace import OFF, Tracer, Value

# The command line retries and drops in another process; the dispatcher finds that by polling.
POLL_EVERY_S = 2.0
# The pause after the disk refused.
DISK_PAUSE_S = 1.0
# How often a held endpoint's messages are checked for those that are too old, and how many at once.
SWEEP_EVERY_S = 60.0
SWEEP_ROWS = 100
# How often incidents that stay open are searched for; a reminder may be late by this much.
REMIND_EVERY_S = 5.0
# A person's sentence in the audit.
MAX_REASON_CHARS = 1_000


class Dispatcher:
    """Delivers the outbox of a store; a service of the daemon: `start`, `wake` after new rows, `stop`.

    `clock` gives Unix seconds, `monotonic` seconds that never go back, `random` 0 to 1.
    """

    def __init__(
        self,
        store: Store,
        queues: Iterable[EndpointQueue],
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = randomness.random,
        pool: WorkerPool | None = None,
        tracer: Tracer = OFF,
        may_remind: Callable[[bytes | None, float], bool] = lambda plan, now: True,
    ) -> None:
        self._outbox = store.outbox
        self._outcomes = Outcomes(store, clock, random, may_remind)
        self._clock, self._monotonic = clock, monotonic
        self._tracer = tracer
        self._pool: WorkerPool = pool or ThreadWorkerPool(SLOTS)
        self._queues = {queue.name: queue for queue in queues}
        # Lanes that a reload replaced: their sinks are closed once their last attempt has ended.
        self._retired: list[EndpointQueue] = []
        self._changed = threading.Condition()
        self._woken = False
        self._stopping = False
        self._flying = 0
        # Answers that the disk refused: their rows stay claimed until it takes them.
        self._owed: list[tuple[EndpointQueue, Row, Answer]] = []
        self._disk_error = ""
        self._thread = threading.Thread(target=self._run, name="deliver", daemon=True)

    @property
    def queues(self) -> Mapping[str, EndpointQueue]:
        """The endpoints by name."""
        return self._queues

    def start(self) -> None:
        """Start to deliver."""
        self._thread.start()

    def wake(self) -> None:
        """Check for rows at once; from any thread."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def endpoints(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the state of each endpoint by name; see `aiops.notify.status.state`."""
        at = self._monotonic()
        return {name: state(queue, at) for name, queue in self._queues.items()}

    def enable(self, endpoint: str, actor: str, reason: str = "") -> bool:
        """Notify a disabled endpoint again, with an entry in the audit; False if it was not disabled.

        Raise `UsageError` for an unknown endpoint, `AiopsError` if the audit cannot be written.
        """
        queue = self._queues.get(endpoint)
        if queue is None:
            known = ", ".join(self._queues) or "none"
            raise UsageError(f"expected the name of an endpoint ({known}); got {endpoint[:100]!r}")
        why = queue.disabled
        if why is None:
            return False
        note = f": {reason[:MAX_REASON_CHARS]}" if reason else ""
        try:
            self._outcomes.note(f"endpoint {endpoint} is notified again; it was disabled by {why}{note}", actor)
        except sqlite3.Error as error:
            raise AiopsError(f"nothing was changed, since the audit cannot be written: {error}") from None
        with self._changed:
            queue.enable()
        log(logging.INFO, "an endpoint is enabled again", endpoint=endpoint, actor=actor)
        self.wake()
        return True

    def test(self, endpoint: str, actor: str) -> Answer:
        """Send a test message to an endpoint now, one attempt, with an entry in the audit.

        Its breaker, its pace and its counts are not touched. Raise `UsageError` for an unknown endpoint.
        """
        queue = self._queues.get(endpoint)
        if queue is None:
            known = ", ".join(self._queues) or "none"
            raise UsageError(f"expected the name of an endpoint ({known}); got {endpoint[:100]!r}")
        try:
            answer = trial.attempt(queue.sink, trial.messages(endpoint, actor, self._clock(), queue.zone))
        except Exception as error:
            # A plugged-in sink may raise anything, and the text may hold a secret.
            answer = Answer(ok=False, reason=f"the sink raised {type(error).__name__}")
        outcome = "accepted" if answer.ok else f"not accepted: {answer.reason}"
        try:
            self._outcomes.note(f"a test message to {endpoint} was {outcome}"[:MAX_REASON_CHARS], actor)
        except sqlite3.Error as error:
            log(logging.WARNING, "a test message is not in the audit", endpoint=endpoint, error=str(error))
        return answer

    def shown(self, row: Row) -> str | None:
        """Return what a message was or will be sent as; None if its endpoint does not show it."""
        queue = self._queues.get(row.endpoint)
        if queue is None or not isinstance(queue.sink, ShowsBody):
            return None
        try:
            return queue.sink.shown(self._outcomes.message(queue, row))
        except Exception as error:
            log(logging.WARNING, "a message cannot be shown", endpoint=row.endpoint, why=type(error).__name__)
            return None

    def read_back(self, endpoint: str, headers: Mapping[str, str], body: bytes, now: float) -> Sequence[Reply] | None:
        """Return what people did at the receiver of an endpoint, by its report; None if it makes none.

        Raise `NotGenuine` and `RecordError` as the sink does.
        """
        queue = self.queues.get(endpoint)
        sink = queue.sink if queue is not None else None
        return sink.read_back(headers, body, now) if isinstance(sink, CallsBack) else None

    def replace(self, queues: Iterable[EndpointQueue]) -> None:
        """Use other endpoints or settings (a reload); attempts under way end with the old ones."""
        with self._changed:
            self._retired.extend(self._queues.values())
            self._queues = {queue.name: queue for queue in queues}
        self.wake()

    def stop(self, timeout_s: float) -> None:
        """Claim nothing more, let attempts under way end within the time, and close the sinks."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            ended = self._changed.wait_for(lambda: self._flying == 0, timeout_s)
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        self._pool.close()
        if not ended:
            log(logging.WARNING, "stopped during attempts; they are repeated at the next start, with the same keys")
        for queue in [*self._queues.values(), *self._retired]:
            if queue.in_flight == 0:
                _close(queue)

    def step(self) -> float:
        """Hand out what may be sent now; return after how many seconds there may be more."""
        self._close_retired()
        try:
            self._settle_debts()
            waits = [self._serve(queue) for queue in list(self._queues.values())]
        except Exception as error:
            # Any fault (a full disk, too many open files): if this thread ended, nobody would be notified any more.
            self._disk(error)
            return DISK_PAUSE_S
        self._disk_error = ""
        return min([POLL_EVERY_S, *waits])

    def health(self) -> dict[str, Any]:
        """Return `{"ok": bool, "detail": str, "endpoints": {name: {…}}}`."""
        return health(self._queues, self._monotonic(), self._disk_error)

    def metrics(self) -> list[Family]:
        """Return the metrics of delivery."""
        return families(self._queues, self._monotonic())

    def _run(self) -> None:
        while not self._stopping:
            wait_s = self.step()
            with self._changed:
                if not self._woken and not self._stopping:
                    self._changed.wait(wait_s)
                self._woken = False

    def _serve(self, queue: EndpointQueue) -> float:
        now, at = self._clock(), self._monotonic()
        with self._changed:
            free = 0 if self._stopping else queue.free(at)
        if queue.disabled is not None or (queue.is_held(at) and at >= queue.sweep_at):
            self._sweep(queue, now, at)
        if queue.disabled is None and at >= queue.remind_at:
            queue.plan_reminder(at + REMIND_EVERY_S)
            self._outcomes.remind(queue, now)
        if free <= 0:
            with self._changed:
                return queue.wait_s(at)
        rows = self._outbox.claim(now, free, [queue.name])
        self._hand_out(queue, rows)
        if len(rows) == free:
            return 0.0
        due_at = self._outcomes.next_due_at(queue.name, now)
        return POLL_EVERY_S if due_at is None else max(0.0, due_at - now)

    def _hand_out(self, queue: EndpointQueue, rows: Sequence[Row]) -> None:
        waiting = list(rows)
        try:
            while waiting:
                row = waiting[0]
                if self._outcomes.is_overtaken(row):
                    self._outcomes.supersede(row)
                else:
                    with self._changed:
                        queue.take(1)
                        self._flying += 1
                    self._pool.submit(queue.name, partial(self._attempt, queue, row))
                waiting.pop(0)
        finally:
            self._outbox.release([row.id for row in waiting])

    def _attempt(self, queue: EndpointQueue, row: Row) -> None:
        """Make one attempt, in a thread of the pool."""
        if self._stopping:
            self._outbox.release([row.id])
            with self._changed:
                queue.release()
                self._flying -= 1
                self._changed.notify_all()
            return
        began = self._monotonic()
        answer = _traced(self._tracer, self._outcomes, queue, row)
        at = self._monotonic()
        queue.attempt_s.observe(max(0.0, at - began))
        with self._changed:
            was_disabled = queue.disabled
            opened = queue.record(answer, row.incident, at)
        if opened:
            log(
                logging.WARNING,
                "an endpoint does not answer; its breaker is open",
                endpoint=queue.name,
                why=answer.reason,
            )
        if answer.disable and was_disabled is None:
            log(logging.ERROR, "an endpoint answered 410 Gone and is disabled", endpoint=queue.name, why=answer.reason)
        try:
            if answer.disable and was_disabled is None:
                self._outcomes.note(f"endpoint {queue.name} is disabled: {answer.reason}", None)
            self._write(queue, row, answer)
        except Exception as error:
            self._disk(error)
            with self._changed:
                self._owed.append((queue, row, answer))
        finally:
            with self._changed:
                self._flying -= 1
                self._woken = True
                self._changed.notify_all()

    def _write(self, queue: EndpointQueue, row: Row, answer: Answer) -> None:
        result = self._outcomes.record(queue, row, answer)
        with self._changed:
            queue.count(result)
        if result == "sent":
            since = row.created_at if row.attempt else max(row.created_at, row.due_at)
            queue.lag_s.observe(max(0.0, self._clock() - since))
        elif result == "dead":
            self._report_dead(row, answer.reason)

    def _close_retired(self) -> None:
        with self._changed:
            idle = [queue for queue in self._retired if queue.in_flight == 0]
            self._retired = [queue for queue in self._retired if queue.in_flight > 0]
        for queue in idle:
            _close(queue)

    def _settle_debts(self) -> None:
        while True:
            with self._changed:
                if not self._owed:
                    return
                queue, row, answer = self._owed[0]
            self._write(queue, row, answer)
            with self._changed:
                self._owed.pop(0)

    def _sweep(self, queue: EndpointQueue, now: float, at: float) -> None:
        """Give up messages that grew too old while their endpoint is held; all, if it is disabled."""
        queue.plan_sweep(at + SWEEP_EVERY_S)
        rows = self._outbox.claim(now, SWEEP_ROWS, [queue.name])
        try:
            while rows:
                row = rows[-1]
                reason = (
                    queue.disabled or f"not delivered within {queue.config.max_age_s / 3600:g} h: {queue.last_error}"
                )
                if queue.disabled is not None or now - row.created_at >= queue.config.max_age_s:
                    self._outcomes.give_up(queue, row, reason)
                    with self._changed:
                        queue.count("dead")
                    self._report_dead(row, reason)
                rows.pop()
                self._outbox.release([row.id])
        finally:
            self._outbox.release([row.id for row in rows])

    def _report_dead(self, row: Row, reason: str) -> None:
        log(
            logging.ERROR,
            "a message could not be delivered and waits for a person: see `aiops outbox list --status dead`",
            endpoint=row.endpoint,
            incident=row.incident,
            change=row.change,
            why=reason,
        )

    def _disk(self, error: Exception) -> None:
        kind = "" if isinstance(error, sqlite3.Error | AiopsError | OSError) else f"{type(error).__name__}: "
        text = f"the outbox cannot be read or written: {kind}{error}"
        if text != self._disk_error and not self._stopping:
            log(logging.ERROR, text)
        self._disk_error = text


def _close(queue: EndpointQueue) -> None:
    close = getattr(queue.sink, "close", None)
    if close is None:
        return
    try:
        close()
    except Exception as error:
        log(logging.WARNING, "a sink could not be closed", endpoint=queue.name, why=type(error).__name__)


def _traced(tracer: Tracer, outcomes: Outcomes, queue: EndpointQueue, row: Row) -> Answer:
    """Make one attempt as a span, in the trace of the batch that caused it, also after a restart."""
    if tracer is OFF:
        return _send(outcomes, queue, row)
    attributes: dict[str, Value] = {
        "aiops.endpoint": queue.name,
        "aiops.endpoint.type": queue.config.type,
        "aiops.incident.id": row.incident,
        "aiops.incident.version": row.version,
        "aiops.incident.change": row.change,
        "http.request.resend_count": row.attempt,
    }
    # Written beside the message by whichever process took the batch.
    parent = row.traceparent
    with tracer.begin(f"deliver {queue.name}", "client", parent=parent, attributes=attributes) as span:
        answer = _send(outcomes, queue, row, span.traceparent)
        if answer.status is not None:
            span.set("http.response.status_code", answer.status)
        if not answer.ok:
            # Never the reason: it quotes the receiver's answer.
            span.set("aiops.delivery.retry", answer.retry)
            span.fail(str(answer.status or "failed"))
    return answer


def _send(outcomes: Outcomes, queue: EndpointQueue, row: Row, traceparent: str = "") -> Answer:
    try:
        message = outcomes.message(queue, row)
        message.traceparent = traceparent
    except msgspec.DecodeError as error:
        return Answer(ok=False, reason=f"the message cannot be read: {error}")
    except sqlite3.Error as error:
        return Answer(ok=False, retry=True, reason=f"the store cannot be read: {error}")
    try:
        answer = queue.sink.send(message)
        if answer.retry_after_s is not None:
            answer.retry_after_s = min(MAX_RETRY_AFTER_S, max(0.0, answer.retry_after_s))
        return answer
    except Exception as error:
        # A plugged-in sink may raise anything, and the text may hold a secret: only its origin is reported.
        trace, place = error.__traceback__, ""
        while trace is not None:
            place = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
            trace = trace.tb_next
        return Answer(ok=False, retry=True, reason=f"the sink raised {type(error).__name__} in {place}")
