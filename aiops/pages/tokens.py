"""The page of tokens: who may do what, as configured, and how to make another one."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.pages.shell import Shell
from aiops.web.tokens import list_tokens

EXAMPLE = """[[http.options.tokens]]
name = "alice"
scopes = ["write"]
sha256 = "…"
"""


class TokensPage:
    """Names and scopes of tokens; their secrets are known to nobody here."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [self._shell.get("/tokens", self._show)]

    async def _show(self, request: Request) -> Response:
        found = list_tokens(self._shell.call(request))
        return self._shell.render(request, "tokens.html", page=found, example=EXAMPLE.strip())
