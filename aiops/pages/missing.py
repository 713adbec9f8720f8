"""The page for an address that leads nowhere; programs get the API's answer instead."""

from __future__ import annotations

from starlette.routing import Match, Route
from starlette.types import Scope

from aiops.pages.shell import Shell

# Below these, the sender is a program.
_PROGRAMS = ("/api/", "/ingest/", "/callbacks/", "/static/")


class MissingRoute(Route):
    """Matches what a browser opens and no other route has; it comes last."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """See `Route.matches`."""
        accepted = next((value for name, value in scope.get("headers", ()) if name == b"accept"), b"")
        is_browser = scope["type"] == "http" and scope["method"] == "GET" and b"text/html" in accepted
        if not is_browser or scope["path"].startswith(_PROGRAMS):
            return Match.NONE, {}
        return super().matches(scope)


def missing_page(shell: Shell) -> Route:
    """Return the last route of all."""
    return MissingRoute("/{path:path}", shell.missing, methods=["GET"])
