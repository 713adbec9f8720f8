"""Pages for people: incidents, silences and the API's operations. They work without scripts.

A page renders the API's answers. All text is escaped by the templates; links are shown only if they are web links;
forms are accepted from our own pages only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from aiops.durations import compact
from aiops.engine.silence_preview import Preview
from aiops.http.auth import Refusal, Scope
from aiops.http.body import BodyError
from aiops.store import audit
from aiops.web import bodies, controls, formtokens, incidents, runs, silences, silences_page
from aiops.web.forms import Forms, body_of
from aiops.web.operations import ApiError, Call, Caller, Operation
from aiops.web.visible import exact, shown
from aiops.wording import plural

_HERE = Path(__file__).parent
MAX_AUDIT = 50
# Further members and evidence are in the API; nobody reads a page that is too long.
MAX_SHOWN = 200
# Pages reload, as no script may run in them: soon enough for a person who watches, and cheap for a wall of screens. A
# reader can pause it.
REFRESH_S = 15

STATIC = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
# The forms of an incident; their fields are those of the API.
ACTIONS: dict[str, tuple[Callable[[Call], Any], type[Struct]]] = {
    "acknowledge": (incidents.acknowledge, bodies.Note),
    "resolve": (incidents.resolve, bodies.Note),
    "confirm-cause": (incidents.confirm_cause, bodies.ConfirmCause),
    "confirm-grouping": (incidents.confirm_grouping, bodies.ConfirmGrouping),
    "confirm-playbook": (incidents.confirm_playbook, bodies.ConfirmPlaybook),
    "approve": (runs.approve, bodies.Approve),
    "rollback": (runs.roll_back_on_page, bodies.RollBackForm),
}

Page = Callable[[Request], Awaitable[Response]]


class Pages:
    """The pages of one application."""

    def __init__(self, caller: Caller, operations: Sequence[Operation], clock: Callable[[], float]) -> None:
        self._caller = caller
        self._operations = operations
        self._clock = clock
        self._forms = Forms(caller.session_guard)
        self._base = caller.session_guard.guard.address.base
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=shown,
        )
        self._templates.filters |= {
            "moment": moment,
            "age": self._age,
            "web": web_link,
            "segment": _segment,
            "exact": exact,
        }
        self._templates.globals |= {
            "max_shown": MAX_SHOWN,
            "refresh_s": REFRESH_S,
            "base": self._base,
            "plural": plural,
        }

    def routes(self) -> list[Route]:
        """Return the routes of all pages."""
        return [
            Route("/", self._guarded(self._list, "read"), methods=["GET"]),
            Route("/incidents/{id}", self._guarded(self._show, "read"), methods=["GET"]),
            Route("/incidents/{id}/{verb}", self._guarded(self._act, "write"), methods=["POST"]),
            Route("/silences", self._guarded(self._silences, "read"), methods=["GET"]),
            Route("/silences", self._guarded(self._silence, "write"), methods=["POST"]),
            Route("/silences/{id}/end", self._guarded(self._unsilence, "write"), methods=["POST"]),
            Route("/runs", self._guarded(self._runs, "read"), methods=["GET"]),
            Route("/switches", self._guarded(self._switch, "write"), methods=["POST"]),
            Route("/deliveries", self._guarded(self._deliveries, "read"), methods=["GET"]),
            Route("/deliveries/{verb}", self._guarded(self._move_dead, "write"), methods=["POST"]),
            Route("/endpoints/{name}/enable", self._guarded(self._enable, "write"), methods=["POST"]),
            Route("/api", self._guarded(self._api, "read"), methods=["GET"]),
            Route("/login", self._login_form, methods=["GET"]),
            Route("/login", self._login, methods=["POST"]),
            Route("/logout", self._logout, methods=["POST"]),
            *(Route(f"/static/{name}", _static(name, kind), methods=["GET"]) for name, kind in STATIC.items()),
        ]

    def _guarded(self, page: Page, scope: Scope) -> Page:
        async def answer(request: Request) -> Response:
            found = self._caller.session_guard.check(request, scope)
            if isinstance(found, Refusal) and found.status == 401 and request.method == "GET":
                if _from_elsewhere(request):
                    return self._page(request, "again.html")
                return RedirectResponse(f"{self._base}/login", 303)
            if isinstance(found, Refusal):
                return self._message(request, found.status, found.reason)
            request.state.actor = found.name if found is not None else "local"
            request.state.vouched = found is not None
            try:
                return await page(request)
            except (ApiError, BodyError) as error:
                return self._message(request, error.status, error.reason)

        return answer

    async def _list(self, request: Request) -> Response:
        wanted = request.query_params.get("status", "active")
        statuses = {"active": "open,acknowledged", "all": None}.get(wanted, "open,acknowledged")
        query = bodies.ListQuery(status=statuses, before=_before(request), limit=100)
        found = await run_in_threadpool(incidents.list_incidents, self._call(request, query=query))
        tab = wanted if wanted == "all" else "active"
        # Older pages do not change.
        live = None if query.before else _live(request)
        return self._page(request, "list.html", page=found, wanted=tab, live=live)

    async def _show(self, request: Request) -> Response:
        call = self._call(request)
        found = await run_in_threadpool(incidents.show_incident, call)
        entries = await run_in_threadpool(self._audit, found.incident.id)
        plan = await run_in_threadpool(runs.shown, self._caller.host, found.incident)
        made = await run_in_threadpool(runs.listed, self._caller.host, found.incident)
        live = None if found.incident.status in ("resolved", "merged") else _live(request)
        return self._page(
            request, "incident.html", incident=found.incident, audit=entries, plan=plan, runs=made, live=live
        )

    def _audit(self, incident: str) -> list[audit.Entry]:
        return audit.entries(self._caller.host.store.database.reader, incident=incident, limit=MAX_AUDIT)

    async def _act(self, request: Request) -> Response:
        verb, name = request.path_params["verb"], request.path_params["id"]
        if verb not in ACTIONS:
            raise ApiError(404, f"expected one of {', '.join(ACTIONS)}; got {verb[:50]!r}")
        fields: dict[str, Any] = dict(await self._forms.read(request))
        if "wrong" in fields:
            fields["wrong"] = [name.strip() for name in fields["wrong"].split(",") if name.strip()]
        handler, kind = ACTIONS[verb]
        await run_in_threadpool(handler, self._call(request, body=body_of(fields, kind)))
        return RedirectResponse(f"{self._base}/incidents/{quote(name, safe='')}", 303)

    async def _silences(self, request: Request) -> Response:
        return await self._silence_page(request, silences_page.prefilled(request.query_params))

    async def _silence(self, request: Request) -> Response:
        fields = await self._forms.read(request)
        form = silences_page.form_of(fields)
        try:
            if fields.get("do") == "preview":
                seen = await run_in_threadpool(silences_page.preview, self._call(request), form)
                return await self._silence_page(request, form, seen=seen)
            await run_in_threadpool(silences_page.add, self._call(request), form)
        except ApiError as error:
            # The fields keep their content.
            response = await self._silence_page(request, form, error.reason)
            response.status_code = error.status
            return response
        return RedirectResponse(f"{self._base}/silences", 303)

    async def _unsilence(self, request: Request) -> Response:
        await self._forms.read(request)
        done = await run_in_threadpool(silences.end_silence, self._call(request))
        # The number of new notifications is known once, and no address leads to it: no link can put words on the page.
        return await self._silence_page(request, silences_page.Form(), status=done.reason)

    async def _silence_page(
        self, request: Request, form: silences_page.Form, wrong: str = "", status: str = "", seen: Preview | None = None
    ) -> Response:
        found = await run_in_threadpool(lambda: sorted(self._caller.host.silences(), key=lambda one: one.start))
        return self._page(request, "silences.html", silences=found, form=form, wrong=wrong, status=status, seen=seen)

    async def _runs(self, request: Request) -> Response:
        found = await run_in_threadpool(controls.runs_page, self._call(request))
        return self._page(request, "runs.html", page=found)

    async def _switch(self, request: Request) -> Response:
        fields = await self._forms.read(request)
        await run_in_threadpool(controls.move_switch, self._call(request), fields)
        return RedirectResponse(f"{self._base}/runs", 303)

    async def _deliveries(self, request: Request) -> Response:
        found = await run_in_threadpool(controls.deliveries_page, self._call(request))
        return self._page(request, "deliveries.html", page=found)

    async def _move_dead(self, request: Request) -> Response:
        fields = await self._forms.read(request)
        await run_in_threadpool(controls.move_dead, self._call(request), request.path_params["verb"], fields)
        return RedirectResponse(f"{self._base}/deliveries", 303)

    async def _enable(self, request: Request) -> Response:
        fields = await self._forms.read(request)
        await run_in_threadpool(controls.enable, self._call(request), fields)
        return RedirectResponse(f"{self._base}/deliveries", 303)

    async def _api(self, request: Request) -> Response:
        return self._page(request, "api.html", operations=self._operations)

    async def _login_form(self, request: Request) -> Response:
        return self._page(request, "login.html", wrong="")

    async def _login(self, request: Request) -> Response:
        client = request.client.host if request.client is not None else ""
        try:
            fields = await self._forms.read(request)
        except (ApiError, BodyError) as error:
            return self._message(request, error.status, error.reason)
        session_guard = self._caller.session_guard
        wait_s = session_guard.attempts.take(client)
        if wait_s:
            return self._refused(
                request, 429, f"Too many attempts: try again in {wait_s} s.", {"retry-after": str(wait_s)}
            )
        response: Response = RedirectResponse(f"{self._base}/", 303)
        if not session_guard.login(fields.get("token", "").strip(), request, response):
            return self._refused(request, 401, "There is no such token.")
        session_guard.attempts.succeeded(client)
        return response

    def _refused(self, request: Request, status: int, reason: str, headers: dict[str, str] | None = None) -> Response:
        response = self._page(request, "login.html", wrong=reason)
        response.status_code = status
        response.headers.update(headers or {})
        return response

    async def _logout(self, request: Request) -> Response:
        try:
            await self._forms.read(request)
        except (ApiError, BodyError) as error:
            return self._message(request, error.status, error.reason)
        response = RedirectResponse(f"{self._base}/login", 303)
        self._caller.session_guard.logout(request, response)
        return response

    def _call(self, request: Request, query: Any = None, body: Any = None) -> Call:
        return Call(
            self._caller.host, request.path_params, query, body, request.state.actor, self._clock, request.state.vouched
        )

    def _message(self, request: Request, status: int, reason: str) -> Response:
        response = self._page(request, "message.html", status=status, reason=reason)
        response.status_code = status
        return response

    def _page(self, request: Request, template: str, **values: Any) -> Response:
        session_guard = self._caller.session_guard
        token, browser = session_guard.form_token(request)
        own = Markup('<input type="hidden" name="{}" value="{}">').format(formtokens.FIELD, token)
        known = {"live": None, "own": own, "signed_in": session_guard.is_signed_in(request)}
        response = HTMLResponse(self._templates.get_template(template).render(**known | values))
        if browser is not None:
            session_guard.name_browser(request, response, browser)
        return response

    def _age(self, at: float | None) -> str:
        return "" if at is None else compact(self._clock() - at)


def _static(name: str, kind: str) -> Page:
    async def answer(request: Request) -> Response:
        return FileResponse(_HERE / "static" / name, media_type=kind)

    return answer


def moment(at: float | None) -> str:
    """Format a time for people, in UTC.

    >>> moment(1772359200.5), moment(None)
    ('2026-03-01 10:00:00', '')
    """
    try:
        return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        # No value of an old journal may keep a page from being shown.
        return f"{at:g} s"


def web_link(url: str | None) -> str | None:
    """Return a link that is safe to show, or None.

    >>> web_link("https://example.org/x"), web_link("javascript:alert(1)")
    ('https://example.org/x', None)
    """
    return url if url is not None and url.lower().startswith(("http://", "https://")) else None


def _segment(text: str) -> str:
    return quote(text, safe="")


def _before(request: Request) -> str | None:
    before = request.query_params.get("before")
    at = before.partition("~")[0] if before else ""
    return before if before and at.replace(".", "", 1).isdecimal() and at.isascii() and len(at) < 30 else None


def _live(request: Request) -> bool:
    """Return True if the page should reload."""
    return request.query_params.get("live") != "off"


def _from_elsewhere(request: Request) -> bool:
    """Return True for a link followed from another site.

    The browser withheld the session's (Strict) cookie.
    """
    headers = request.headers
    return headers.get("sec-fetch-site") in ("cross-site", "same-site") and headers.get("sec-fetch-mode") == "navigate"
