"""The conformance kit of sinks: `check_sink(make)`, and `check_sink_port(make)` for other transports.

`make(url)` opens the sink under test for a receiver at `url` (plain http on the loopback address). The checks hold a
sink to its port: one attempt a call, an answer that states truly if another attempt can help, the
same message for the same key, no exception for a peer's fault or a payload's, and many threads.
"""

from __future__ import annotations

import gc
import os
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import fields as fields_of

from aiops.ports import Message, Sink
from aiops.records import Cause, Evidence, Incident, Member
from aiops.testing.receiver import Receiver, Reply, receiving

Make = Callable[[str], Sink]
CHANGES = ("opened", "updated", "reminder", "acknowledged", "reopened", "returned", "moved", "merged", "resolved")
THREADS = 8
# The largest body that any receiver with a sink here takes (PagerDuty).
MAX_BODY_BYTES = 512_000
_AT = 1_790_000_000.0
# A sink holds a client and its settings: what grows by this much over twenty messages of a megabyte is kept of them.
_MAX_GROWTH_BYTES = 500_000


def check_sink(make: Make) -> None:
    """Raise `AssertionError` with the promise of the port that is broken."""
    for check in (_takes, _classes, _repeats, _hostile, _threads, _bounded):
        with receiving() as receiver:
            sink = make(receiver.url)
            try:
                check(sink, receiver)
            finally:
                _close(sink)


class SinkExample(NamedTuple):
    """A sink that does not post over HTTP; its class offers one as `example(directory)`."""

    make: Callable[[], Sink]


def check_sink_port(make: Callable[[], Sink]) -> None:
    """Check any sink: each change and incident is sent, by several threads, and nothing is kept."""
    sink = make()
    try:
        for version, change in enumerate(CHANGES, 1):
            for incident in (None, hostile()):
                answer = sink.send(message(change, version, incident))
                assert answer.ok, f"expected {change!r} to be sent; the sink answers {answer}"
        _threads(sink, None)
        _bounded(sink, None)
    finally:
        _close(sink)


def check_http_sink(cls: type[Sink]) -> None:
    """Run `check_sink` on a class whose `Options` name where to send: `url`, `url_env` or `base_url`.

    Every other required option that ends in `_env` gets a secret.
    """
    before = dict(os.environ)

    def make(url: str) -> Sink:
        return cls("kit", http_options(cls, url))  # type: ignore[call-arg]

    try:
        check_sink(make)
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]


def is_http_sink(cls: Any) -> bool:
    """Return True if the options of a class name where to send over HTTP."""
    fields = getattr(getattr(cls, "Options", None), "__struct_fields__", ())
    return "allow_private" in fields and bool({"url", "url_env", "base_url"} & set(fields))


def http_options(cls: Any, url: str) -> dict[str, Any]:
    """Return options that send to a receiver of the tests; secrets are put into the environment."""
    options: dict[str, Any] = {"allow_private": True}
    struct: type[Struct] = cls.Options
    required = {field.name for field in fields_of(struct) if field.required}
    places = [name for name in ("base_url", "url_env", "url") if name in struct.__struct_fields__]
    os.environ["AIOPS_KIT_URL"] = f"{url}/hook"
    options[places[0]] = {"base_url": url, "url_env": "AIOPS_KIT_URL", "url": f"{url}/hook"}[places[0]]
    for name in required - options.keys():
        assert name.endswith("_env"), f"the kit has no value for the required option {name!r}: give it a default"
        os.environ["AIOPS_KIT_SECRET"] = "k" * 32
        options[name] = "AIOPS_KIT_SECRET"
    return options


def message(change: str = "opened", version: int = 1, incident: Incident | None = None) -> Message:
    """Return a message as the outbox makes it."""
    incident = incident or Incident(id="i-1", title="disk full", severity="critical", opened_at=_AT)
    return Message(
        f"msg_{version:032d}", "kit", incident, change, version, _AT, "https://aiops.example.org/incidents/i-1"
    )


