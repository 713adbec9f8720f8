"""The pages of playbooks: the catalogue with a search, and each playbook with its steps."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from aiops.pages.shell import Shell
from aiops.respond.filled import request_text
from aiops.respond.guard_case import MODES as GIVEN_MODES
from aiops.views.playbook_page import MODES, catalogue_lines, tags_of
from aiops.web import bodies, playbooks, runs
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
            self._shell.post("/playbooks/{name}/mode", self._set_mode),
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
        standing = await run_in_threadpool(runs.standing, call)
        values = {"page": found, "lines": lines, "standing": standing, "request_text": request_text}
        return self._shell.render(request, "playbook.html", **values)

    async def _set_mode(self, request: Request) -> Response:
        fields = await self._shell.forms.read(request)
        mode = next((one for one in GIVEN_MODES if one == fields.get("mode")), None)
        if mode is None:
            raise ApiError(400, f"mode: expected {', '.join(GIVEN_MODES)}; got {fields.get('mode', '')[:40]!r}")
        call = self._shell.call(request, body=bodies.SetLevel(mode, fields.get("reason", "")[:2_000]))
        found = await run_in_threadpool(runs.set_level, call)
        place = f"/playbooks/{quote(found.playbook, safe='')}"
        return self._shell.done(request, place, f"The mode of {found.playbook} is {found.mode}.")

    async def _text(self, request: Request) -> Response:
        text = await run_in_threadpool(playbooks.playbook_text, self._shell.call(request))
        return PlainTextResponse(text)
