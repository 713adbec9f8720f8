"""The hub of live updates: one reader of the store for all clients, at most twice a second.

Writers mark what they commit (`aiops.store.changes`), which wakes the hub in the server's event loop. It reads the
numbers once and hands the same bytes to every client. A client has a bounded queue: one that does not keep up loses
what waits and gets the event `reload`.

The number of an event is that of the audit's newest entry. The present state of an incident changes between two
entries as well, so a client that resumes after a number gets all events since that number came up: some twice, none
never.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import msgspec
from anyio import CapacityLimiter, to_thread
from msgspec import Struct

from aiops.records import Severity
from aiops.store import audit, incidents
from aiops.store.changes import MAX_NAMED, Change
from aiops.store.store import Store

# Twice a second: sooner, nobody sees a difference.
PAUSE_S = 0.5
# Proxies close connections on which nothing came for a minute, some for half of one.
BEAT_S = 15.0
# An event and no comment: a page that gets none knows that its connection is dead.
BEAT = b"event: beat\ndata: {}\n\n"
# Frames that wait for a client: eight seconds of the busiest time. A frame is at most some kilobytes.
MAX_WAITING = 16
# Events to resume from: two minutes of the busiest time, and hours of a quiet one.
MAX_KEPT = 256
# Pages are read again at most so often, by all clients together: a page of 5,000 incidents takes some 50 ms.
READS_PER_S = 10.0
MIN_EVERY_S = 2.0


class Counts(Struct, frozen=True):
    """Numbers of incidents; `critical` are those of `open` that are critical."""

    open: int = 0
    acknowledged: int = 0
    critical: int = 0


class StreamEvent(Struct, frozen=True):
    """The data of an event. `incidents` is null where more changed than are named.

    `every_s` is how often a client may read what changed, given how many clients there are.
    """

    number: int
    topics: tuple[str, ...]
    incidents: tuple[str, ...] | None
    counts: Counts
    every_s: float


class Client:
    """The queue of one client; for the event loop alone."""

    def __init__(self, is_allowed: Callable[[], bool]) -> None:
        """`is_allowed` is called with each heartbeat: a session may end before its stream."""
        self.is_allowed = is_allowed
        self.is_ended = False
        self._frames: deque[bytes] = deque()
        self._came = asyncio.Event()

    def put(self, frame: bytes, instead: bytes) -> None:
        """Add a frame; with a full queue, `instead` replaces all that waits."""
        if len(self._frames) >= MAX_WAITING:
            self._frames.clear()
            frame = instead
        self._frames.append(frame)
        self._came.set()

    def end(self) -> None:
        """Let the stream end, whatever waits."""
        self.is_ended = True
        self._came.set()

    async def take(self) -> bytes:
        """Return all that waits, once there is something; nothing at the end."""
        await self._came.wait()
        self._came.clear()
        found = b"" if self.is_ended else b"".join(self._frames)
        self._frames.clear()
        return found


class Hub:
    """Follows the store while the server runs, from its first client on."""

    def __init__(self, store: Store, most: int) -> None:
        """Serve at most `most` clients."""
        self._store = store
        self._changes = store.database.changes
        self._most = most
        self._clients: set[Client] = set()
        self._kept: deque[tuple[int, Change]] = deque(maxlen=MAX_KEPT)
        # Events of this number or an earlier one may be missing in `_kept`.
        self._missing = 0
        self._number = 0
        self._counts = Counts()
        self._woken = asyncio.Event()
        self._starting = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._limiter = CapacityLimiter(1)

    @property
    def is_full(self) -> bool:
        """Return True if no further client is served."""
        return len(self._clients) >= self._most or self._changes.closed

    async def enter(self, client: Client, after: int | None) -> bool:
        """Add a client that has seen all up to number `after`; return False if there is no place for it."""
        if self.is_full:
            return False
        self._clients.add(client)
        try:
            await self._start()
        except BaseException:
            self._clients.discard(client)
            raise
        client.put(self._frame("hello", Change()), b"")
        missed = Change() if after is None else self._since(after)
        if missed is None:
            client.put(self._frame("reload", Change()), b"")
        elif missed.topics:
            client.put(self._frame("change", missed), b"")
        if self._changes.closed:
            client.end()
        return True

    def leave(self, client: Client) -> None:
        """Remove a client."""
        self._clients.discard(client)

    async def _start(self) -> None:
        async with self._starting:
            if self._task is not None:
                return
            loop = asyncio.get_running_loop()
            self._changes.follow(lambda: _wake(loop, self._woken))
            self._number, self._counts = await to_thread.run_sync(self._read, limiter=self._limiter)
            self._missing = self._number
            self._task = loop.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._follow()
        finally:
            for client in self._clients:
                client.end()
            self._task = None

    async def _follow(self) -> None:
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + BEAT_S
        while not self._changes.closed:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), max(0.0, beat_at - loop.time()))
            if self._woken.is_set():
                self._woken.clear()
                await self._pass_on(self._changes.take())
                await self._rest()
            if loop.time() >= beat_at:
                beat_at = loop.time() + BEAT_S
                self._beat()

    async def _rest(self) -> None:
        """Collect what comes within the pause; the end of all is no reason to wait."""
        until = asyncio.get_running_loop().time() + PAUSE_S
        while not self._changes.closed and (left := until - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, 0.1))

    async def _pass_on(self, change: Change) -> None:
        if not change.topics:
            return
        try:
            self._number, self._counts = await to_thread.run_sync(self._read, limiter=self._limiter)
        except sqlite3.Error:
            # The numbers are those of the last time; the next change brings them.
            logging.getLogger("aiops").warning("live updates: the store could not be read", exc_info=True)
        if len(self._kept) == MAX_KEPT:
            self._missing = self._kept[0][0]
        self._kept.append((self._number, change))
        frame, instead = self._frame("change", change), self._frame("reload", Change())
        for client in self._clients:
            client.put(frame, instead)

    def _beat(self) -> None:
        for client in self._clients:
            if client.is_allowed():
                client.put(BEAT, BEAT)
            else:
                client.end()

    def _since(self, after: int) -> Change | None:
        """Return all that changed since number `after` came up; None if that is not known any more."""
        if not self._missing < after <= self._number:
            return None
        topics: set[str] = set()
        named: dict[str, None] = {}
        for number, change in self._kept:
            if number >= after:
                topics.update(change.topics)
                if change.incidents is None:
                    return None
                named.update(dict.fromkeys(change.incidents))
        return Change(tuple(sorted(topics)), tuple(named) if len(named) <= MAX_NAMED else None)

    def _frame(self, kind: str, change: Change) -> bytes:
        every_s = max(MIN_EVERY_S, round(len(self._clients) / READS_PER_S, 1))
        event = StreamEvent(self._number, change.topics, change.incidents, self._counts, every_s)
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (self._number, kind.encode(), msgspec.json.encode(event))

    def _read(self) -> tuple[int, Counts]:
        reader = self._store.database.reader
        number, found = audit.last_number(reader), incidents.counts(reader)
        opened = {severity: count for (status, severity), count in found.items() if status == "open"}
        acknowledged = sum(count for (status, _), count in found.items() if status == "acknowledged")
        return number, Counts(sum(opened.values()), acknowledged, opened.get(int(Severity.CRITICAL), 0))


def _wake(loop: asyncio.AbstractEventLoop, woken: asyncio.Event) -> None:
    # A loop that was closed has no clients either.
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(woken.set)
