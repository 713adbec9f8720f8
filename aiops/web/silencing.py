"""The page of silences: those there are, a form for a new one, and a button that ends one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from aiops.errors import AiopsError
from aiops.matchers import Matcher, read_matcher
from aiops.records.decode import parse_time
from aiops.respond.durations import seconds
from aiops.web import incidents, model
from aiops.web.operations import ApiError, Call

# As the API takes them; the form's fields are cut before that.
MAX_MATCHERS, MAX_COMMENT_CHARS, MAX_FIELD_CHARS = 32, 2_000, 8_000
_DURATION = re.compile(r"[0-9]{1,5}(s|m|h|d)")
# What a browser sends for a local time; the page says that it is UTC.
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


class Form(Struct):
    """What stands in the fields of the form, as it was written."""

    matchers: str = ""
    lasts: str = "1h"
    start: str = ""
    every: str = ""
    comment: str = ""


def form_of(fields: Mapping[str, str]) -> Form:
    """The form of a request's fields, each cut to a sane length."""
    given = {name: fields[name][:MAX_FIELD_CHARS].strip() for name in Form.__struct_fields__ if name in fields}
    return Form(**given)


def prefilled(query: Mapping[str, str]) -> Form:
    """The form with a matcher for each of `alertname`, `entity` and `service` of the address."""
    found = [f"{name}={query[name][:1_000]}" for name in ("alertname", "entity", "service") if query.get(name)]
    return Form(matchers="\n".join(found))


def add(call: Call, form: Form) -> model.Done:
    """Add the silence of a form; raise `ApiError` that says what does not fit."""
    begins = call.clock()
    try:
        matchers = [read_matcher(line.strip()) for line in form.matchers.splitlines() if line.strip()]
        if form.start:
            if not _LOCAL.fullmatch(form.start):
                raise ApiError(400, f"from: expected a time such as 2026-03-01T10:00; got {form.start[:40]!r}")
            begins = parse_time(form.start + (":00Z" if len(form.start) == 16 else "Z"), "from")
    except AiopsError as error:
        raise ApiError(400, str(error)) from None
    wanted = model.NewSilence(
        matchers=_bounded(matchers),
        until=begins + _lasts(form.lasts),
        from_=begins,
        every=_every(form.every),
        comment=form.comment[:MAX_COMMENT_CHARS] or None,
    )
    return incidents.add_silence(_with(call, wanted))


def _bounded(matchers: list[Matcher]) -> list[Matcher]:
    if not 1 <= len(matchers) <= MAX_MATCHERS:
        raise ApiError(400, f"expected 1 to {MAX_MATCHERS} matchers, one a line; got {len(matchers)}")
    return matchers


def _lasts(text: str) -> float:
    if not _DURATION.fullmatch(text):
        raise ApiError(400, f"for: expected a length of time such as 15m, 2h or 7d; got {text[:40]!r}")
    return seconds(text)


def _every(text: str) -> Any:
    if text not in ("", "day", "week"):
        raise ApiError(400, f"again: expected day, week or nothing; got {text[:40]!r}")
    return text or None


def _with(call: Call, body: Any) -> Call:
    return Call(call.host, call.params, call.query, body, call.actor, call.clock, call.vouched)
