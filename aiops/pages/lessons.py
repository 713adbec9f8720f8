"""The page of lessons: what people taught the grouping, each with a button to forget it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.pages.shell import Shell
from aiops.web import lessons


class LessonsPage:
    """Lessons on grouping, the newest first."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [self._shell.get("/lessons", self._list), self._shell.post("/lessons/forget", self._forget)]

    async def _list(self, request: Request) -> Response:
        found = await run_in_threadpool(lessons.list_lessons, self._shell.call(request))
        return self._shell.render(request, "lessons.html", page=found)

    async def _forget(self, request: Request) -> Response:
        fields = await self._shell.forms.read(request)
        body = lessons.Forget(fields.get("lesson", ""), fields.get("by", ""))
        done = await run_in_threadpool(lessons.forget_lessons, self._shell.call(request, body=body))
        return self._shell.done(request, "/lessons", f"{done.reason}.")
