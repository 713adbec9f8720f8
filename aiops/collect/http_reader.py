"""Reads of a system over the guarded HTTP client: GET alone, without redirects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from aiops.collect.requests import Read
from aiops.collect.tables import ReadFailed
from aiops.respond.sending import Transport
from aiops.step_kinds.exchange import Request

# Of an answer that is longer nothing is used: half of a JSON document is none.
MAX_ANSWER_BYTES = 512 * 1024
_OK = 200


class SystemTransport(Transport, Protocol):
    """A transport that holds connections and secrets."""

    @property
    def secrets(self) -> Sequence[str]:
        """Return the values of all secrets."""
        ...

    def close(self) -> None:
        """Close them."""
        ...


class HttpSystem(Struct, frozen=True):
    """The address of a system, and the name of the secret that it gets."""

    name: str
    kind: str
    url: str
    secret: str | None = None
    allowed: Sequence[str] = ()
    entities: Sequence[str] = ()


class HttpReader:
    """Reads a system over HTTP, by GET alone; redirects are not followed."""

    def __init__(self, system: HttpSystem, transport: SystemTransport) -> None:
        self._system, self._transport = system, transport

    @property
    def kind(self) -> str:
        """The kind of the system."""
        return self._system.kind

    @property
    def entities(self) -> Sequence[str]:
        """Patterns of the entities that the system is."""
        return self._system.entities

    @property
    def allowed(self) -> Sequence[str]:
        """Patterns of the paths that `http` reads may name."""
        return self._system.allowed

    @property
    def secrets(self) -> Sequence[str]:
        """The secrets that an answer must not show."""
        return self._transport.secrets

    def read(self, read: Read, gate: Callable[[], bool]) -> bytes:
        """See `Reader.read`."""
        system = self._system
        url = system.url.rstrip("/") + read.path
        request = Request(
            "GET",
            url,
            {"accept": read.accept},
            secret=system.secret,
            timeout_s=read.timeout_s,
            statuses=[_OK],
            system=system.name,
        )
        reply = self._transport.send(request, "", gate)
        if reply.error is not None:
            raise ReadFailed(reply.error)
        if reply.status != _OK:
            raise ReadFailed(f"answered with status {reply.status}: {reply.excerpt or 'no text'}")
        if reply.cut:
            raise ReadFailed(f"the answer did not arrive whole: {reply.cut}")
        if len(reply.body) > MAX_ANSWER_BYTES:
            raise ReadFailed(f"the answer is longer than {MAX_ANSWER_BYTES // 1024} KiB, which is the limit")
        return reply.body

    def close(self) -> None:
        """Close idle connections, also those of others that share the transport."""
        self._transport.close()
