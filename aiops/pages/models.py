"""The page of the models: what serves in each slot, what is tried beside it, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.pages.incident_actions import sentence
from aiops.pages.shell import Shell, is_live
from aiops.views.models_report import Counts, SlotLine
from aiops.web import bodies, models
from aiops.web.forms import body_of
from aiops.web.operations import Call

ROLES = ("shadow", "canary")


class ModelsPage:
    """Slots, trials, and the forms that promote, end and roll back."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        post = self._shell.post
        return [
            self._shell.get("/models", self._show),
            post("/models/{slot}/promote", self._handler(models.promote_trial, models.WhichTrial)),
            post("/models/{slot}/end", self._handler(models.end_trial, models.WhichTrial)),
            post("/models/{slot}/rollback", self._handler(models.roll_back_model, bodies.Nothing)),
        ]

    async def _show(self, request: Request) -> Response:
        found = await run_in_threadpool(models.show_models, self._shell.call(request))
        return self._shell.render(
            request,
            "models.html",
            report=found,
            watch=found.watch,
            roles=ROLES,
            rows=rows,
            pace=pace,
            live=is_live(request),
        )

    def _handler(self, handler: Callable[[Call], bodies.Done], kind: Any) -> Callable[[Request], Any]:
        async def act(request: Request) -> Response:
            body = body_of(await self._shell.forms.read(request), kind)
            done = await run_in_threadpool(handler, self._shell.call(request, body=body))
            return self._shell.done(request, "/models", sentence(done))

        return act


def rows(counts: Counts) -> list[tuple[str, int | None, int | None]]:
    """Return the lines of a comparison: what is counted, the serving model's number, and the candidate's.

    Without a number of the serving model, the other one is of both.

    >>> rows(Counts(compared=3, same_first=2))
    [('Incidents with both decisions', None, 3), ('Same first', None, 2), ('Same first three', None, 0)]
    """
    found: list[tuple[str, int | None, int | None]] = [
        ("Incidents with both decisions", None, counts.compared),
        ("Same first", None, counts.same_first),
        ("Same first three", None, counts.same_three),
    ]
    if counts.confirmed:
        found += [
            ("Confirmed by people", None, counts.confirmed),
            ("Of these first", counts.serving_first, counts.candidate_first),
            ("Among the first three", counts.serving_three, counts.candidate_three),
            ("First by this one alone", counts.only_serving, counts.only_candidate),
        ]
    return found


def pace(slot: SlotLine, role: str) -> str:
    """Return the mean time of a decision of a role; empty before the first since the daemon started."""
    one = slot.times.get(role)
    return f"{one.mean_s * 1_000:.3g} ms" if one is not None and one.count else ""
