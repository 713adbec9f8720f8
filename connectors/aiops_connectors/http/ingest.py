"""One request of ingest, from its head to its answer."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, runtime_checkable

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from aiops.errors import RecordError
from aiops.http.auth import CHALLENGES, Guard, Refusal
from aiops.http.body import BodyError, Budget, decoded, read_body
from aiops.http.redaction import redact, without_tokens
from aiops.ports import DeadLetter, Inbox, Received
from aiops.records.late import sentence
from aiops.telemetry.trace import NO_SPAN, OFF, Span, Tracer
from aiops_connectors.http.address_token import taken_out
from aiops_connectors.http.admission import Admission
from aiops_connectors.http.client_certificates import networks
from aiops_connectors.http.options import ConnectorOptions, HttpOptions
from aiops_connectors.mapping.builders import MAX_RAW, Problem
from aiops_connectors.mapping.mapping import load_mapping, names
from aiops_connectors.mapping.origin import Origin
from aiops_connectors.payloads.body_decoders import Mapped, Payload, Taken, payload
from aiops_connectors.payloads.charset import CharsetError, as_utf8
from aiops_connectors.payloads.forms import form
from aiops_connectors.payloads.framing import GZIP
from aiops_connectors.payloads.prometheus_push import PrometheusPush
from aiops_connectors.payloads.unknown_words import UnknownWords
from aiops_connectors.signatures.verifier import Forged, Verifier

# The answer names this many of what was refused; all are in the dead letters.
MAX_SHOWN = 20
# Requests that wait for a thread; beyond, 503 is the better answer than a longer wait.
MAX_WAITING = 256
# Bodies up to this are decoded by the event loop itself, within a millisecond or two: handing them to a thread and back
# takes a third of that again. A batch of 64 alerts of Prometheus has some 30 kB.
SMALL_BYTES = 64 << 10
# Braces of such a body: 20,000 empty objects fit into it, and take seconds.
SMALL_OBJECTS = 1_000
# Content types that hold no text. Of others the body decides: SNS sends JSON as text, some tools name no type at all.
REFUSED_TYPES = ("image/", "audio/", "video/", "font/")
JSON = [(b"content-type", b"application/json"), (b"x-content-type-options", b"nosniff")]

_LOG = logging.getLogger(__name__)


class Answer(msgspec.Struct):
    """The body of an answer: the numbers of accepted and refused records, with the reasons.

    `late`: accepted records that lie more than five minutes before the engine's time, by `late_s` seconds at most;
    `hint` explains that.
    """

    accepted: int = 0
    rejected: int = 0
    late: int = 0
    problems: list[dict[str, str]] = msgspec.field(default_factory=list)
    error: str | None = None
    hint: str | None = None
    late_s: float = 0.0


@runtime_checkable
class Submits(Protocol):
    """An inbox that need not be waited for in a thread."""

    def submit(self, received: Received) -> Future[bool] | None:
        """Return a future of the journal's acknowledgement; None if there is no room.

        It may be cancelled until the write begins; nothing of a cancelled one is accepted.
        """
        ...


class Ingest:
    """Takes requests for all connectors, once it is connected to an inbox."""

    def __init__(self, name: str, options: HttpOptions, guard: Guard, clock: Callable[[], float]) -> None:
        """Raise `UsageError` for a connector without a mapping or a secret."""
        self._name = name
        self._options = options
        self._clock = clock
        self._tracer: Tracer = OFF
        self._budget = Budget(options.max_held_bytes)
        self._pool: ThreadPoolExecutor | None = None
        self._waiting = 0
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._number = 0
        self.unknown = UnknownWords(name)
        self._payloads: dict[str, Payload | None] = dict.fromkeys([*names(), "archive", "cloudevents"])
        self._verifiers: dict[str, Verifier] = {}
        self._submit: Callable[[Received], Future[bool] | None] | None = None
        self._payloads["prometheus"] = PrometheusPush(load_mapping("alertmanager"))
        proxies = networks(options.trusted_proxies, f"sources.{name}.trusted_proxies")
        self._anybody = Admission(guard, ConnectorOptions(), proxies, f"sources.{name}")
        self._admissions: dict[str, Admission] = {}
        for connector, own in options.connectors.items():
            place = f"sources.{name}.connectors.{connector}"
            self._payloads[connector] = payload(connector, own.mapping, options.max_unpacked_bytes, own.zone)
            self._admissions[connector] = Admission(guard, own, proxies, place)
            if own.signature is not None:
                self._verifiers[connector] = Verifier(own.signature, place)

    def is_signed(self, connector: str) -> bool:
        """Return True if requests to a connector are signed."""
        return connector in self._verifiers

    def reload(self) -> Callable[[], None]:
        """Read the mappings again; see `aiops.ports.Reloads`."""
        found = [one.reload() for one in self._payloads.values() if isinstance(one, Mapped)]

        def take_over() -> None:
            for each in found:
                each()

        return take_over

    def connect(self, inbox: Inbox) -> None:
        """Put what is taken into `inbox`."""
        self.inbox = inbox
        self._submit = inbox.submit if isinstance(inbox, Submits) else None

    def trace(self, tracer: Tracer) -> None:
        """Trace requests with `tracer` from now on."""
        self._tracer = tracer

    def endpoint(self, connector: str | None = None) -> ASGIApp:
        """The ASGI application of one connector, or of the one that the path names."""
        # A class instance, since a plain function would get Starlette's Request and its cost.
        return _Endpoint(self, connector)

    async def handle(
        self, connector: str, scope: Scope, receive: Receive, send: Send, tokens: Sequence[str] = ()
    ) -> None:
        """Answer one request; `tokens` were in its address, of which `scope` has nothing left."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(connector, scope, headers, tokens)
        if refusal is None and scope["method"] == "GET" and not scope["query_string"]:
            refusal = Refusal(400, "expected a body, or parameters in the query of the URL; got neither")
        if refusal is not None:
            # Not traced: what a stranger sends is not worth a span.
            status, answer = refusal.status, Answer(error=refusal.reason)
            if status in (401, 403) and connector in self._payloads:
                # A tool with a wrong token is otherwise known to its sender alone.
                _LOG.warning("%s: a sender was refused: %s", connector, refusal.reason, extra={"apart": connector})
        else:
            status, answer = await self._traced(connector, scope, headers, receive)
        self._counts[f"http_{status}"] += 1
        extra: list[tuple[bytes, bytes]] = []
        if status == 503:
            extra = [(b"retry-after", str(self._options.retry_after_s).encode())]
        elif status == 401:
            extra = CHALLENGES
        elif status in (408, 413):
            # What is left of the body is not read.
            extra = [(b"connection", b"close")]
        body = msgspec.json.encode(answer)
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [*JSON, length, *extra]})
        await send({"type": "http.response.body", "body": body})

    async def _traced(
        self, connector: str, scope: Scope, headers: Mapping[str, str], receive: Receive
    ) -> tuple[int, Answer]:
        """Answer as one span, which continues the sender's trace."""
        if self._tracer is OFF:
            return await self._answer(connector, scope, headers, receive, NO_SPAN)
        path, method = str(scope["path"]), str(scope["method"])
        route = "/ingest/{connector}" if path.startswith("/ingest/") else path
        begun = self._tracer.begin(
            f"{method} {route}",
            "server",
            parent=headers.get("traceparent", ""),
            state=headers.get("tracestate", ""),
            attributes={
                "http.request.method": method,
                "http.route": route,
                "url.scheme": str(scope["scheme"]),
                "url.path": path,
                "aiops.connector": connector,
            },
        )
        with begun as span:
            status, answer = await self._answer(connector, scope, headers, receive, span)
            span.set("http.response.status_code", status)
            span.set("aiops.records", answer.accepted)
            span.set("aiops.rejected", answer.rejected)
            if status >= 500:
                span.fail(str(status))
            return status, answer

    async def _answer(
        self, connector: str, scope: Scope, headers: Mapping[str, str], receive: Receive, span: Span
    ) -> tuple[int, Answer]:
        options = self._options
        try:
            origin = _origin(scope)
            body = await read_body(
                receive, headers, most=options.max_body_bytes, timeout_s=options.body_timeout_s, budget=self._budget
            )
        except BodyError as error:
            return error.status, Answer(error=error.reason)
        except RecordError as error:
            return 400, Answer(error=f"query: {error}")
        if self._waiting >= MAX_WAITING:
            self._budget.give(len(body))
            return 503, Answer(error="busy: too many requests wait already")
        self._waiting += 1
        try:
            if self._is_quick(connector, headers, body):
                return await self._quickly(connector, headers, body, origin, span)
            return await self._in_thread(self._work, connector, headers, body, origin, span)
        finally:
            self._waiting -= 1
            self._budget.give(len(body))

    async def _in_thread(self, work: Callable[..., tuple[int, Answer]], *args: Any) -> tuple[int, Answer]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._options.workers, thread_name_prefix=f"{self._name}-ingest")
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *args)

    def _is_quick(self, connector: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Return True if a body is cheap enough for the event loop."""
        return (
            len(body) <= SMALL_BYTES
            and not body.startswith(GZIP)
            and body.count(b"{") <= SMALL_OBJECTS
            and connector not in self._verifiers
            and "content-encoding" not in headers
            and self._payloads[connector] is not None
            and self._submit is not None
        )

    async def _quickly(
        self, connector: str, headers: Mapping[str, str], body: bytes, origin: Origin, span: Span
    ) -> tuple[int, Answer]:
        """As `_work`, in the event loop; where there is no room, a thread waits for it."""
        now = self._clock()
        try:
            taken = self._take(connector, headers, body, origin, now)
        except (BodyError, CharsetError) as error:
            return error.status, Answer(error=error.reason)
        received = self._received(connector, taken, now, span)
        if not received.records and not received.rejected:
            return self._taken(taken, received)
        try:
            done = self._submit(received) if self._submit is not None else None
        except Exception:
            _LOG.exception("the journal did not take a request")
            return _full()
        if done is None:
            return await self._in_thread(self._put, taken, received)
        return self._taken(taken, received) if await _came(done, self._options.put_timeout_s) else _full()

    def _refusal(
        self, connector: str, scope: Scope, headers: Mapping[str, str], tokens: Sequence[str]
    ) -> Refusal | None:
        """Return the refusal that follows from address and headers alone, or None."""
        found = self._admissions.get(connector, self._anybody).refusal(scope, headers, tokens)
        if found is not None:
            return found
        if connector not in self._payloads:
            got = redact(connector)[:64]
            return Refusal(404, f"expected a connector of {', '.join(sorted(self._payloads))}; got {got!r}")
        kind = headers.get("content-type", "").strip().lower()
        if kind.startswith(REFUSED_TYPES):
            return Refusal(415, f"expected JSON, a form, XML or text; got the content type {kind[:80]!r}")
        return None

    def _work(
        self, connector: str, headers: Mapping[str, str], body: bytes, origin: Origin, span: Span
    ) -> tuple[int, Answer]:
        """In a thread of the pool: verify, decode, hand over."""
        now = self._clock()
        verifier = self._verifiers.get(connector)
        identity = b""
        try:
            encoding, most = headers.get("content-encoding", ""), self._options.max_unpacked_bytes
            if verifier is not None:
                identity = verifier.check(
                    headers, decoded(body, encoding, most) if verifier.reads_fields else body, now
                )
                if verifier.is_known(identity, now):
                    return 200, Answer()
            body = decoded(body, encoding, most)
            taken = self._take(connector, headers, body, origin, now)
        except Forged as error:
            return 401, Answer(error=str(error))
        except (BodyError, CharsetError) as error:
            return error.status, Answer(error=error.reason)
        if verifier is not None:
            for problem in taken.problems:
                problem.raw = verifier.hidden(problem.raw)
        status, answer = self._put(taken, self._received(connector, taken, now, span))
        if verifier is not None and status != 503:
            verifier.taken(identity, now)
        return status, answer

    def _take(self, connector: str, headers: Mapping[str, str], body: bytes, origin: Origin, now: float) -> Taken:
        """Decode a body in the charset that its sender states."""
        body = as_utf8(body, headers.get("content-type", ""), self._options.max_unpacked_bytes)
        return self._payload(connector).take(body, headers, now, origin)

    def _payload(self, connector: str) -> Payload:
        """Return the kind of body, loaded on first use."""
        found = self._payloads[connector]
        if found is None:
            found = payload(connector, None, self._options.max_unpacked_bytes)
            self._payloads[connector] = found
        return found

    def _received(self, connector: str, taken: Taken, now: float, span: Span) -> Received:
        """Make the batch for the inbox."""
        self._identify(taken, now)
        source = f"{self._name}/{connector}"
        self.unknown.check_severities(taken.records)
        letters = [_letter(source, problem, now) for problem in self.unknown.sift(taken.problems)]
        return Received(taken.records, rejected=letters, traceparent=span.traceparent, source=self._name)

    def _put(self, taken: Taken, received: Received) -> tuple[int, Answer]:
        if (received.records or received.rejected) and not self._is_on_disk(received):
            return _full()
        return self._taken(taken, received)

    def _taken(self, taken: Taken, received: Received) -> tuple[int, Answer]:
        """The answer to what is on disk."""
        with self._lock:
            self._counts["accepted"] += len(received.records)
            self._counts["rejected"] += len(received.rejected)
            self._counts["late"] += received.late
        refused = sum(1 for problem in taken.problems if not problem.warning)
        shown = [{"place": problem.place, "reason": problem.reason} for problem in taken.problems[:MAX_SHOWN]]
        answer = Answer(len(received.records), refused, received.late, shown)
        if received.late:
            answer.hint, answer.late_s = sentence(received.late, received.late_s), round(received.late_s, 3)
        return 400 if refused else 200, answer

    def _is_on_disk(self, received: Received) -> bool:
        try:
            return self.inbox.put(received, self._options.put_timeout_s)
        except Exception:
            # Whatever the fault of the journal, the sender must keep its data; the journal reports its own fault.
            _LOG.exception("the journal did not take a request")
            return False

    def _identify(self, taken: Taken, now: float) -> None:
        """Give records without an id one: the receipt time in microseconds and a number, unique over restarts."""
        with self._lock:
            self._number += 1
            request = f"{self._name}-{int(now * 1e6):x}-{self._number:x}"
        for number, record in enumerate(taken.records):
            if not record.id:
                record.id = f"{request}-{number}"

    def counted(self) -> Mapping[str, Any]:
        """Requests by the status of their answer, records taken and refused, and what is under way."""
        counts = dict(self._counts)
        return {
            **counts,
            "counts": [*counts],
            "waiting": self._waiting,
            "held_bytes": self._budget.held,
            "unknown": self.unknown.counted(),
        }

    def close(self) -> None:
        """End the threads, after what they do; the next request begins new ones."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)


class _Endpoint:
    def __init__(self, ingest: Ingest, connector: str | None) -> None:
        self._ingest = ingest
        self._connector = connector

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._connector is not None:
            await self._ingest.handle(self._connector, scope, receive, send)
            return
        clean, tokens = taken_out(scope)
        if self._ingest.is_signed(clean["path_params"]["connector"]):
            # Nobody signs the query: a mapping must not read it.
            clean = {**clean, "query_string": b""}
        await self._ingest.handle(clean["path_params"]["connector"], clean, receive, send, tokens)


def _origin(scope: Scope) -> Origin:
    """Return method and query of a request; raise `RecordError` for too many parameters."""
    query = scope["query_string"]
    return Origin(scope["method"], form(query) if query else {})


def _letter(source: str, problem: Problem, now: float) -> DeadLetter:
    return DeadLetter(
        source=source, place=problem.place, reason=problem.reason, raw=without_tokens(problem.raw[:MAX_RAW]), at=now
    )


def _full() -> tuple[int, Answer]:
    return 503, Answer(error="full: nothing of this request was taken; send it again")


async def _came(done: Future[bool], timeout_s: float) -> bool:
    """Return the result of `done`; False if it had not begun in time, and never will."""
    late = False

    def give_up() -> None:
        nonlocal late
        late = done.cancel()

    timer = asyncio.get_running_loop().call_later(timeout_s, give_up)
    try:
        return await asyncio.wrap_future(done)
    except asyncio.CancelledError:
        if late:
            return False
        raise
    finally:
        timer.cancel()
