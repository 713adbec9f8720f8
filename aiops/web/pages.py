"""Pages for people: incidents, silences and the API's operations. They work without scripts.

A page is a rendering of what the API gives. All text is escaped by the templates; links are shown only when they are
web links; forms are taken from our own pages only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import jinja2
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from aiops.store import audit
from aiops.web import incidents, model, runs, silencing
from aiops.web.auth import Refusal, Scope
from aiops.web.body import BodyError, Budget, read_body
from aiops.web.operations import ApiError, Call, Caller, Operation

_HERE = Path(__file__).parent
# A form of ours has a few short fields.
MAX_FORM_BYTES, MAX_FIELDS, FORM_TIMEOUT_S = 16 << 10, 10, 10.0
MAX_AUDIT = 50
# Members and evidence beyond this are in the API; a page that is too long is not read.
MAX_SHOWN = 200
# Pages load themselves again, as no script may run in them: soon enough for a person who watches, and cheap for a wall
# of screens. Who reads on can pause it.
REFRESH_S = 15

Page = Callable[[Request], Awaitable[Response]]


class Pages:
    """The pages of one application."""

    def __init__(self, caller: Caller, operations: Sequence[Operation], clock: Callable[[], float]) -> None:
        self._caller = caller
        self._operations = operations
        self._clock = clock
        self._budget = Budget(4 << 20)
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined
        )
        self._templates.filters |= {"moment": moment, "age": self._age, "web": web_link, "segment": _segment}
        self._templates.globals |= {"max_shown": MAX_SHOWN, "refresh_s": REFRESH_S}

    def routes(self) -> list[Route]:
        """The routes of all pages."""
        return [
            Route("/", self._guarded(self._list, "read"), methods=["GET"]),
            Route("/incidents/{id}", self._guarded(self._show, "read"), methods=["GET"]),
            Route("/incidents/{id}/{verb}", self._guarded(self._act, "write"), methods=["POST"]),
            Route("/silences", self._guarded(self._silences, "read"), methods=["GET"]),
            Route("/silences", self._guarded(self._silence, "write"), methods=["POST"]),
            Route("/silences/{id}/end", self._guarded(self._unsilence, "write"), methods=["POST"]),
            Route("/api", self._guarded(self._api, "read"), methods=["GET"]),
            Route("/login", self._ask, methods=["GET"]),
            Route("/login", self._login, methods=["POST"]),
            Route("/logout", self._logout, methods=["POST"]),
            Route("/static/style.css", self._style, methods=["GET"]),
        ]

    def _guarded(self, page: Page, scope: Scope) -> Page:
        async def answer(request: Request) -> Response:
            found = self._caller.door.check(request, scope)
            if isinstance(found, Refusal) and found.status == 401 and request.method == "GET":
                return RedirectResponse("/login", 303)
            if isinstance(found, Refusal):
                return self._told(found.status, found.reason)
            request.state.actor = found.name if found is not None else "local"
            request.state.vouched = found is not None
            try:
                return await page(request)
            except (ApiError, BodyError) as error:
                return self._told(error.status, error.reason)

        return answer

    async def _list(self, request: Request) -> Response:
        wanted = request.query_params.get("status", "active")
        statuses = {"active": "open,acknowledged", "all": None}.get(wanted, "open,acknowledged")
        query = model.ListQuery(status=statuses, before=_before(request), limit=100)
        found = await run_in_threadpool(incidents.list_incidents, self._call(request, query=query))
        shown = wanted if wanted == "all" else "active"
        # Older pages do not change.
        live = None if query.before else _live(request)
        return self._page("list.html", page=found, wanted=shown, live=live)

    async def _show(self, request: Request) -> Response:
        call = self._call(request)
        found = await run_in_threadpool(incidents.show_incident, call)
        entries = await run_in_threadpool(self._audit, found.incident.id)
        plan = await run_in_threadpool(runs.shown, self._caller.host, found.incident)
        live = None if found.incident.status in ("resolved", "merged") else _live(request)
        return self._page("incident.html", incident=found.incident, audit=entries, plan=plan, live=live)

    def _audit(self, incident: str) -> list[audit.Entry]:
        return audit.entries(self._caller.host.store.database.reader, incident=incident, limit=MAX_AUDIT)

    async def _act(self, request: Request) -> Response:
        verb, name = request.path_params["verb"], request.path_params["id"]
        fields = await self._form(request)
        note = fields.get("message", "")[:2_000] or None
        handlers: dict[str, tuple[Callable[[Call], Any], Any]] = {
            "acknowledge": (incidents.acknowledge, model.Note(note)),
            "resolve": (incidents.resolve, model.Note(note)),
            "confirm-cause": (incidents.confirm_cause, model.ConfirmCause(fields.get("entity", "")[:1_024], note)),
            "confirm-grouping": (incidents.confirm_grouping, model.ConfirmGrouping(message=note)),
            "approve": (runs.approve, model.Approve(fields.get("playbook", "")[:100], fields.get("plan", "")[:100])),
        }
        if verb not in handlers:
            raise ApiError(404, f"expected one of {', '.join(handlers)}; got {verb[:50]!r}")
        handler, body = handlers[verb]
        await run_in_threadpool(handler, self._call(request, body=body))
        return RedirectResponse(f"/incidents/{quote(name, safe='')}", 303)

    async def _silences(self, request: Request) -> Response:
        return await self._silence_page(silencing.prefilled(request.query_params))

    async def _silence(self, request: Request) -> Response:
        form = silencing.form_of(await self._form(request))
        try:
            await run_in_threadpool(silencing.add, self._call(request), form)
        except ApiError as error:
            # What was written stays in the fields.
            response = await self._silence_page(form, error.reason)
            response.status_code = error.status
            return response
        return RedirectResponse("/silences", 303)

    async def _unsilence(self, request: Request) -> Response:
        await self._form(request)
        await run_in_threadpool(incidents.end_silence, self._call(request))
        return RedirectResponse("/silences", 303)

    async def _silence_page(self, form: silencing.Form, wrong: str = "") -> Response:
        found = await run_in_threadpool(lambda: sorted(self._caller.host.silences(), key=lambda one: one.start))
        return self._page("silences.html", silences=found, form=form, wrong=wrong)

    async def _api(self, request: Request) -> Response:
        return self._page("api.html", operations=self._operations)

    async def _ask(self, request: Request) -> Response:
        return self._page("login.html", wrong=False)

    async def _login(self, request: Request) -> Response:
        try:
            fields = await self._form(request)
        except (ApiError, BodyError) as error:
            return self._told(error.status, error.reason)
        response: Response = RedirectResponse("/", 303)
        if not self._caller.door.login(fields.get("token", "").strip(), response, secure=request.url.scheme == "https"):
            response = self._page("login.html", wrong=True)
            response.status_code = 401
        return response

    async def _logout(self, request: Request) -> Response:
        response = RedirectResponse("/login", 303)
        if _is_ours(request):
            self._caller.door.logout(request, response)
        return response

    async def _style(self, request: Request) -> Response:
        return FileResponse(_HERE / "static" / "style.css", media_type="text/css")

    async def _form(self, request: Request) -> dict[str, str]:
        foreign = self._caller.door.guard.check_origin(request.headers)
        if foreign is not None or not _is_ours(request):
            raise ApiError(403, "expected a form of this site's own pages")
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise ApiError(415, "expected a form")
        body = await read_body(
            request.receive, request.headers, most=MAX_FORM_BYTES, timeout_s=FORM_TIMEOUT_S, budget=self._budget
        )
        self._budget.give(len(body))
        try:
            found = parse_qs(body.decode(), max_num_fields=MAX_FIELDS)
        except ValueError as error:
            raise ApiError(400, f"form: {error}") from None
        return {name: values[0] for name, values in found.items()}

    def _call(self, request: Request, query: Any = None, body: Any = None) -> Call:
        return Call(
            self._caller.host, request.path_params, query, body, request.state.actor, self._clock, request.state.vouched
        )

    def _told(self, status: int, reason: str) -> Response:
        response = self._page("told.html", status=status, reason=reason)
        response.status_code = status
        return response

    def _page(self, template: str, **values: Any) -> Response:
        return HTMLResponse(self._templates.get_template(template).render(**{"live": None, **values}))

    def _age(self, at: float | None) -> str:
        return "" if at is None else duration(self._clock() - at)


def moment(at: float | None) -> str:
    """A time for people, in UTC.

    >>> moment(1772359200.5), moment(None)
    ('2026-03-01 10:00:00', '')
    """
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """A span for people, in its two largest units at most.

    >>> duration(59), duration(3_700), duration(200_000), duration(-5)
    ('59 s', '1 h 1 min', '2 d 7 h', '0 s')
    """
    whole = max(0, int(seconds))
    for unit, size, small, part in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60)):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // part} {small}"
    return f"{whole // 60} min" if whole >= 60 else f"{whole} s"


def web_link(url: str | None) -> str | None:
    """A link that is safe to show, or nothing.

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
    """Whether the page should load itself again."""
    return request.query_params.get("live") != "off"


def _is_ours(request: Request) -> bool:
    """Browsers say where a form comes from; one that says nothing is not taken."""
    return bool(request.headers.get("origin")) or request.headers.get("sec-fetch-site") == "same-origin"
