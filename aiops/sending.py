"""Sends archives to a running daemon over HTTP, in bodies that are repeated until acknowledged.

A body that is not acknowledged is kept and repeated: nothing is lost if the daemon is killed meanwhile. Records that it
had accepted without acknowledging them arrive twice, as exact copies, and count as duplicates.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, field

from aiops.errors import AiopsError, UsageError
from aiops.records import Alert, Change, Metric
from aiops.records.decode import encode
from aiops.wording import plural

# The kinds that a daemon accepts from outside; incidents in an archive are its truth.
Sendable = Alert | Metric | Change

PATH = "/ingest/archive"
# A probe, since it needs no token: one of the scope `ingest` may not read the health.
TIME_PATH = "/readyz"
# An eighth of the daemon's default limit; larger bodies are no faster, and cost more to repeat after a fault.
BODY_BYTES = 1 << 20
BODY_RECORDS = 2_000
# Longer than the daemon itself waits for its disk before it answers 503.
ANSWER_S = 30.0
RETRY_FIRST_S = 0.25
RETRY_CAP_S = 5.0
# A daemon that restarts processes its journal first.
GIVE_UP_S = 300.0
# A daemon that never answered is probably not running.
FIRST_S = 10.0
MAX_KEPT = 20
_LATER = (408, 429, 500, 502, 503, 504)


class Reply(Struct):
    """The daemon's answer: status, seconds to wait before the next attempt (0: not stated), and the body."""

    status: int
    retry_after_s: float = 0.0
    body: bytes = b""


class _Answer(Struct):
    accepted: int = 0
    rejected: int = 0
    late: int = 0
    late_s: float = 0.0
    problems: list[dict[str, str]] = []
    error: str | None = None


class _Ready(Struct):
    engine_time: float | None = None


class Sent(Struct):
    """The result for the records that were sent; `late_s` is the largest delay of all bodies.

    `repeated` bodies were sent again without an answer to the first attempt.
    """

    accepted: int = 0
    rejected: int = 0
    late: int = 0
    late_s: float = 0.0
    repeated: int = 0
    # The first refusals, as sentences.
    problems: list[str] = field(default_factory=list)

    def refuse(self, text: str, count: int = 1) -> None:
        """Count refusals, and keep the reason while there is room."""
        self.rejected += count
        if len(self.problems) < MAX_KEPT:
            self.problems.append(text)


Post = Callable[[bytes], Reply]
# The engine time of the daemon (Unix seconds); None if it has none, or does not report it.
QueryTime = Callable[[], float | None]


