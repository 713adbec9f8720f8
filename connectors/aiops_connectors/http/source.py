"""Alerts, metrics and changes over HTTP: webhooks of any tool, Prometheus, archives and CloudEvents.

A request is answered with success only once the journal has its records on disk. The event loop reads bodies; a bounded
pool of threads decodes them and waits for the disk: many requests share one group commit.

Answers: 200 all accepted; 400 some or all invalid (the valid ones are accepted; the body lists the others with the
reasons); 401, 403 not allowed; 404 no such connector; 408 too slow; 413 too large; 415 pictures and the like; 503
full, with Retry-After, and nothing of it was accepted. Never 429: Alertmanager and Prometheus do not repeat a request
after it.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from aiops.http.auth import Guard
from aiops.http.prefix import Prefixed
from aiops.http.server import HttpServer, Limits, listen
from aiops.ports import Inbox, Position
from aiops.telemetry.trace import Tracer
from aiops_connectors.http.ingest import Ingest
from aiops_connectors.http.options import HttpOptions, http_options

# Addresses that stand for all of a machine's; a person uses its name.
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound


class HttpSource:
    """Receive alerts, metrics and changes over HTTP.

    `clock` gives Unix seconds.
    It serves its routes alone, or with the application given to `mount` for all other paths. Or else another server
    serves `routes(inbox)`, and `run` is not called.
    """

    Options = HttpOptions
    example = "aiops_connectors.examples:http_source"

    def __init__(self, name: str, options: Mapping[str, Any], *, clock: Callable[[], float] = time.time) -> None:
        """Raise `UsageError` for wrong options, and for an address that others can reach without tokens."""
        self.name = name
        self.options = http_options(name, options)
        own = self.options
        self.guard = Guard(own.tokens, own.host, own.external_url, tls=own.certfile is not None)
        self._ingest = Ingest(name, self.options, self.guard, clock)
        self._rest: ASGIApp | None = None
        self._server: HttpServer | None = None
        self._listening: socket.socket | None = None
        self._stopped = threading.Event()
        self._ready = threading.Event()

    def routes(self, inbox: Inbox) -> Sequence[BaseRoute]:
        """The routes of ingest, which put what they take into `inbox`."""
        self._ingest.connect(inbox)
        ingest = self._ingest.endpoint()
        paths = ("/ingest/{connector}", "/ingest/{connector}/{token}")
        taking = [Route(path, ingest, methods=["GET", "POST", "PUT"]) for path in paths]
        for route in taking:
            # Starlette adds HEAD to GET: whoever only looks must not send an alert.
            route.methods = {"GET", "POST", "PUT"}
        return [
            *taking,
            Route("/api/v2/alerts", self._ingest.endpoint("prometheus"), methods=["POST"]),
            # The path that OTLP exporters append to their endpoint.
            Route("/v1/logs", self._ingest.endpoint("otlp_logs"), methods=["POST"]),
        ]

    def bind(self) -> None:
        """Bind the address now, to report one in use at the start; raise `UsageError`."""
        self._listening = listen(self.options.host, self.options.port)

    @property
    def url(self) -> str:
        """Return the address of the page, once bound."""
        options = self.options
        if options.external_url:
            return options.external_url.rstrip("/") + "/"
        port = self._listening.getsockname()[1] if self._listening is not None else options.port
        host = socket.gethostname() if options.host in _EVERYWHERE else options.host.strip("[]")
        return f"http{'s' if options.certfile else ''}://{f'[{host}]' if ':' in host else host}:{port}/"

    def unbind(self) -> None:
        """Give the address back, where it is not served."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.close()

    def mount(self, app: ASGIApp) -> None:
        """Serve `app` as well, for all paths that are not ingest; before `run`."""
        self._rest = app

    def reload(self) -> Callable[[], None]:
        """See `aiops.ports.Reloads`."""
        return self._ingest.reload()

    def trace(self, tracer: Tracer) -> None:
        """Trace the requests of ingest; before `run`."""
        self._ingest.trace(tracer)

    def run(self, inbox: Inbox, position: Position | None) -> None:
        """Serve; see `Source.run`.

        Raise `AiopsError` if the address cannot be bound. There is no offset to resume from.
        """
        routes = [*self.routes(inbox), *([Mount("/", self._rest)] if self._rest is not None else [])]
        options = self.options
        listening, self._listening = self._listening, None
        app = Starlette(routes=routes)
        # A redirect would repeat the address, which may hold a token.
        app.router.redirect_slashes = False
        limits = Limits(max_connections=options.max_connections, head_timeout_s=options.head_timeout_s)
        self._server = HttpServer(
            Prefixed(app, self.guard.address.base),
            options.host,
            options.port,
            limits=limits,
            certfile=options.certfile,
            keyfile=options.keyfile,
            listening=listening,
        )
        self._ready.set()
        if self._stopped.is_set():
            self._server.stop()
        try:
            self._server.run()
        finally:
            self._ready.clear()
            self._server = None
            self._ingest.close()

    def stop(self) -> None:
        """See `Source.stop`: what is being answered is answered."""
        self._stopped.set()
        server = self._server
        if server is not None:
            server.stop()

    def wait_started(self, timeout_s: float) -> int | None:
        """The port once requests are answered; None when that took longer."""
        server = self._server if self._ready.wait(timeout_s) else None
        return server.port if server is not None and server.wait_started(timeout_s) else None

    def health(self) -> Mapping[str, Any]:
        """See `Source.health`: beside `ok` and `detail`, requests by answer, records taken and refused."""
        server = self._server
        detail = (
            f"listening on {self.options.host}:{server.port}"
            if server is not None
            else "not listening on its own address"
        )
        return {"ok": True, "detail": detail, **self._ingest.counted()}
