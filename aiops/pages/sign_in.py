"""Sign-in and sign-out: a token is entered once, and a session stands for it from then on."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.http.body import BodyError
from aiops.pages.shell import Shell
from aiops.web.operations import ApiError

UNKNOWN = "This token is not known. Check for a missing character."
MAX_NEXT_CHARS = 2_000


class SignInPage:
    """The two pages that need no token; their forms come from our own pages only."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [
            Route("/login", self._form, methods=["GET"]),
            Route("/login", self._login, methods=["POST"]),
            Route("/logout", self._logout, methods=["POST"]),
        ]

    async def _form(self, request: Request) -> Response:
        wanted = request.query_params.get("next", "")
        if self._shell.caller.session_guard.guard.open:
            # Nothing could be entered here.
            return self._shell.redirect(own_path(wanted) or "/")
        return self._page(request, wanted)

    async def _login(self, request: Request) -> Response:
        client = request.client.host if request.client is not None else ""
        try:
            fields = await self._shell.forms.read(request)
        except (ApiError, BodyError) as error:
            return self._shell.message(request, error.status, error.reason)
        session_guard = self._shell.caller.session_guard
        wanted = fields.get("next", "")
        wait_s = session_guard.attempts.take(client)
        if wait_s:
            response = self._page(request, wanted, 429, f"Too many attempts: try again in {wait_s} s.")
            response.headers["retry-after"] = str(wait_s)
            return response
        response = self._shell.redirect(own_path(wanted) or "/")
        if not session_guard.login(fields.get("token", "").strip(), request, response):
            return self._page(request, wanted, 401, UNKNOWN)
        session_guard.attempts.succeeded(client)
        return response

    def _page(self, request: Request, wanted: str, status: int = 200, wrong: str = "") -> Response:
        path = own_path(wanted)
        response = self._shell.render(request, "login.html", wrong=wrong, next=path, next_place=place(path))
        response.status_code = status
        return response

    async def _logout(self, request: Request) -> Response:
        try:
            await self._shell.forms.read(request)
        except (ApiError, BodyError) as error:
            return self._shell.message(request, error.status, error.reason)
        response = self._shell.redirect("/login")
        self._shell.caller.session_guard.logout(request, response)
        return response


def own_path(wanted: str) -> str:
    """Return the path of this site to continue to; empty if a browser could read another site.

    >>> own_path("/incidents/inc-1?live=off"), own_path("//evil.example"), own_path("https://evil.example")
    ('/incidents/inc-1?live=off', '', '')
    """
    # Browsers read a backslash as a slash, and leave out white space and control characters.
    plain = (
        len(wanted) <= MAX_NEXT_CHARS and wanted.isascii() and wanted.isprintable() and not set(wanted) & {" ", "\\"}
    )
    return wanted if plain and wanted.startswith("/") and not wanted.startswith("//") else ""


def place(path: str) -> str:
    """Return words for a path, from the path alone: a title is only for readers with a token.

    >>> place("/incidents/inc-1?x=y"), place("/silences"), place("")
    ('incident inc-1', 'silences', '')
    """
    parts = path.partition("?")[0].strip("/").split("/")
    if parts[0] == "incidents" and len(parts) > 1:
        return f"incident {parts[1]}"
    return parts[0]
