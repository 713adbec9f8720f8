"""The page of the history of alerts: what fired, where it went, and who was notified of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.durations import compact
from aiops.engine.silences.actions import parse_moment
from aiops.errors import AiopsError
from aiops.pages.incident_actions import sentence
from aiops.pages.shell import Shell, reader_of
from aiops.store.alert_terms import FIELDS, WENT, terms_of
from aiops.store.alert_values import Meant, meant
from aiops.views.alert_trail import Trails
from aiops.web import alerts, bodies
from aiops.web.action_bodies import OpenAlert
from aiops.web.forms import body_of

# The choices of time, in seconds; the last two have no length.
SPANS = {"1h": 3_600.0, "24h": 86_400.0, "7d": 7 * 86_400.0, "30d": 30 * 86_400.0}
WHEN = (("1h", "Last hour"), ("24h", "Last 24 hours"), ("7d", "Last 7 days"), ("30d", "Last 30 days"))
ALL, BETWEEN = "all", "between"
# What ended an alert, where its tool did not.
ENDED = {
    None: "",
    "sender": "",
    "lease": ", until its lease ran out",
    "silence": ", then silent",
    "forgotten": ", then forgotten",
}
MAX_TEXT = 8_000
ROWS = 50


class Fields(Struct):
    """The fields of the search, as they stand in the address."""

    q: str = ""
    when: str = "24h"
    since: str = ""
    until: str = ""
    went: str = ""
    before: str = ""

    def address(self, **other: str) -> str:
        """Return the query of the same search with other fields; what is empty is left out."""
        given = {name: getattr(self, name) for name in self.__struct_fields__} | other
        if given["when"] != BETWEEN:
            given["since"] = given["until"] = ""
        return urlencode([(name, value) for name, value in given.items() if value])


def fields_of(query: Mapping[str, str]) -> Fields:
    """Return the fields of an address, each cut to a sane length."""
    given = {name: query[name][:MAX_TEXT].strip() for name in Fields.__struct_fields__ if query.get(name)}
    if "when" not in given and ("since" in given or "until" in given):
        given["when"] = BETWEEN
    return Fields(**given)


class AlertsPage:
    """The history of alerts."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [self._shell.get("/alerts", self._list), self._shell.post("/alerts/open", self._open)]

    async def _open(self, request: Request) -> Response:
        fields = await self._shell.forms.read(request)
        call = self._shell.call(request, body=body_of(fields, OpenAlert))
        done = await run_in_threadpool(alerts.open_alert, call)
        return self._shell.done(
            request, f"/alerts?{urlencode({'q': f'fingerprint:{call.body.alert}'})}", sentence(done)
        )

    async def _list(self, request: Request) -> Response:
        fields, found, wrong = fields_of(request.query_params), None, ""
        try:
            query = self._query(request, fields)
            found = await run_in_threadpool(alerts.alert_history, self._shell.call(request, query=query))
        except AiopsError as error:
            wrong = str(error)
        response = self._shell.render(
            request,
            "alerts.html",
            fields=fields,
            known_fields=FIELDS,
            lasted=lambda begun, ended: compact(ended - begun),
            ended_words=ENDED,
            page=found,
            wrong=wrong,
            when_choices=(*WHEN, (ALL, "All that is kept"), (BETWEEN, "From … to …")),
            went_choices=(("", "All"), *((name, name.capitalize()) for name in WENT)),
            meant=await run_in_threadpool(self._meant, found, fields),
        )
        response.status_code = 400 if wrong else 200
        return response

    def _query(self, request: Request, fields: Fields) -> bodies.AlertHistoryQuery:
        if fields.when not in (*SPANS, ALL, BETWEEN):
            raise AiopsError(f"when: expected {', '.join(SPANS)}, {ALL} or {BETWEEN}; got {fields.when[:40]!r}")
        if fields.went not in ("", *WENT):
            raise AiopsError(f"went: expected {', '.join(WENT)} or nothing; got {fields.went[:40]!r}")
        zone = reader_of(request).zone
        since = self._shell.clock() - SPANS[fields.when] if fields.when in SPANS else None
        until = None
        if fields.when == BETWEEN:
            since = parse_moment(fields.since, "from", zone) if fields.since else None
            until = parse_moment(fields.until, "to", zone) if fields.until else None
        text = f"{fields.q} went:{fields.went}" if fields.went else fields.q
        given = {"q": text, "since": since, "until": until, "before": fields.before or None, "limit": ROWS}
        try:
            return msgspec.convert(given, bodies.AlertHistoryQuery)
        except msgspec.ValidationError as error:
            raise AiopsError(f"search: {error}") from None

    def _meant(self, found: Trails | None, fields: Fields) -> list[Meant]:
        """Return other searches for one that finds nothing."""
        if found is None or found.alerts or not fields.q:
            return []
        return meant(self._shell.caller.host.store.database.reader, terms_of(fields.q))
