"""Alerts from syslog senders: devices, rsyslog, syslog-ng, journald.

One event loop in the source's own thread. A connection is read no further while the engine is full, and its sender
waits. Datagrams have no such way: they are held up to `max_waiting`, and what comes beyond is counted as dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiops.errors import AiopsError, UsageError
from aiops.ports import DeadLetter, Inbox, Position, Received
from aiops.records import Alert, Record, parse_severity
from aiops_connectors.mapping.builders import MAX_RAW
from aiops_connectors.mapping.mapping import load_mapping
from aiops_connectors.payloads.unknown_words import UnknownWords
from aiops_connectors.payloads.values import ValueDecoder
from aiops_connectors.syslog.frames import Frames
from aiops_connectors.syslog.options import SyslogOptions, may_send, networks, syslog_options

OFFER_S = 0.5
# Messages of one write of the journal.
MAX_BATCH = 500
# One read of a connection.
CHUNK = 64 << 10
# How long connections may stay open after a stop.
CLOSE_S = 2.0
# Datagrams wait for company so long: a write of the journal for each would be slower than a device that is in trouble.
COMPANY_S = 0.02
_HEADERS = {"content-type": "text/plain; charset=utf-8"}

_LOG = logging.getLogger(__name__)
Message = tuple[bytes, str]


class SyslogSource:
    """Listen for syslog messages.

    `clock` gives Unix seconds, `draw` a random text that distinguishes the records of two runs.
    """

    Options = SyslogOptions
    example = "aiops_connectors.examples:syslog_source"

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any],
        *,
        clock: Callable[[], float] = time.time,
        draw: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        """Raise `UsageError` for wrong options."""
        self.name = name
        self.options = syslog_options(name, options)
        self._allowed = networks(self.options.allowed, f"sources.{name}")
        self._tls = _tls(self.options, f"sources.{name}")
        mapping = load_mapping(self.options.mapping)
        self._reload_mapping = mapping.reload
        self._decoder = ValueDecoder(mapping, max_bytes=self.options.max_message_bytes)
        self._unknown = UnknownWords(name)
        self._least = parse_severity(self.options.min_severity)
        self._clock = clock
        self._run_id = draw(4)
        self._number = 0
        self._counts: Counter[str] = Counter(records=0, rejected=0, below_severity=0, dropped=0, not_allowed=0, cut=0)
        self._waiting: deque[Message] = deque()
        self._stopped = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._connections: set[asyncio.Task[Any]] = set()
        self._trouble = "not started yet"
        self._sockets: list[socket.socket] = []
        self._ready = threading.Event()

    def run(self, inbox: Inbox, position: Position | None) -> None:
        """See `Source.run`; there is no offset to resume from. Raise `AiopsError` without the address."""
        try:
            asyncio.run(self._serve(inbox))
        except OSError as error:
            place = f"{self.options.host}:{self.options.port}"
            raise AiopsError(f"sources.{self.name}: {place}: {error.strerror or error}") from error
        finally:
            self._ready.clear()

    def reload(self) -> Callable[[], None]:
        """See `aiops.ports.Reloads`."""
        return self._reload_mapping()

    def stop(self) -> None:
        """See `Source.stop`: what was received is still handed over."""
        self._stopped.set()
        loop, wake = self._loop, self._wake
        if loop is not None and wake is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(wake.set)

    def health(self) -> Mapping[str, Any]:
        """See `Source.health`: beside `ok` and `detail`, what was taken, dropped and refused."""
        return {
            "ok": not self._trouble,
            "detail": self._trouble or f"listening on {self.options.host}:{self.port or self.options.port}",
            "connections": len(self._connections),
            "waiting": len(self._waiting),
            **self._counts,
            "counts": [*self._counts],
            "unknown": self._unknown.counted(),
        }

    @property
    def port(self) -> int:
        """Return the port, once it is bound; else 0."""
        return self._sockets[0].getsockname()[1] if self._sockets else 0

    def wait_started(self, timeout_s: float) -> int | None:
        """Return the port once messages are received; None if that took longer."""
        return self.port if self._ready.wait(timeout_s) else None

    async def _serve(self, inbox: Inbox) -> None:
        self._loop, self._wake = asyncio.get_running_loop(), asyncio.Event()
        if self._stopped.is_set():
            return
        async with contextlib.AsyncExitStack() as stack:
            await self._listen(inbox, stack)
            self._trouble = ""
            self._ready.set()
            batching = asyncio.create_task(self._datagram_batches(inbox))
            while not self._stopped.is_set():
                self._wake.clear()
                await self._wake.wait()
            await self._finish(batching)
        self._trouble = "stopped"

    async def _listen(self, inbox: Inbox, stack: contextlib.AsyncExitStack) -> None:
        options, loop = self.options, asyncio.get_running_loop()
        port = options.port
        if options.tcp:
            server = await asyncio.start_server(
                lambda reader, writer: self._connected(inbox, reader, writer),
                options.host,
                port,
                ssl=self._tls,
                limit=CHUNK,
            )
            stack.callback(server.close)
            self._sockets += server.sockets
            port = self.port
        if options.udp:
            transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), (options.host, port))
            stack.callback(transport.close)
            self._sockets.append(transport.get_extra_info("socket"))
        stack.callback(self._sockets.clear)

    async def _finish(self, batching: asyncio.Task[None]) -> None:
        """Close the connections, and hand over what they brought."""
        for task in list(self._connections):
            task.cancel()
        if self._connections:
            await asyncio.wait(list(self._connections), timeout=CLOSE_S)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(batching, CLOSE_S)

    def received(self, data: bytes, address: str) -> None:
        """Keep a datagram for the next batch."""
        if not may_send(address, self._allowed):
            self._counts["not_allowed"] += 1
        elif len(self._waiting) >= self.options.max_waiting:
            self._counts["dropped"] += 1
        else:
            most = self.options.max_message_bytes
            self._counts["cut"] += len(data) > most
            self._waiting.append((data[:most], address))

    async def _datagram_batches(self, inbox: Inbox) -> None:
        """Hand datagrams over in batches, until stopped and empty."""
        while self._waiting or not self._stopped.is_set():
            if not self._waiting:
                await asyncio.sleep(COMPANY_S)
                continue
            batch = [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]
            if not await self._hand_over(inbox, batch):
                self._waiting.extendleft(reversed(batch))
                return

    async def _connected(self, inbox: Inbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = str((writer.get_extra_info("peername") or ("",))[0])
        task = asyncio.current_task()
        if not may_send(address, self._allowed):
            self._counts["not_allowed"] += 1
            writer.close()
            return
        if task is None or len(self._connections) >= self.options.max_connections:
            self._counts["dropped"] += 1
            writer.close()
            return
        self._connections.add(task)
        try:
            await self._read(inbox, reader, address)
        except (OSError, TimeoutError, asyncio.CancelledError):
            # The sender left, or we stop: what it sent whole was handed over.
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _read(self, inbox: Inbox, reader: asyncio.StreamReader, address: str) -> None:
        frames = Frames(self.options.max_message_bytes)
        while not self._stopped.is_set():
            data = await asyncio.wait_for(reader.read(CHUNK), self.options.idle_timeout_s)
            found = frames.feed(data) if data else frames.end()
            self._counts["cut"] += frames.cut
            frames.cut = 0
            for start in range(0, len(found), MAX_BATCH):
                await self._hand_over(inbox, [(one, address) for one in found[start : start + MAX_BATCH]])
            if not data:
                return

    async def _hand_over(self, inbox: Inbox, batch: Sequence[Message]) -> bool:
        """Offer a batch until the engine takes it; return False if a stop came first."""
        received = self._decoded(batch)
        if not received.records and not received.rejected:
            return True
        loop = asyncio.get_running_loop()
        while not await loop.run_in_executor(None, inbox.put, received, OFFER_S):
            if self._stopped.is_set():
                return False
        self._counts["records"] += len(received.records)
        self._counts["rejected"] += len(received.rejected)
        return True

    def _decoded(self, batch: Sequence[Message]) -> Received:
        now = self._clock()
        records: list[Record] = []
        letters: list[DeadLetter] = []
        for data, address in batch:
            self._number += 1
            place = f"{self.name}:{self._run_id}:{self._number}"
            found: list[Record] = []
            headers = {**_HEADERS, "source-address": address}
            for problem in self._unknown.sift(
                self._decoder.decode(data.strip(b"\x00\r\n"), found, place=place, now=now, headers=headers)
            ):
                raw = (problem.raw or data)[:MAX_RAW]
                letters.append(DeadLetter(self.name, f"{address} {place} {problem.place}", problem.reason, raw, now))
            kept = [one for one in found if self._is_severe(one)]
            self._counts["below_severity"] += len(found) - len(kept)
            records += kept
        self._unknown.check_severities(records)
        return Received(records, None, letters)

    def _is_severe(self, record: Record) -> bool:
        if not isinstance(record, Alert) or record.status == "resolved":
            return True
        return parse_severity(record.severity) >= self._least


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, source: SyslogSource) -> None:
        self._source = source

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Take one datagram."""
        self._source.received(data, str(addr[0]))

    def error_received(self, exc: Exception) -> None:
        """Log what the system reports; the socket stays open."""
        _LOG.warning("syslog: %s", exc)


def _tls(options: SyslogOptions, place: str) -> ssl.SSLContext | None:
    if options.certfile is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(options.certfile, options.keyfile)
        if options.client_ca_file is not None:
            context.load_verify_locations(options.client_ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"{place}: the certificate cannot be used: {error}") from error
    return context
