"""The page of the engine: nothing lost, what arrives, speed, sources, clocks, models, automation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.pages.minutes_chart import minutes_chart
from aiops.pages.shell import Shell, is_live, reader_of
from aiops.views.engine_report import Arrived, SourceLine
from aiops.web import bodies, deliveries, engine

# Tools that are shown; the API has all.
MAX_TOOLS = 20
MAX_LETTERS = 50
WORDS = {
    "ok": ("Healthy", "ok"),
    "degraded": ("Not accepting alerts", "critical"),
    "failed": ("Stopped: restart it", "critical"),
    "starting": ("Starting", "warning"),
    "stopping": ("Stopping", "warning"),
}


class EnginePage:
    """The engine's figures, and the input that was rejected."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [self._shell.get("/engine", self._show), self._shell.get("/engine/rejected", self._rejected)]

    async def _show(self, request: Request) -> Response:
        found = await run_in_threadpool(engine.show_engine, self._shell.call(request))
        figures = found.figures
        zone = reader_of(request).zone
        status, kind = WORDS.get(found.status, (found.status, "warning"))
        return self._shell.render(
            request,
            "engine.html",
            engine=found,
            figures=figures,
            status="Works, with warnings" if kind == "ok" and found.warnings else status,
            kind="warning" if kind == "ok" and found.warnings else kind,
            chart=minutes_chart(figures.alerts.minutes, figures.at, zone),
            since_minutes=min(60, max(1, int((figures.at - figures.started_at) // 60) + 1)),
            tools=figures.tools[:MAX_TOOLS],
            more_tools=max(0, len(figures.tools) - MAX_TOOLS),
            pace=pace,
            lag=lag,
            size=size,
            live=is_live(request),
        )

    async def _rejected(self, request: Request) -> Response:
        before = request.query_params.get("before", "")
        number = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
        query: Any = bodies.LettersQuery(number, MAX_LETTERS)
        found = await run_in_threadpool(deliveries.list_letters, self._shell.call(request, query=query))
        full = len(found.letters) == MAX_LETTERS
        return self._shell.render(
            request, "rejected.html", letters=found.letters, older=found.letters[-1].number if full else None
        )


def pace(arrived: Arrived | None) -> str:
    """Return the records a second of the last whole minute; the present one has not ended.

    >>> pace(Arrived("http", 90, 0.0, [0, 90, 2])), pace(Arrived("http", 3, 0.0, [0, 3, 0])), pace(None)
    ('1.5', '0.05', '0')
    """
    last = arrived.minutes[-2] if arrived is not None and len(arrived.minutes) > 1 else 0
    return f"{last / 60:.2g}" if last < 600 else f"{last / 60:,.0f}".replace(",", "\u202f")


def lag(source: SourceLine) -> str:
    """Return what a source has still to read; a source that nobody can be behind of has none."""
    if source.lag is None:
        return "none to measure"
    waiting = sum(source.lag.values())
    return "up to date" if not waiting else f"{waiting:,.0f} behind".replace(",", "\u202f")


def size(count: int | None) -> str:
    """Return a size in the unit that people read.

    >>> size(999), size(258_000), size(77_000_000_000), size(None)
    ('999 B', '258 kB', '77 GB', 'unknown')
    """
    if count is None:
        return "unknown"
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1_000:
            return f"{value:.3g} {unit}" if unit != "B" else f"{count} B"
        value /= 1_000
    return f"{value:.3g} TB"
