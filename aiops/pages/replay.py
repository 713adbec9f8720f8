"""The pages of replays: a form, the replays that are kept, and each one's result side by side."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.http.body import BodyError
from aiops.pages import replay_form
from aiops.pages.replay_form import ReplayForm
from aiops.pages.rings_chart import rings_chart
from aiops.pages.shell import Shell, reader_of, segment
from aiops.views.replay import Compared, Job
from aiops.web import replays
from aiops.web.operations import ApiError

# The page of a replay that runs is loaded again, by the browser itself.
REFRESH_S = 2


class ReplayPage:
    """Replay and compare: what a person would have been paged."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [
            self._shell.get("/replay", self._list),
            self._shell.post("/replay", self._start),
            self._shell.post("/replay/upload", self._upload),
            self._shell.get("/replay/{id}", self._show),
            self._shell.post("/replay/{id}/cancel", self._cancel),
            self._shell.post("/replay/{id}/remove", self._remove),
        ]

    async def _list(self, request: Request) -> Response:
        form = ReplayForm()
        if archive := request.query_params.get("archive", "")[:40]:
            form.source = f"{replay_form.ARCHIVE}{archive}"
        return await self._page(request, form)

    async def _start(self, request: Request) -> Response:
        form = replay_form.form_of(await self._shell.forms.read(request))
        try:
            zone = reader_of(request).zone
            job = await run_in_threadpool(replay_form.start, self._shell.call(request), form, zone)
        except ApiError as error:
            # The fields keep their content.
            return await self._page(request, form, error)
        return self._shell.redirect(f"/replay/{segment(job.id)}")

    async def _upload(self, request: Request) -> Response:
        try:
            name, content = await self._shell.forms.read_file(request)
            archive = await replays.store(self._shell.caller.host, content, name)
        except (ApiError, BodyError) as error:
            return await self._page(request, ReplayForm(), uploading=error)
        return self._shell.done(request, f"/replay?archive={segment(archive.id)}", f"{archive.name} was uploaded.")

    async def _show(self, request: Request) -> Response:
        found = await run_in_threadpool(replays.show_replay, self._shell.call(request))
        listed = await run_in_threadpool(replays.list_replays, self._shell.call(request))
        job, result = found.replay, found.result
        response = self._shell.render(
            request,
            "replay_job.html",
            job=job,
            result=result,
            form=replay_form.of_job(job, reader_of(request).zone),
            listed=listed,
            stretches=replay_form.STRETCHES,
            **self._pictures(request, result),
            command=command(job),
        )
        if job.state == "running":
            response.headers["refresh"] = str(REFRESH_S)
        return response

    async def _cancel(self, request: Request) -> Response:
        await self._shell.forms.read(request)
        done = await run_in_threadpool(replays.cancel_replay, self._shell.call(request))
        text = "The replay was cancelled." if done.cancelled else "The replay had ended already."
        return self._shell.done(request, f"/replay/{segment(request.path_params['id'])}", text)

    async def _remove(self, request: Request) -> Response:
        await self._shell.forms.read(request)
        await run_in_threadpool(replays.remove_replay, self._shell.call(request))
        return self._shell.done(request, "/replay", "The replay was removed.")

    def _pictures(self, request: Request, result: Compared | None) -> dict[str, Any]:
        if result is None or result.began_at is None or result.ended_at is None:
            return {"pictures": None}
        zone, span = reader_of(request).zone, (result.began_at, result.ended_at)
        return {"pictures": [rings_chart(side.rings, *span, zone) for side in (result.before, result.after)]}

    async def _page(
        self,
        request: Request,
        form: ReplayForm,
        wrong: ApiError | None = None,
        uploading: ApiError | BodyError | None = None,
    ) -> Response:
        listed = await run_in_threadpool(replays.list_replays, self._shell.call(request))
        response = self._shell.render(
            request,
            "replay.html",
            form=form,
            listed=listed,
            stretches=replay_form.STRETCHES,
            wrong=wrong.reason if wrong is not None else "",
            wrong_upload=uploading.reason if uploading is not None else "",
        )
        error = wrong or uploading
        if error is not None:
            response.status_code = error.status
        return response


def command(job: Job) -> str:
    """Return the command that starts a daemon with the changes of a replay; values are quoted for a shell."""
    return " ".join(["aiops run", *(f"--set {shlex.quote(f'{key}={value}')}" for key, value in job.changes.items())])
