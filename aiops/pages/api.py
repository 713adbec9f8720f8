"""The page of the API: its operations, for people."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.pages.shell import Shell
from aiops.web.operations import Operation


class ApiPage:
    """The API's operations, by what they are about."""

    def __init__(self, shell: Shell, operations: Sequence[Operation]) -> None:
        self._shell = shell
        self._groups = grouped(operations)

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [self._shell.get("/api", self._show)]

    async def _show(self, request: Request) -> Response:
        guard = self._shell.caller.session_guard.guard
        origin = guard.address.origin or f"{request.url.scheme}://{request.url.netloc}"
        return self._shell.render(request, "api.html", groups=self._groups, site=f"{origin}{self._shell.base}")


def grouped(operations: Sequence[Operation]) -> list[tuple[str, list[Operation]]]:
    """Return the operations by the noun that their path begins with, in the order of the nouns."""
    ordered = sorted(operations, key=_noun)
    return [(noun, list(group)) for noun, group in groupby(ordered, _noun)]


def _noun(operation: Operation) -> str:
    """Return the part of a path after the version."""
    return operation.path.removeprefix("/api/v1/").partition("/")[0].replace("-", " ")
