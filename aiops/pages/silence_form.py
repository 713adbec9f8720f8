"""The form of a silence: its fields, what fills them in, and the action that they mean."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from aiops import zones
from aiops.durations import compact, seconds
from aiops.engine.silences.actions import arguments, parse_moment
from aiops.engine.silences.silences import Silence
from aiops.errors import AiopsError
from aiops.matchers import MAX_MATCHERS, Matcher, read_matchers
from aiops.views.silence_matches import Meant
from aiops.web import bodies, silences
from aiops.web.operations import ApiError, Call
from aiops.web.silences import SilenceMatches

# The limits of the API; the form's fields are cut before.
MAX_COMMENT_CHARS, MAX_FIELD_CHARS = 2_000, 8_000
_DURATION = re.compile(r"[0-9]{1,5}(s|m|h|d)")
# The format in which a browser sends a local time, here in the form's time zone.
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_EVERY = ("", "day", "week", "month")
# The choices of a length; `other` and `until` have a field of their own.
LENGTHS = ("30m", "2h", "8h", "1d")
OTHER, UNTIL = "other", "until"


class Form(Struct):
    """The fields of the form, as they were entered; `id` names a silence that is replaced.

    `seen` is the digest of the fields that a preview was made of, `incident` the incidents that it was filled in from,
    with a space between.
    """

    matchers: str = ""
    lasts: str = "2h"
    other: str = ""
    until: str = ""
    start: str = ""
    every: str = ""
    zone: str = ""
    weekdays: str = ""
    days: str = ""
    comment: str = ""
    id: str = ""
    seen: str = ""
    incident: str = ""

    def digest(self) -> str:
        """Return the digest of what a preview depends on."""
        given = [getattr(self, name) for name in self.__struct_fields__ if name not in ("comment", "seen", "incident")]
        return hashlib.sha256(msgspec.json.encode(given)).hexdigest()[:16]

    @property
    def length(self) -> str:
        """Return the length as text, where it is one."""
        return self.other if self.lasts == OTHER else self.lasts

    @property
    def is_timed(self) -> bool:
        """Return True if a time of start, or a recurrence, was entered."""
        return bool(self.start or self.every or self.zone or self.weekdays or self.days)


def form_of(fields: Mapping[str, str]) -> Form:
    """Return the form of a request's fields, each cut to a sane length."""
    given = {name: fields[name][:MAX_FIELD_CHARS].strip() for name in Form.__struct_fields__ if name in fields}
    form = Form(**given)
    # Browsers end the lines of a field with both signs; the digest is of one.
    form.matchers = "\n".join(form.matchers.splitlines())
    # A length that is none of the choices stands in the field for others.
    if form.lasts not in (*LENGTHS, OTHER, UNTIL):
        form.lasts, form.other = OTHER, form.lasts
    return form


def prefilled(query: Mapping[str, str]) -> Form:
    """Return the form that an address fills in.

    `matchers` has them as they are written; `alertname` (or `name`), `entity` and `service` are one matcher each. `for`
    is the length, `why` the comment.
    """
    if query.get("matchers"):
        lines = [query["matchers"]]
    else:
        given = [("alertname", query.get("alertname") or query.get("name"))]
        given += [(name, query.get(name)) for name in ("entity", "service")]
        lines = [str(Matcher(name, "=", value[:1_000])) for name, value in given if value]
    fields = {"matchers": "\n".join(lines), "lasts": query.get("for", ""), "comment": query.get("why", "")}
    fields |= {name: query[name] for name in ("every", "zone", "start", "weekdays", "days") if name in query}
    return form_of({name: text for name, text in fields.items() if text})


def of_matchers(matchers: Sequence[Matcher], incidents: Sequence[str]) -> Form:
    """Return the form of the matchers for what fires of incidents."""
    return Form(matchers="\n".join(map(str, matchers)), incident=" ".join(incidents))


