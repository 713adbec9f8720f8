"""The frame of all pages: guard, forms, notices, and the message where a reader is refused."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from aiops.errors import AiopsError
from aiops.http.auth import PREFIX, Refusal, Scope, Token
from aiops.http.body import BodyError
from aiops.http.site_address import site_of
from aiops.pages.assets import Assets
from aiops.pages.frame import FrameReader
from aiops.pages.notices import Notice, Notices, Undo
from aiops.pages.rail import rail
from aiops.pages.reader import COOKIE, Reader, read_cookie
from aiops.pages.rendering import environment, segment
from aiops.web import formtokens
from aiops.web.forms import Forms
from aiops.web.operations import ApiError, Call, Caller
from aiops.wording import capital

# Title and sentence by status; the reason follows.
MESSAGES = {
    400: ("Not understood", "This was not understood, and nothing was changed"),
    401: ("Sign in", "Sign in first"),
    403: ("Refused", "This was refused, and nothing was changed"),
    404: ("Not found", "There is nothing here"),
    409: ("Not done", "This was not done"),
    413: ("Too long", "This is too long, and nothing was changed"),
    500: ("Failed", "This page failed"),
    503: ("Not now", "The engine did not answer"),
}

Handler = Callable[[Request], Awaitable[Response]]


class Page(Protocol):
    """One page, or a few that belong together."""

    def routes(self) -> Sequence[Route]:
        """Return the routes of the page and of its forms."""
        ...


class Shell:
    """Renders pages and guards their routes. `clock` gives Unix seconds."""

    def __init__(self, caller: Caller, assets: Assets, clock: Callable[[], float]) -> None:
        self.caller = caller
        self.clock = clock
        self.forms = Forms(caller.session_guard)
        self.base = caller.session_guard.guard.address.base
        # The pages that there are; the rail links to no other.
        self.paths: set[str] = set()
        self._frame = FrameReader(caller.host, clock)
        self._notices = Notices()
        self._templates = environment(self.base, assets, clock)

    def get(self, path: str, handler: Handler) -> Route:
        """Return the route of a page that a reader may see."""
        self.paths.add(path)
        return Route(path, self.guarded(handler, "read"), methods=["GET"])

    def post(self, path: str, handler: Handler, scope: Scope = "write") -> Route:
        """Return the route of a form; `scope` is `read` if it changes the reader's own pages only."""
        return Route(path, self.guarded(handler, scope), methods=["POST"])

    def guarded(self, handler: Handler, scope: Scope) -> Handler:
        """Return a handler that answers those alone who have the scope; what is refused becomes a page."""

        async def answer(request: Request) -> Response:
            found = self.caller.session_guard.check(request, scope)
            if isinstance(found, Refusal) and found.status == 401 and request.method == "GET":
                if _from_elsewhere(request):
                    return self.render(request, "again.html")
                return self._to_sign_in(request)
            if isinstance(found, Refusal):
                return self.message(request, found.status, found.reason)
            try:
                await self._admit(request, found)
                return await handler(request)
            except (ApiError, BodyError) as error:
                return self.message(request, error.status, error.reason)
            except AiopsError as error:
                return self.message(request, 409, str(error))
            except Exception:
                # The trace is private. The frame may be what failed: the page is made without it.
                logging.getLogger("aiops").exception("a page could not be shown")
                request.state.frame = None
                return self.message(request, 500, "The page could not be made; the daemon's log has the reason")

        return answer

    async def _admit(self, request: Request, token: Token | None) -> None:
        request.state.token = token
        request.state.actor = token.name if token is not None else "local"
        request.state.vouched = token is not None
        request.state.frame = await run_in_threadpool(self._frame.read)

    async def missing(self, request: Request) -> Response:
        """Return the page for an address that leads nowhere; whoever has no token sees no more than that."""
        found = self.caller.session_guard.check(request, "read")
        if not isinstance(found, Refusal):
            await self._admit(request, found)
        return self.message(request, 404, "No page has this address: a link may be old, or cut.")

    def _to_sign_in(self, request: Request) -> Response:
        query = f"?{request.url.query}" if request.url.query else ""
        wanted = request.url.path.removeprefix(self.base) + query
        # A token in an address is not passed on: addresses are logged.
        plain = wanted in ("", "/") or PREFIX in wanted or "token" in request.query_params
        return self.redirect("/login" if plain else f"/login?next={segment(wanted)}")

    def call(self, request: Request, query: Any = None, body: Any = None) -> Call:
        """Return a call of the API for the reader of a page."""
        return Call(
            self.caller.host,
            request.path_params,
            query,
            body,
            request.state.actor,
            self.clock,
            request.state.vouched,
            self.caller.session_guard.guard.tokens,
            site_of(self.caller.session_guard.guard.address, request.headers.get("host", ""), request.url.scheme),
        )

    def redirect(self, path: str) -> Response:
        """Return a redirect (303) to a page of this site; `path` begins with a slash."""
        self._frame.forget()
        return RedirectResponse(f"{self.base}{path}", 303)

    def done(self, request: Request, path: str, text: str, undo: Undo | None = None) -> Response:
        """Return a redirect to a page that shows once what was done, with a form that undoes it."""
        self._notices.put(self._owner(request), path.partition("?")[0].partition("#")[0], Notice(text, "ok", undo))
        return self.redirect(path)

    def _owner(self, request: Request) -> str:
        """Return a name for a browser in its session: whoever signs in there next reads no old notice."""
        return self.caller.session_guard.form_token(request)[0]

    def message(self, request: Request, status: int, reason: str) -> Response:
        """Return a page with one sentence, as HTTP `status`."""
        heading, summary = MESSAGES.get(status, ("Not done", "That was not done"))
        response = self.render(
            request,
            "message.html",
            status=status,
            reason=_sentence(reason),
            heading=heading,
            summary=summary,
            back=_back(request, self.base),
        )
        response.status_code = status
        return response

    def render(self, request: Request, template: str, **values: Any) -> Response:
        """Return the page of a template; its forms are for this browser and session."""
        session_guard = self.caller.session_guard
        token, browser = session_guard.form_token(request)
        own = Markup('<input type="hidden" name="{}" value="{}">').format(formtokens.FIELD, token)
        known = {"live": None, "own": own, **self._known(request)}
        response = HTMLResponse(self._templates.get_template(template).render(**known | values))
        if browser is not None:
            session_guard.name_browser(request, response, browser)
        return response

    def _known(self, request: Request) -> dict[str, Any]:
        """Return what the frame of a page shows."""
        path = request.url.path.removeprefix(self.base) or "/"
        frame = getattr(request.state, "frame", None)
        token: Token | None = getattr(request.state, "token", None)
        return {
            "reader": reader_of(request),
            "path": path,
            "paths": self.paths,
            "frame": frame,
            "rail": rail(self.paths, path, frame.counts if frame is not None else None),
            "actor": getattr(request.state, "actor", ""),
            "scopes": token.scopes if token is not None else [],
            "open_site": self.caller.session_guard.guard.open,
            "may_write": frame is not None and (token is None or "write" in token.scopes),
            "signed_in": self.caller.session_guard.is_signed_in(request),
            "notice": self._notices.take(self._owner(request), path)
            if request.method == "GET" and request.headers.get("sec-fetch-mode", "navigate") == "navigate"
            else None,
        }


def reader_of(request: Request) -> Reader:
    """Return the preferences of whoever reads a page."""
    return read_cookie(request.cookies.get(COOKIE, ""))


def is_live(request: Request) -> bool:
    """Return True if the page should reload."""
    return request.query_params.get("live") != "off"


def _sentence(reason: str) -> str:
    """Return a reason of the API as a sentence."""
    return capital(reason) + ("" if reason.endswith((".", "?", "!")) else ".")


def _back(request: Request, base: str) -> str:
    """Return the page of a form that was refused: where its action stands, without its verb."""
    path = request.url.path.removeprefix(base)
    if path.startswith("/endpoints/"):
        # Endpoints have no pages of their own.
        return "/deliveries"
    return "" if request.method == "GET" or path in ("/login", "/logout") else path.rpartition("/")[0]


def _from_elsewhere(request: Request) -> bool:
    """Return True for a link followed from another site.

    The browser withheld the session's (Strict) cookie.
    """
    headers = request.headers
    return headers.get("sec-fetch-site") in ("cross-site", "same-site") and headers.get("sec-fetch-mode") == "navigate"


__all__ = ["Handler", "Page", "Shell", "Undo", "is_live", "reader_of", "segment"]
