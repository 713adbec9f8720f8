"""A real HTTP server in a thread with answers set by the test, for tests of sinks and the client."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from msgspec import Struct, field


class Request(Struct):
    """A request as it came; `headers` by lower-case name."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Reply(Struct):
    """An answer.

    `cut` drops the connection: "before" the answer, or "inside" its body. `wait` holds it back.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    wait: threading.Event | None = None


class Receiver:
    """Keeps what came in `requests`; answers with `replies` in turn, the last one for ever."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.replies: list[Reply] = [Reply()]
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                # The sender died while it wrote: no receiver takes half a message for one.
                self.close_connection = True
                return
            headers = {key.lower(): value for key, value in self.headers.items()}
            receiver.requests.append(Request(self.command, self.path, headers, body))
            reply = receiver.next_reply()
            if reply.wait is not None:
                reply.wait.wait(600)
            if reply.cut == "before":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.send_response(reply.status)
            for key, value in reply.headers.items():
                self.send_header(key, value)
            promised = len(reply.body) + (100 if reply.cut == "inside" else 0)
            self.send_header("content-length", str(promised))
            self.end_headers()
            self.wfile.write(reply.body)
            if reply.cut == "inside":
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def receiving(receiver: Receiver | None = None) -> Iterator[Receiver]:
    """A receiver (the given one, or a new one) on a free port of the loopback address."""
    receiver = receiver or Receiver()

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that went away is part of the tests."""

    server = Server(("127.0.0.1", 0), _handler(receiver))
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(120)
