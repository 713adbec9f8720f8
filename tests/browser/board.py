"""A page that changes at will, with the real script, over the real hub and server: what live updates are tried on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from aiops.http.auth import Guard
from aiops.http.server import HttpServer
from aiops.pages.assets import Assets
from aiops.store import audit
from aiops.web.app import create_app
from tests.web.conftest import DEADLINE_S, NOW, SmallHost

PAGE = """<!doctype html><html lang="en" data-stream="/api/v1/stream" data-number="{number}">
<head><meta charset="utf-8"><title>Board</title><link rel="icon" href="/static/{icon}" data-icon>
<script src="/static/{script}" defer></script></head>
<body><span data-live-state role="status"></span><a data-live-plain href="/board">Refresh</a>
<button type="button" data-live-toggle hidden>Pause</button>
<main data-topics="incidents">
<form role="search"><input data-search name="q" value=""></form>
<section data-live="board" id="board">{board}</section>
<section data-live="text" id="text">{text}</section>
<button data-key="a" type="button" id="ack">Acknowledge</button>
<button type="button" hidden data-js id="copy" data-copy="kubectl get pods">Copy</button>
</main></body></html>"""
ROW = (
    '<li data-row data-id="row-{n}"><input type="checkbox" aria-label="Select {n}"><a href="/board?row={n}">Row {n}</a>'
    " <b>{value}</b></li>"
)


class Board:
    """What the page shows; `turn` counts its readings."""

    def __init__(self, host: SmallHost) -> None:
        self.host = host
        self.rows = list(range(5))
        self.value = 0
        self.text = "<p>Nothing.</p>"
        self.reads = 0
        self.signed_out = False
        self.url = ""

    def routes(self, *_: Any) -> Sequence[BaseRoute]:
        assets = Assets()

        async def show(request: Request) -> Response:
            self.reads += 1
            if self.signed_out:
                return RedirectResponse("/gone", 303)
            rows = "".join(ROW.format(n=n, value=self.value) for n in self.rows)
            number = audit.last_number(self.host.store.database.reader)
            names = {"icon": assets.icon.name, "script": assets.script.name}
            return HTMLResponse(PAGE.format(number=number, board=f"<ul>{rows}</ul>", text=self.text, **names))

        async def gone(request: Request) -> Response:
            return HTMLResponse("<title>Sign in</title>")

        return [Route("/board", show), Route("/gone", gone), *assets.routes()]

    def change(self) -> None:
        """Let the page differ, and the store say so."""
        self.value += 1
        self.host.store.database.changes.mark("incidents", [f"inc-{self.value}"])


@contextmanager
def served(directory: Path, port: int = 0) -> Iterator[Board]:
    host = SmallHost(directory)
    if not port:
        host.seed()
    board = Board(host)
    pages: Callable[..., Sequence[BaseRoute]] = board.routes
    app = create_app(host, Guard([], "127.0.0.1"), pages=pages, clock=lambda: NOW)
    server = HttpServer(app, "127.0.0.1", port)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.wait_started(DEADLINE_S)
    board.url = f"http://127.0.0.1:{server.port}"
    try:
        yield board
    finally:
        host.store.database.changes.close()
        server.stop()
        thread.join(DEADLINE_S)
        host.runs.close()
        host.store.close()
