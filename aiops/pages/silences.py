"""The page of silences: a form beside what it matches, those set, those that ended, and a calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aiops.engine.silences.silences import Silence
from aiops.errors import AiopsError
from aiops.matchers import Matcher
from aiops.pages import silence_form, silence_table, times
from aiops.pages.bulk_silence import MAX_INCIDENTS, silence_address
from aiops.pages.shell import Shell, Undo, reader_of, segment
from aiops.pages.silence_form import Form
from aiops.search.syntax import quoted
from aiops.store import incidents
from aiops.store.alert_values import names, values
from aiops.views.silence_calendar import calendar
from aiops.web import bodies, silences
from aiops.web.action_bodies import MAX_BULK
from aiops.web.host import Host
from aiops.web.incident_silence import Share, matchers_of, share_of
from aiops.web.operations import ApiError, Call
from aiops.web.silences import SilenceMatches
from aiops.web.unnotified import has_endpoints

# Labels of the history that the form offers, and values of each.
LABELS, VALUES = 12, 6
CHANGED = "The form is not what the preview showed. Look at what it matches now, then silence it."


class Shown(Struct):
    """The form as the page shows it: what it matches, what is wrong with it, and where it came from."""

    form: Form
    seen: SilenceMatches | None = None
    shares: list[Share] = []
    wrong: str = ""
    origin: str = ""
    status: int = 200


class SilencesPage:
    """Silences and maintenance windows."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def routes(self) -> Sequence[Route]:
        """See `Page.routes`."""
        return [
            self._shell.get("/silences", self._list),
            self._shell.post("/silences", self._add),
            self._shell.post("/silences/{id}/extend", self._extend),
            self._shell.post("/silences/{id}/end", self._end),
        ]

    async def _list(self, request: Request) -> Response:
        return await self._page(request, await run_in_threadpool(self._filled, request))

    async def _add(self, request: Request) -> Response:
        fields = await self._shell.forms.read(request)
        form = silence_form.form_of(fields)
        what = fields.get("do", "add")
        if what == "restore":
            return await run_in_threadpool(self._restore, request, fields)
        if what == "preview" or (form.seen and form.seen != form.digest()):
            shown = await run_in_threadpool(self._matched, request, Shown(form))
            if what != "preview" and not shown.wrong:
                shown.wrong = CHANGED
            return await self._page(request, shown)
        try:
            return await run_in_threadpool(self._set, request, form)
        except ApiError as error:
            # The fields keep their content.
            shown = await run_in_threadpool(self._matched, request, Shown(form))
            shown.wrong, shown.status = error.reason, error.status
            return await self._page(request, shown)

    def _set(self, request: Request, form: Form) -> Response:
        before = self._current(form.id) if form.id else None
        form.id = form.id or silences.new_id()
        done = silence_form.add(self._shell.call(request), form)
        undo = Undo(f"/silences/{segment(form.id)}/end")
        if before is not None:
            undo = Undo("/silences", silence_form.fields_of(before))
        text = "Silenced" if before is None else "Changed"
        return self._shell.done(request, "/silences", f"{text}: {done.reason}.", undo)

    def _restore(self, request: Request, fields: Mapping[str, str]) -> Response:
        """Set a silence again as it was."""
        kept = ("id", "matchers", "from", "until", "every", "zone", "weekdays", "days")
        args = {name: fields[name] for name in kept if fields.get(name)}
        silences.add(self._shell.call(request), args, fields.get("comment") or None)
        return self._shell.done(request, "/silences", "The silence is as it was.")

    async def _extend(self, request: Request) -> Response:
        fields = await self._shell.forms.read(request)
        return await run_in_threadpool(self._extended, request, fields.get("by", "1h"))

    def _extended(self, request: Request, by: str) -> Response:
        before = self._current(request.path_params["id"])
        length = silence_table.EXTENSIONS.get(by)
        if length is None:
            raise ApiError(400, f"by: expected {', '.join(silence_table.EXTENSIONS)}; got {by[:40]!r}")
        silences.extend_silence(self._shell.call(request, body=bodies.Extend(length)))
        undo = Undo("/silences", silence_form.fields_of(before)) if before is not None else None
        return self._shell.done(request, "/silences", f"It ends {silence_table.words_of(by)} later.", undo)

    async def _end(self, request: Request) -> Response:
        await self._shell.forms.read(request)
        return await run_in_threadpool(self._ended, request)

    def _ended(self, request: Request) -> Response:
        before = self._current(request.path_params["id"])
        done = silences.end_silence(self._shell.call(request))
        undo = Undo("/silences", silence_form.fields_of(before)) if before is not None else None
        return self._shell.done(request, "/silences", f"Ended: {done.reason}.", undo)

    def _filled(self, request: Request) -> Shown:
        """Return the form that the address fills in, with its preview if it has matchers."""
        query = request.query_params
        shown = Shown(silence_form.prefilled(query))
        named = [name for name in dict.fromkeys(query.getlist("incident")) if name]
        if named:
            shown = self._of_incidents(request, named, shown.form)
        for word in ("edit", "again"):
            if query.get(word):
                shown = self._of_silence(query[word], reader_of(request).zone, is_again=word == "again")
        return self._matched(request, shown) if shown.form.matchers and not shown.wrong else shown

    def _of_incidents(self, request: Request, named: Sequence[str], given: Form) -> Shown:
        reader, call = self._host.store.database.reader, self._shell.call(request)
        found = [stored.incident for name in named[:MAX_BULK] if (stored := incidents.get(reader, name)) is not None]
        if len(found) < len(named):
            missing = next(name for name in named if all(one.id != name for one in found))
            return Shown(given, wrong=f"incident: there is none named {missing[:100]!r}", status=404)
        try:
            silence_address(found)
        except ApiError as error:
            return Shown(given, wrong=error.reason, status=error.status)
        form = silence_form.of_matchers(matchers_of(call, found), [one.id for one in found])
        form.lasts, form.other, form.comment = given.lasts, given.other, given.comment
        return Shown(form, shares=[] if form.matchers else self._shares(call, form))

    def _of_silence(self, name: str, zone: str, *, is_again: bool) -> Shown:
        present, past = self._host.all_silences()
        found = next((one for one in (*present, *(past if is_again else ())) if one.id == name), None)
        if found is None:
            return Shown(Form(), wrong=f"silence: there is none named {name[:100]!r}", status=404)
        return Shown(silence_form.of_silence(found, zone, is_again=is_again), origin=found.id)

    def _matched(self, request: Request, shown: Shown) -> Shown:
        """Add what the form matches, or what is wrong with it."""
        call = self._shell.call(request)
        try:
            shown.seen = silence_form.matches(call, shown.form)
            shown.shares = self._shares(call, shown.form)
        except ApiError as error:
            shown.wrong, shown.status = error.reason, error.status
        return shown

    def _shares(self, call: Call, form: Form) -> list[Share]:
        """Return what the form mutes of the incidents that it was filled in from."""
        names, matchers = form.incident.split()[:MAX_INCIDENTS], silence_form.matchers_of(form)
        found = [incidents.get(self._host.store.database.reader, name) for name in names]
        return [share_of(call, one.incident, matchers, names) for one in found if one is not None]

    async def _page(self, request: Request, shown: Shown) -> Response:
        given = await run_in_threadpool(self._tables, request)
        response = self._shell.render(request, "silences.html", shown=shown, form=shown.form, seen=shown.seen, **given)
        response.status_code = shown.status
        return response

    def _tables(self, request: Request) -> dict[str, Any]:
        """Return what stands below the form."""
        wanted = request.query_params.get("show", "current") if request.method == "GET" else "current"
        zone, now, reader = reader_of(request).zone, self._shell.clock(), self._host.store.database.reader
        present = sorted(self._host.silences(), key=lambda one: one.start)
        try:
            past = list(reversed(self._host.all_silences()[1])) if wanted != "current" else []
        except AiopsError:
            past = []
        return {
            "show": wanted if wanted in ("current", "ended", "all") else "current",
            "rows": silence_table.rows(reader, [*(present if wanted != "ended" else ()), *past], present, now),
            "days": calendar(present, now, zone),
            "labels": [(name, values(reader, name, VALUES)) for name in ("alertname", *names(reader, LABELS))],
            "length_words": silence_form.length_words,
            "lasting": silence_table.lasting,
            "matcher": lambda label, value: str(Matcher(label, "=", value)),
            "replaced": silence_form.replaced,
            "quoted": quoted,
            "weekday": lambda at: times.weekday(at, zone),
            "day_of": lambda at: times.day(at, zone),
            "minute": lambda at: times.minute(at, zone),
            "extensions": silence_table.EXTENSIONS,
            "now": now,
            "has_endpoints": has_endpoints(self._host),
        }

    def _current(self, name: str) -> Silence | None:
        return next((one for one in self._host.silences() if one.id == name), None)

    @property
    def _host(self) -> Host:
        return self._shell.caller.host
