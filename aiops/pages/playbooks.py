"""The pages of playbooks: the catalogue with a search, and each playbook with its steps."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from aiops.pages.shell import Shell
from aiops.respond.filled import request_text
from aiops.views.playbook_page import MODES, catalogue_lines, tags_of
from aiops.web import playbooks
from aiops.web.operations import ApiError

# Tags that are offered; a search finds the others.
MAX_TAGS = 12


class PlaybooksPage:
    """The catalogue, and one playbook."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [
            self._shell.get("/playbooks", self._list),
            self._shell.get("/playbooks/{name}", self._show),
            self._shell.get("/playbooks/{name}/yaml", self._text),
        ]

    async def _list(self, request: Request) -> Response:
        given = request.query_params
        try:
            query = msgspec.convert(
                {
                    "q": given.get("q", "").strip()[:200],
                    "tag": given.get("tag", "")[:63],
                    "mode": given.get("mode", ""),
                    "fits": given.get("fits") == "yes",
                },
                playbooks.CatalogueQuery,
            )
        except msgspec.ValidationError as error:
            raise ApiError(400, f"query: {error}") from None
        host = self._shell.caller.host
        found = await run_in_threadpool(playbooks.list_playbooks, self._shell.call(request, query=query))
        tags = tags_of(host.playbooks)
        shown = tags[:MAX_TAGS] + [pair for pair in tags[MAX_TAGS:] if pair[0] == query.tag]
        return self._shell.render(request, "playbooks.html", page=found, query=query, tags=shown, modes=MODES)

    async def _show(self, request: Request) -> Response:
        wanted = request.query_params.get("incident", "").strip()[:1_024]
        query = playbooks.FillQuery(wanted or None)
        call = self._shell.call(request, query=query)
        found = await run_in_threadpool(playbooks.show_playbook, call)
        lines = await run_in_threadpool(catalogue_lines, self._shell.caller.host)
        return self._shell.render(request, "playbook.html", page=found, lines=lines, request_text=request_text)

    async def _text(self, request: Request) -> Response:
        text = await run_in_threadpool(playbooks.playbook_text, self._shell.call(request))
        return PlainTextResponse(text)
