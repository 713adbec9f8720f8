"""The page of settings: a reader's time zone and density."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops import zones
from aiops.errors import UsageError
from aiops.pages.reader import COOKIE, DENSITIES, LIFE_S, Reader, write_cookie
from aiops.pages.shell import Shell, reader_of
from aiops.web.operations import ApiError


class Form(Struct):
    """The fields as they were written."""

    zone: str
    density: str


class SettingsPage:
    """Preferences of one browser; whoever may read pages may set them."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [
            self._shell.get("/settings", self._show),
            self._shell.post("/settings", self._save, scope="read"),
        ]

    async def _show(self, request: Request) -> Response:
        now = reader_of(request)
        return self._page(request, Form(now.zone, now.density))

    async def _save(self, request: Request) -> Response:
        fields = await self._shell.forms.read(request)
        try:
            wanted = chosen(fields)
        except UsageError as error:
            form = Form(fields.get("zone", ""), fields.get("density", ""))
            response = self._page(request, form, str(error))
            response.status_code = 400
            return response
        response = self._shell.done(request, "/settings", "Saved for this browser.")
        self._shell.caller.session_guard.set_cookie(request, response, COOKIE, write_cookie(wanted), LIFE_S)
        return response

    def _page(self, request: Request, form: Form, wrong: str = "") -> Response:
        known = sorted(zones.names())
        return self._shell.render(
            request, "settings.html", form=form, wrong=wrong, zones=known, now=self._shell.clock()
        )


def chosen(fields: Mapping[str, str]) -> Reader:
    """Return the preferences of a form; raise `UsageError` for an unknown zone."""
    density = next((one for one in DENSITIES if one == fields.get("density", "")), None)
    if density is None:
        raise ApiError(400, f"density: expected {' or '.join(DENSITIES)}; got {fields.get('density', '')[:40]!r}")
    zone = zones.zone(fields.get("zone", "").strip()).key
    return Reader(zone, density)