class Sender:
    """Sends records in order. `post` sends one body, and raises `OSError` if there was no answer."""

    def __init__(self, post: Post, *, sleep: Callable[[float], object], monotonic: Callable[[], float]) -> None:
        self._post = post
        self._sleep = sleep
        self._monotonic = monotonic
        self._most_bytes = BODY_BYTES
        self._has_answered = False
        self._waiting: list[bytes] = []
        self._bytes = 0
        self.sent = Sent()

    def add(self, record: Sendable) -> None:
        """Add a record; a full body is sent, and is on disk when this returns."""
        line = encode(record) + b"\n"
        if self._waiting and (self._bytes + len(line) > self._most_bytes or len(self._waiting) >= BODY_RECORDS):
            self.flush()
        self._waiting.append(line)
        self._bytes += len(line)

    def flush(self) -> None:
        """Send the remaining records."""
        lines, self._waiting, self._bytes = self._waiting, [], 0
        parts = [lines] if lines else []
        while parts:
            part = parts.pop(0)
            if not self._deliver(part):
                # Too large for the daemon, or for a proxy before it.
                self._most_bytes = max(1, min(self._most_bytes, sum(map(len, part)) // 2))
                middle = len(part) // 2
                parts[:0] = [part[:middle], part[middle:]]

    def _deliver(self, lines: Sequence[bytes]) -> bool:
        """Send one body until it is answered; return False if it is too large and can be split."""
        began = self._monotonic()
        wait_s = RETRY_FIRST_S
        while True:
            reply, reason = self._attempt(b"".join(lines))
            if reply is not None and reply.status not in _LATER:
                return self._settled(reply, lines)
            patience_s = GIVE_UP_S if self._has_answered else FIRST_S
            if self._monotonic() - began > patience_s:
                raise AiopsError(f"{reason}; gave up after {patience_s:g} s: {self._so_far()}")
            retry_after_s = reply.retry_after_s if reply is not None else 0.0
            self._sleep(retry_after_s or wait_s)
            wait_s = min(2 * wait_s, RETRY_CAP_S)

    def _attempt(self, body: bytes) -> tuple[Reply | None, str]:
        try:
            reply = self._post(body)
        except OSError as error:
            self.sent.repeated += 1
            return None, f"the daemon does not answer: {error}"
        self._has_answered = True
        return reply, f"the daemon answered {reply.status}"

    def _settled(self, reply: Reply, lines: Sequence[bytes]) -> bool:
        if reply.status == 413:
            if len(lines) > 1:
                return False
            self.sent.refuse(f"a record of {len(lines[0])} bytes is larger than the daemon accepts")
            return True
        answer = _Answer()
        with suppress(msgspec.MsgspecError):
            answer = msgspec.json.decode(reply.body, type=_Answer)
        if reply.status not in (200, 400) or (reply.status == 400 and not answer.accepted and not answer.rejected):
            raise UsageError(f"the daemon refuses ({reply.status}): {answer.error or 'no reason'}; {self._so_far()}")
        self.sent.accepted += answer.accepted
        self.sent.late += answer.late
        self.sent.late_s = max(self.sent.late_s, answer.late_s)
        self.sent.rejected += answer.rejected
        room = MAX_KEPT - len(self.sent.problems)
        reasons = [f"{each.get('place', '')}: {each.get('reason', '')}" for each in answer.problems]
        self.sent.problems += reasons[:room]
        return True

    def _so_far(self) -> str:
        return f"accepted before: {plural(self.sent.accepted, 'record')}; send again what comes after them"


def paced(
    records: Iterable[Sendable],
    speed: float,
    now: Callable[[], float],
    sleep: Callable[[float], object],
    flush: Callable[[], None],
) -> Iterable[Sendable]:
    """Yield the records at `speed` times their own pace; waiting ones are flushed before each pause."""
    began: float | None = None
    first = 0.0
    for record in records:
        if began is None:
            began, first = now(), record.ts
        ahead_s = began + (record.ts - first) / speed - now()
        if ahead_s > 0:
            flush()
            sleep(ahead_s)
        yield record


def shifted(record: Sendable, move: Callable[[float], float]) -> Sendable:
    """Return a record with all its timestamps shifted."""
    changed = {"ts": move(record.ts)}
    for name in ("starts_at", "ends_at"):
        at = getattr(record, name, None)
        if at is not None:
            changed[name] = move(at)
    return msgspec.structs.replace(record, **changed)


def wait_for_engine_time(
    query_time: QueryTime, *, sleep: Callable[[float], object], monotonic: Callable[[], float]
) -> float | None:
    """Return the engine time; wait for a daemon that does not answer yet, as for the first body."""
    began = monotonic()
    while True:
        try:
            return query_time()
        except OSError as error:
            if monotonic() - began > FIRST_S:
                raise AiopsError(f"the daemon does not answer: {error}; gave up after {FIRST_S:g} s") from None
        sleep(RETRY_FIRST_S)


def open_daemon(url: str, token: str | None) -> tuple[Post, QueryTime]:
    """Return functions that post a body to a daemon on a kept connection, and that query its engine time.

    Raise `UsageError` for an invalid address or token.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"--url: expected an address such as http://127.0.0.1:8640 (got {url!r})")
    try:
        port = parts.port
    except ValueError:
        raise UsageError(f"--url: expected a port from 1 to 65535 (got {url!r})") from None
    if token is not None and not (token.isascii() and token.isprintable()):
        raise UsageError("--token: expected printable ASCII; take it as `aiops connectors token` prints it")
    headers = {"authorization": f"Bearer {token}"} if token else {}
    connection = _Connection(parts.scheme, parts.hostname, port, parts.path.rstrip("/"), headers)
    return connection.post, connection.engine_time


class _Connection:
    def __init__(self, scheme: str, host: str, port: int | None, base: str, headers: Mapping[str, str]) -> None:
        self._base = base
        self._headers = dict(headers)
        if scheme == "https":
            context = ssl.create_default_context()
            self._http: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=ANSWER_S, context=context
            )
        else:
            self._http = http.client.HTTPConnection(host, port, timeout=ANSWER_S)

    def post(self, body: bytes) -> Reply:
        return self._request("POST", PATH, body, {"content-type": "application/x-ndjson"})

    def engine_time(self) -> float | None:
        """Return the engine time of the probe, which has it even in a 503 (starting, or disk full)."""
        reply = self._request("GET", TIME_PATH, None, {})
        with suppress(msgspec.MsgspecError):
            return msgspec.json.decode(reply.body, type=_Ready).engine_time
        return None

    def _request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        try:
            self._http.request(method, self._base + path, body, {**self._headers, **headers})
            answer = self._http.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._http.close()
            raise OSError(str(error) or type(error).__name__) from error
        return Reply(answer.status, _seconds(answer.headers.get("retry-after")), content)


def _seconds(text: str | None) -> float:
    """Return a `Retry-After` in seconds, at most five minutes; 0 for none, or for a date."""
    return min(float(text), GIVE_UP_S) if text is not None and text.isascii() and text.isdigit() else 0.0
