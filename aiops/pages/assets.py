"""Styles, script and icon of the pages, served under names that change with their content.

A style sheet is made of the files of `static/styles`, in the order of `SHEETS`: one for what all pages share, one for
each page that needs its own.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.pages.counted_icon import counted_icon

STATIC = Path(__file__).parent / "static"
SHEETS = (
    "tokens",
    "base",
    "parts",
    "list",
    "live",
    "sign_in",
    "api",
    "playbook",
    "incident",
    "incident_actions",
    "alerts",
    "silences",
    "deliveries",
    "engine",
    "models",
    "timeline",
    "replay",
    "catalogue",
    "runs",
)
# A file under this name never changes.
FOREVER = "public, max-age=31536000, immutable"


class Asset:
    """A static file: its content, its media type, and its name with a digest of the content."""

    def __init__(self, stem: str, suffix: str, media_type: str, content: bytes) -> None:
        self.content = content
        self.media_type = media_type
        self.name = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"

    def route(self) -> Route:
        """Return the route of the file; it needs no token, as the sign-in page uses it."""

        async def answer(request: Request) -> Response:
            return Response(self.content, media_type=self.media_type, headers={"cache-control": FOREVER})

        return Route(f"/static/{self.name}", answer, methods=["GET"])


def counted_route(icon: Asset) -> Route:
    """Return the route of an icon, with a number on it for `?count=3&level=critical`."""

    async def answer(request: Request) -> Response:
        content = counted_icon(
            icon.content, request.query_params.get("count", ""), request.query_params.get("level", "")
        )
        return Response(content, media_type=icon.media_type, headers={"cache-control": FOREVER})

    return Route(f"/static/{icon.name}", answer, methods=["GET"])


class Assets:
    """All static files, by what they are for."""

    def __init__(self) -> None:
        sheets = b"\n".join((STATIC / "styles" / f"{name}.css").read_bytes() for name in SHEETS)
        self.style = Asset("style", "css", "text/css", sheets)
        self.script = Asset("aiops", "js", "text/javascript", (STATIC / "aiops.js").read_bytes())
        self.icon = Asset("icon", "svg", "image/svg+xml", (STATIC / "icon.svg").read_bytes())

    def routes(self) -> list[Route]:
        """Return the routes of all files."""
        return [self.style.route(), self.script.route(), counted_route(self.icon)]