def hostile() -> Incident:
    """Return an incident in which all text is too long, with control characters, markup and emoji."""
    text = ("<!channel> & [a](http://x.example) \x1b[2J\x00\u202e\r\n\U0001f600" * 60)[:1024]
    member = Member(text, text, text, "critical", "firing", 3, _AT, _AT, [Evidence(text, 1.0, text)] * 3, [text])
    return Incident(
        id="i-\u00e9/../?#\n",
        title=text,
        severity="purple",
        opened_at=_AT,
        alerts=[text] * 500,
        entities=[text] * 300,
        services=[text] * 300,
        members=[member] * 100,
        causes=[Cause(text, evidence=[Evidence(text, 1.0, text)] * 20)] * 10,
        explanation=[text] * 100,
    )


def _close(sink: Sink) -> None:
    close = getattr(sink, "close", None)
    if close is not None:
        close()


def _takes(sink: Sink, receiver: Receiver) -> None:
    receiver.replies = [Reply(202, b"ok")]
    for version, change in enumerate(CHANGES, 1):
        answer = sink.send(message(change, version))
        assert answer.ok, f"expected 202 to be taken for {change!r}; the sink answers {answer}"
    assert len(receiver.requests) == len(CHANGES), "expected one request for each call"


def _classes(sink: Sink, receiver: Receiver) -> None:
    cases = (
        (Reply(503, b"busy", {"Retry-After": "7"}), True, False),
        (Reply(429, b"slow down", {"Retry-After": "7"}), True, False),
        (Reply(400, b"bad"), False, False),
        (Reply(410, b"gone"), False, True),
        (Reply(301, headers={"Location": "/elsewhere"}), False, False),
        (Reply(cut="before"), True, False),
    )
    for reply, retry, disable in cases:
        receiver.replies, receiver.requests = [reply], []
        answer = sink.send(message())
        what = "a dropped connection" if reply.cut else f"status {reply.status}"
        assert not answer.ok, f"expected {what} to be a failure"
        assert (answer.retry, answer.disable) == (retry, disable), f"{what}: got {answer}"
        assert len(receiver.requests) == 1, f"{what}: expected one attempt a call; got {len(receiver.requests)}"
        wanted_s = 7.0 if "Retry-After" in reply.headers else None
        assert answer.retry_after_s == wanted_s, (
            f"{what}: expected retry_after_s {wanted_s}; got {answer.retry_after_s}"
        )


def _repeats(sink: Sink, receiver: Receiver) -> None:
    for _ in range(2):
        sink.send(message("updated", 2))
    first, second = receiver.requests
    assert (first.path, first.body) == (second.path, second.body), "expected the same message for the same key"


def _hostile(sink: Sink, receiver: Receiver) -> None:
    for change in CHANGES:
        answer = sink.send(message(change, 1, hostile()))
        assert answer.ok, f"expected a message for any incident; got {answer}"
        body = receiver.requests[-1].body
        assert len(body) <= MAX_BODY_BYTES, f"expected at most {MAX_BODY_BYTES} bytes; got {len(body)}"
        path = receiver.requests[-1].path
        assert "/../" not in path, f"an incident's id changed the path: {path!r}"


def _threads(sink: Sink, receiver: Receiver | None) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda version: sink.send(message("updated", version)), range(1, 33)))
    assert all(answer.ok for answer in answers), "expected a sink that several threads may use"
    assert receiver is None or len(receiver.requests) == len(answers)


def _bounded(sink: Sink, receiver: Receiver | None) -> None:
    whole = hostile()
    # A sink may hold a buffer for each thread that sent before.
    for _ in range(THREADS + 1):
        sink.send(message("updated", 1, whole))
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for version in range(2, 22):
        sink.send(message("updated", version, whole))
        if receiver is not None:
            receiver.requests.clear()
    # Messages in parts refer to each other: garbage in cycles is not kept.
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < _MAX_GROWTH_BYTES, f"expected a sink that keeps nothing of its messages; it grew by {grown} bytes"
