"""Connections to addresses that were checked, under one deadline for a whole request.

The name is resolved once for each connection, and the connection uses the very address that was checked. A name that
changes its address in between (DNS rebinding) gains nothing. Host header, TLS server name and certificate check still
use the name.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore2

from aiops.http.network_guard import refusal

Resolve = Callable[[str, int], Sequence[str]]
# More addresses of one name than this are not tried: the deadline has passed before.
MAX_ADDRESSES = 4


class NotSent(Exception):
    """A request that was stopped before its first byte was sent."""


class AddressRefused(httpcore2.ConnectError):
    """A name that leads only to addresses that may not be connected to."""


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host in the system's preferred order; raise `OSError` if there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (UnicodeError, OverflowError) as error:
        raise OSError("no host name or port") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Deadline:
    """The time left for the request of the current thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._local = threading.local()

    def start(self, seconds: float, gate: Callable[[], bool] | None = None) -> None:
        """Set the end of the current thread's request; `gate` is called once before its first byte."""
        self._local.ends_at = self._monotonic() + seconds
        self._local.gate = gate

    def pass_gate(self) -> None:
        """Pass the gate before the first byte; raise `NotSent` if the request may not begin."""
        gate, self._local.gate = getattr(self._local, "gate", None), None
        if gate is not None and not gate():
            raise NotSent

    def cut(self, timeout_s: float | None) -> float:
        """Return a timeout that does not reach beyond the deadline; raise if that has passed."""
        ends_at: float = getattr(self._local, "ends_at", float("inf"))
        left = ends_at - self._monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the time for the request has passed")
        return min(left, timeout_s if timeout_s is not None else left)


class GuardedStream(httpcore2.NetworkStream):
    """A connection that keeps the deadline at each read and write, even if a peer drips bytes."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See `httpcore2.NetworkStream.read`."""
        return self._inner.read(max_bytes, self._deadline.cut(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """See `httpcore2.NetworkStream.write`."""
        self._deadline.pass_gate()
        self._inner.write(buffer, self._deadline.cut(timeout))

    def close(self) -> None:
        """See `httpcore2.NetworkStream.close`."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """See `httpcore2.NetworkStream.start_tls`."""
        inner = self._inner.start_tls(ssl_context, server_hostname, self._deadline.cut(timeout))
        return GuardedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """See `httpcore2.NetworkStream.get_extra_info`."""
        return self._inner.get_extra_info(info)


class GuardedBackend(httpcore2.NetworkBackend):
    """Resolves, checks, and connects to what was checked."""

    def __init__(self, resolve: Resolve, deadline: Deadline, *, allow_private: bool) -> None:
        self._resolve = resolve
        self._deadline = deadline
        self._allow_private = allow_private
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address that may be connected to and answers."""
        failure: Exception = httpcore2.ConnectError("the host has no address")
        for address in self.permitted(host, port):
            try:
                inner = self._inner.connect_tcp(
                    address, port, self._deadline.cut(timeout), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return GuardedStream(inner, self._deadline)
        raise failure

    def permitted(self, host: str, port: int) -> list[str]:
        """Return the permitted addresses of `host`; raise `AddressRefused` if there is none."""
        try:
            found = self._resolve(host, port)
        except OSError as error:
            raise httpcore2.ConnectError(f"the host's name has no address: {error.strerror or error}") from error
        refusals = [refusal(address, allow_private=self._allow_private) for address in found]
        good = [address for address, why in zip(found, refusals, strict=True) if why is None]
        if not good and found:
            hint = "" if self._allow_private else "; allow_private = true on the endpoint permits private addresses"
            raise AddressRefused(f"refused to connect: the host leads to {refusals[0]}{hint}")
        return good[:MAX_ADDRESSES]
