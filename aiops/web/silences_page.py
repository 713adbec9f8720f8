"""The page of silences: a list, a form for a new one with a preview, and a button to end one."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from aiops import zones
from aiops.durations import seconds
from aiops.engine.silence_preview import Preview
from aiops.engine.silences.actions import parse_moment
from aiops.errors import AiopsError
from aiops.matchers import MAX_MATCHERS, Matcher, read_matchers
from aiops.web import bodies, silences
from aiops.web.operations import ApiError, Call

# The limits of the API; the form's fields are cut before.
MAX_COMMENT_CHARS, MAX_FIELD_CHARS = 2_000, 8_000
_DURATION = re.compile(r"[0-9]{1,5}(s|m|h|d)")
# The format in which a browser sends a local time, here in the form's time zone.
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_EVERY = ("", "day", "week", "month")


class Form(Struct):
    """The fields of the form, as they were entered."""

    matchers: str = ""
    lasts: str = "1h"
    start: str = ""
    every: str = ""
    zone: str = ""
    weekdays: str = ""
    days: str = ""
    comment: str = ""


def form_of(fields: Mapping[str, str]) -> Form:
    """Return the form of a request's fields, each cut to a sane length."""
    given = {name: fields[name][:MAX_FIELD_CHARS].strip() for name in Form.__struct_fields__ if name in fields}
    return Form(**given)


def prefilled(query: Mapping[str, str]) -> Form:
    """Return the form with a matcher for each of `alertname`, `entity` and `service` of the address."""
    names = ("alertname", "entity", "service")
    found = [str(Matcher(name, "=", query[name][:1_000])) for name in names if query.get(name)]
    return Form(matchers="\n".join(found))


def add(call: Call, form: Form) -> bodies.Done:
    """Add the silence of a form; raise `ApiError` that names what does not fit."""
    return silences.add(call, _arguments(call, form), form.comment[:MAX_COMMENT_CHARS] or None)


def preview(call: Call, form: Form) -> Preview:
    """Return the alerts that the silence of a form would match now.

    Raise `ApiError` that names what does not fit.
    """
    return silences.preview(call, _arguments(call, form))


def _arguments(call: Call, form: Form) -> dict[str, str]:
    if form.every not in _EVERY:
        raise ApiError(400, f"again: expected day, week, month or nothing; got {form.every[:40]!r}")
    try:
        matchers = [one for line in form.matchers.splitlines() if line.strip() for one in read_matchers(line)]
        if not 1 <= len(matchers) <= MAX_MATCHERS:
            raise ApiError(400, f"matchers: expected 1 to {MAX_MATCHERS} matchers, one a line; got {len(matchers)}")
        begins = _begins(call, form)
        until = _until(begins, form)
    except AiopsError as error:
        raise ApiError(400, str(error)) from None
    given = {
        "id": silences.new_id(),
        "matchers": msgspec.json.encode(matchers).decode(),
        # `repr` gives the shortest text that parses to the same number.
        "from": repr(begins),
        "until": repr(until),
        "every": form.every,
        "zone": form.zone,
        "weekdays": form.weekdays,
        "days": form.days,
    }
    return {name: text for name, text in given.items() if text}


def _begins(call: Call, form: Form) -> float:
    if not form.start:
        return call.clock()
    if not _LOCAL.fullmatch(form.start):
        raise ApiError(400, f"from: expected a time such as 2026-03-01T10:00; got {form.start[:40]!r}")
    return parse_moment(form.start, "from", form.zone or None)


def _until(begins: float, form: Form) -> float:
    if not _DURATION.fullmatch(form.lasts):
        raise ApiError(400, f"for: expected a duration such as 15m, 2h or 7d; got {form.lasts[:40]!r}")
    if form.every:
        # A recurring window is as long as the wall clock shows.
        return zones.later(begins, seconds(form.lasts), zones.zone(form.zone or "UTC"))
    return begins + seconds(form.lasts)
