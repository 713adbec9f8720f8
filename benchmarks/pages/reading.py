"""A reader of pages and a sender of alerts, each over connections of its own; times are those of the reader."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct

TIMEOUT_S = 60.0
TYPE = {"content-type": "application/x-ndjson"}


class Reading(Struct):
    """The answers of one page: seconds to the first byte and to the last, and the size of the largest."""

    name: str
    first_s: list[float]
    whole_s: list[float]
    size: int = 0


class Page(Struct, frozen=True):
    """A page to read, by the name of its row."""

    name: str
    path: str


def read(port: int, pages: Sequence[Page], rounds: int, pause_s: float) -> list[Reading]:
    """Read each page once a round, with a pause between two pages; the first round is not counted."""
    found = [Reading(page.name, [], []) for page in pages]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    for number in range(rounds + 1):
        for page, reading in zip(pages, found, strict=True):
            begun = time.perf_counter()
            connection.request("GET", page.path)
            answer = connection.getresponse()
            first = time.perf_counter() - begun
            body = answer.read()
            whole = time.perf_counter() - begun
            if answer.status != 200:
                raise RuntimeError(f"{page.path}: HTTP {answer.status}: {body[:200]!r}")
            if number:
                reading.first_s.append(first)
                reading.whole_s.append(whole)
                reading.size = max(reading.size, len(body))
            time.sleep(pause_s)
    connection.close()
    return found


class Sent(Struct):
    """What a sender sent: alerts, the seconds that it took, and bodies that were refused."""

    alerts: int = 0
    seconds: float = 0.0
    refused: int = 0


@contextmanager
def sending(port: int, body: Callable[[int, float], bytes], each: int, rate: float) -> Iterator[Sent]:
    """Send bodies of `each` alerts at `rate` alerts a second while the block runs."""
    sent, stop = Sent(), threading.Event()

    def run() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        begun = time.monotonic()
        number = 0
        while not stop.is_set():
            connection.request("POST", "/ingest/archive", body(number, time.time()), TYPE)
            answer = connection.getresponse()
            answer.read()
            number += 1
            sent.refused += answer.status != 200
            sent.alerts += each
            sent.seconds = time.monotonic() - begun
            stop.wait(max(0.0, number * each / rate - sent.seconds))
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield sent
    finally:
        stop.set()
        thread.join(TIMEOUT_S)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the values lie.

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5)
    2.0
    """
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, round(share * len(ordered)) - 1))]
