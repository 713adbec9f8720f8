"""The pages of runs: what waits for a person, what runs, what ended; and the kill switches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, structs
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.pages import controls
from aiops.pages.shell import Shell, is_live
from aiops.respond.filled import request_text
from aiops.respond.history import GLOBAL, WAITING, Decided, Refusal, Run, SwitchMove
from aiops.respond.run_record import Exchange
from aiops.step_kinds.exchange import Request as Rendered
from aiops.views.waiting_runs import Waiting
from aiops.web import bodies, runs
from aiops.web.operations import ApiError, Call

MAX_RUNS, MAX_REFUSALS = 100, 20
WORDS = {
    "running": ("Running", "info"),
    "waiting": ("Waits for an approval", "warning"),
    "executed": ("Waits for its effect", "info"),
    "verified": ("Verified", "ok"),
    "failed": ("Failed", "critical"),
    "stopped": ("Stopped", "warning"),
    "refused": ("Refused", "warning"),
    "unknown": ("Cut off", "critical"),
}


class Content(Struct):
    """The content of the page; `problem` is why nothing can be run."""

    problem: str = ""
    switches: dict[str, bool] = {}
    moved: dict[str, SwitchMove] = {}
    waiting: Waiting | None = None
    rollbacks: list[Run] = []
    running: list[Run] = []
    ended: list[Run] = []
    refusals: list[Refusal] = []
    scopes: list[str] = []
    decisions: list[Decided] = []
    shadows: list[Run] = []


class RunsPage:
    """Runs, last started first."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [
            self._shell.get("/runs", self._list),
            self._shell.get("/runs/{id}", self._show),
            self._shell.post("/runs/{id}/rollback", self._roll_back),
            self._shell.post("/runs/{id}/approve", self._approve),
            self._shell.post("/runs/{id}/reject", self._reject),
            self._shell.post("/switches", self._switch),
        ]

    async def _list(self, request: Request) -> Response:
        found = await run_in_threadpool(content, self._shell.call(request))
        values: dict[str, Any] = {"page": found, "words": WORDS, "waits": WAITING, "all": GLOBAL}
        return self._shell.render(request, "runs.html", live=is_live(request), request_text=request_text, **values)

    async def _show(self, request: Request) -> Response:
        found = await run_in_threadpool(runs.show_run, self._shell.call(request))
        live = is_live(request) if found.run.is_active or found.run.state == "executed" else None
        values: dict[str, Any] = {"record": found, "run": found.run, "words": WORDS, "waits": WAITING}
        if found.run.state == "waiting":
            step, problem = await run_in_threadpool(runs.continuation, self._shell.call(request))
            values |= {"step": step, "problem": problem}
        return self._shell.render(request, "run.html", live=live, sent=sent, request_text=request_text, **values)

    async def _approve(self, request: Request) -> Response:
        fields = await self._shell.forms.read(request)
        body = bodies.ApproveStep(fields.get("approval", "")[:100])
        found = await run_in_threadpool(runs.approve_step, self._shell.call(request, body=body))
        text = "The run continues." if found.continued else "Approved; more approvals are needed."
        return self._shell.done(request, "/runs", text)

    async def _reject(self, request: Request) -> Response:
        fields = await self._shell.forms.read(request)
        body = bodies.RejectStep(fields.get("reason", "")[:2_000])
        await run_in_threadpool(runs.reject_step, self._shell.call(request, body=body))
        return self._shell.done(request, "/runs", "Rejected: what the run did is rolled back.")

    async def _roll_back(self, request: Request) -> Response:
        fields = await self._shell.forms.read(request)
        if fields.get("close", "no") not in ("yes", "no"):
            raise ApiError(400, f"close: expected yes or no; got {fields['close'][:40]!r}")
        is_closed = fields.get("close") == "yes"
        body = bodies.RollBack(is_closed, fields.get("reason", "")[:2_000])
        await run_in_threadpool(runs.roll_back, self._shell.call(request, body=body))
        text = "The rollback was closed." if is_closed else "The rollback has begun."
        return self._shell.done(request, "/runs", text)

    async def _switch(self, request: Request) -> Response:
        fields = await self._shell.forms.read(request)
        await run_in_threadpool(controls.move_switch, self._shell.call(request), fields)
        scope = "All automation" if fields.get("scope") == GLOBAL else fields.get("scope", "")[:100]
        text = f"{scope} is stopped." if fields.get("engaged") == "yes" else f"{scope} may run again."
        return self._shell.done(request, "/engine" if fields.get("back") == "/engine" else "/runs", text)


def content(call: Call) -> Content:
    """Return the content of the page of runs."""
    try:
        switches = runs.list_switches(call)
        listed = runs.list_runs(structs.replace(call, query=bodies.RunsQuery(MAX_RUNS))).runs
        waiting, refusals = runs.list_waiting(call), runs.list_refusals(call).refusals
        alone = runs.list_decisions(call)
    except ApiError as error:
        return Content(error.reason)
    active = ("running", "waiting", "executed")
    owners = {owner for one in call.host.playbooks.values() for owner in one.owners}
    return Content(
        "",
        switches.switches,
        switches.moved,
        waiting,
        [run for run in listed if run.rollback in WAITING],
        [run for run in listed if run.state in active or run.rollback == "running"],
        [run for run in listed if run.state not in active and run.rollback != "running"],
        refusals[:MAX_REFUSALS],
        [*sorted(owners), *(f"playbook:{name}" for name in call.host.playbooks)],
        alone.decisions[:MAX_REFUSALS],
        alone.shadows[:MAX_REFUSALS],
    )


def sent(exchange: Exchange) -> str:
    """Return the request of an exchange as the lines that people read."""
    return request_text(Rendered(exchange.method, exchange.url, body=exchange.body))
