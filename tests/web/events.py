"""A client of server-sent events over a plain socket: a library would forgive what browsers do not."""

from __future__ import annotations

import json
import socket
from typing import Any

from msgspec import Struct

DEADLINE_S = 60.0


class SentEvent(Struct):
    """One event as it was sent."""

    kind: str
    id: str
    data: Any


class EventReader:
    """One stream: its status, its headers, its events."""

    def __init__(self, port: int, path: str = "/api/v1/stream", headers: str = "") -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        self.sock.sendall(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{headers}\r\n".encode())
        self._file = self.sock.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers: dict[str, str] = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(": ")
            self.headers[name.lower()] = value
        self._text = b""
        self.retry_ms = 0

    def __enter__(self) -> EventReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self.sock.close()

    def read(self) -> SentEvent | None:
        """Return the next event; None once the stream has ended."""
        while b"\n\n" not in self._text:
            size = int(self._file.readline() or b"0", 16)
            if not size:
                return None
            self._text += self._file.read(size)
            self._file.readline()
        block, _, self._text = self._text.partition(b"\n\n")
        fields = dict(line.partition(": ")[::2] for line in block.decode().split("\n"))
        if "retry" in fields:
            self.retry_ms = int(fields["retry"])
            return self.read()
        return SentEvent(fields["event"], fields.get("id", ""), json.loads(fields["data"]))

    def until(self, kind: str) -> SentEvent:
        """Return the next event of a kind."""
        while (found := self.read()) is not None:
            if found.kind == kind:
                return found
        raise AssertionError(f"the stream ended before {kind}")