def of_silence(silence: Silence, zone: str, *, is_again: bool) -> Form:
    """Return the form of a silence, to change it, or to set another like it (`is_again`) from now on."""
    form = Form(matchers="\n".join(map(str, silence.matchers)), comment=silence.comment)
    form.lasts, form.other = OTHER, _written(silence.end - silence.start)
    if silence.every is not None or not is_again:
        form.every, form.zone = silence.every or "", silence.zone or zone
        form.weekdays, form.days = ",".join(silence.weekdays), ",".join(map(str, silence.days))
        form.start = _local(silence.start, form.zone)
    if not is_again:
        form.id = silence.id
    return form


def fields_of(silence: Silence) -> dict[str, str]:
    """Return the fields of a form that sets a silence exactly as it was, for an undo."""
    return {"do": "restore", **arguments(silence), "comment": silence.comment}


def replaced(text: str, meant: Meant) -> str:
    """Return matchers, one a line, with the one that was meant in the place of the other."""
    found = [one for line in text.splitlines() if line.strip() for one in read_matchers(line)]
    return "\n".join(str(meant.meant) if str(one) == meant.got else str(one) for one in found)


def add(call: Call, form: Form) -> bodies.Done:
    """Add the silence of a form; raise `ApiError` that names what does not fit."""
    return silences.add(call, _arguments(call, form), form.comment[:MAX_COMMENT_CHARS] or None)


def matches(call: Call, form: Form) -> SilenceMatches:
    """Return what the silence of a form matches; raise `ApiError` that names what does not fit."""
    return silences.matches(call, _arguments(call, form))


def matchers_of(form: Form) -> list[Matcher]:
    """Return the matchers of a form, one a line or several; raise `UsageError` for what is none."""
    return [one for line in form.matchers.splitlines() if line.strip() for one in read_matchers(line)]


def _arguments(call: Call, form: Form) -> dict[str, str]:
    if form.every not in _EVERY:
        raise ApiError(400, f"again: expected day, week, month or nothing; got {form.every[:40]!r}")
    try:
        matchers = matchers_of(form)
        if not 1 <= len(matchers) <= MAX_MATCHERS:
            raise ApiError(400, f"matchers: expected 1 to {MAX_MATCHERS} matchers, one a line; got {len(matchers)}")
        begins = _begins(call, form)
        until = _until(begins, form)
    except AiopsError as error:
        raise ApiError(400, str(error)) from None
    given = {
        "id": form.id or silences.new_id(),
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
    return _moment(form.start, "from", form.zone)


def _until(begins: float, form: Form) -> float:
    if form.lasts == UNTIL:
        return _moment(form.until, "until", form.zone)
    text = form.length
    if not _DURATION.fullmatch(text):
        raise ApiError(400, f"for: expected a duration such as 15m, 2h or 7d; got {text[:40]!r}")
    if form.every:
        # A recurring window is as long as the wall clock shows.
        return zones.later(begins, seconds(text), zones.zone(form.zone or "UTC"))
    return begins + seconds(text)


def _moment(text: str, what: str, zone: str) -> float:
    if not _LOCAL.fullmatch(text):
        raise ApiError(400, f"{what}: expected a time such as 2026-03-01T10:00; got {text[:40]!r}")
    return parse_moment(text, what, zone or None)


def _written(length_s: float) -> str:
    """Return a length as a form has it: in the largest unit that fits.

    >>> _written(7_200), _written(90), _written(86_400)
    ('2h', '90s', '1d')
    """
    whole = max(1, round(length_s)) if abs(length_s) < 1e9 else 1
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if whole % size == 0:
            return f"{whole // size}{unit}"
    return f"{whole}s"


def _local(at: float, zone: str) -> str:
    try:
        return zones.wall(at, zones.zone(zone)).strftime("%Y-%m-%dT%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return ""


def length_words(form: Form) -> str:
    """Return the length for a button.

    >>> length_words(Form(lasts="30m")), length_words(Form(lasts="until", until="2026-03-01T10:00"))
    ('for 30 min', 'until 2026-03-01 10:00')
    """
    if form.lasts == UNTIL:
        return f"until {form.until.replace('T', ' ')}"
    return f"for {compact(seconds(form.length))}"
