"""The form of a replay: what to replay, and up to three settings to change."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from aiops.engine.silences.actions import parse_moment
from aiops.errors import AiopsError
from aiops.pages.times import moment
from aiops.views.replay import Job
from aiops.web.operations import ApiError, Call
from aiops.web.replays import NewReplay, start_replay

ROWS = 3
MAX_FIELD_CHARS = 2_000
# Stretches of the journal that one press chooses, in seconds.
STRETCHES = {"3600": "Last hour", "21600": "Last 6 h", "86400": "Last 24 h", "604800": "Last 7 d"}
BETWEEN, ARCHIVE = "between", "archive:"


class Row(Struct):
    """A setting to change."""

    key: str = ""
    value: str = ""


class ReplayForm(Struct):
    """The fields of the form, as they were entered."""

    source: str = "86400"
    since: str = ""
    until: str = ""
    rows: list[Row] = field(default_factory=lambda: [Row() for _ in range(ROWS)])


def form_of(fields: Mapping[str, str]) -> ReplayForm:
    """Return the form of a request's fields, each cut to a sane length."""
    given = {name: text[:MAX_FIELD_CHARS].strip() for name, text in fields.items()}
    rows = [Row(given.get(f"key{number}", ""), given.get(f"value{number}", "")) for number in range(ROWS)]
    return ReplayForm(given.get("source", "86400"), given.get("since", ""), given.get("until", ""), rows)


def of_job(job: Job, zone: str) -> ReplayForm:
    """Return the form with the input and the changes of a job, to replay with others."""
    rows = [Row(key, value) for key, value in list(job.changes.items())[:ROWS]]
    rows += [Row() for _ in range(ROWS - len(rows))]
    if job.archive:
        return ReplayForm(f"{ARCHIVE}{job.archive}", rows=rows)
    return ReplayForm(BETWEEN, _local(job.since, zone), _local(job.until or job.started_at, zone), rows)


def _local(at: float | None, zone: str) -> str:
    """Return a time as a browser's field holds it."""
    return moment(at, zone).replace(" ", "T")


def start(call: Call, form: ReplayForm, zone: str) -> Job:
    """Start the replay of a form, whose times are in `zone`; raise `ApiError` for what does not fit."""
    call.body = body_of(form, zone)
    return start_replay(call)


def body_of(form: ReplayForm, zone: str) -> NewReplay:
    """Return the request of a form; raise `ApiError` for one that does not fit."""
    changes = _changes(form.rows)
    if form.source.startswith(ARCHIVE):
        return NewReplay(changes, archive=form.source.removeprefix(ARCHIVE) or "none")
    if form.source == BETWEEN:
        return NewReplay(changes, since=_moment(form.since, "from", zone), until=_moment(form.until, "to", zone))
    if form.source not in STRETCHES:
        raise ApiError(400, f"what to replay: expected one of the choices; got {form.source[:40]!r}")
    return NewReplay(changes, last_s=float(form.source))


def _changes(rows: list[Row]) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in rows:
        if not row.key and not row.value:
            continue
        if not row.key or not row.value:
            got = f"only {'the key ' + row.key if row.key else 'the value ' + row.value}"
            raise ApiError(400, f"change: expected a key and a value; got {got[:120]}")
        if row.key in found:
            raise ApiError(400, f"change: {row.key[:100]} is there twice; leave one of them empty")
        found[row.key] = row.value
    if not found:
        raise ApiError(400, "change: expected a setting to change; without one both sides are equal")
    return found


def _moment(text: str, place: str, zone: str) -> float | None:
    if not text:
        return None
    try:
        return parse_moment(text, place, zone)
    except AiopsError as error:
        raise ApiError(400, str(error)) from None
