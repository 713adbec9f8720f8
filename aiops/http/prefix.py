"""Requests below the path of `http.external_url`, from a proxy that does not take the path away."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class Prefixed:
    """An application served at its own paths and, the same, below `base`.

    Links of pages begin with `base`. A browser that reached the server directly needs it as well.
    """

    def __init__(self, app: ASGIApp, base: str) -> None:
        self._app = app
        self._base = base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if self._base and (path == self._base or path.startswith(f"{self._base}/")):
            scope = {**scope, "path": path[len(self._base) :] or "/"}
            raw = scope.get("raw_path")
            if raw is not None and raw.startswith(self._base.encode()):
                scope["raw_path"] = raw[len(self._base) :] or b"/"
        await self._app(scope, receive, send)
