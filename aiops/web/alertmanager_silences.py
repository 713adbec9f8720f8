"""Silences in Alertmanager's form, over the engine's own.

A recurring maintenance window, which Alertmanager does not know, is listed by its current or next occurrence. It is
changed and ended where it was made: an update of one occurrence would lose the others.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from aiops.engine.silence_preview import windows
from aiops.engine.silences.actions import arguments, parse_silence
from aiops.engine.silences.silences import KEEP_ENDED_S, Silence
from aiops.errors import AiopsError
from aiops.matchers import Matcher
from aiops.records import Action
from aiops.records.decode import format_time, parse_time
from aiops.web.incidents import hand_in
from aiops.web.operations import ApiError, Call

State = Literal["active", "pending", "expired"]
ORDER: dict[str, int] = {"active": 1, "pending": 2, "expired": 3}
OPERATORS = {(True, False): "=", (True, True): "=~", (False, False): "!=", (False, True): "!~"}
Text = Annotated[str, Meta(max_length=10_000)]
Time = Annotated[str, Meta(min_length=1, max_length=64)]


class ApiMatcher(Struct, rename="camel", omit_defaults=False):
    """A matcher; `isEqual` is true where a client of before 0.22 leaves it out."""

    name: Annotated[str, Meta(min_length=1, max_length=1_024)]
    value: Annotated[str, Meta(max_length=4_096)]
    is_regex: bool
    is_equal: bool = True


class PostableSilence(Struct, rename="camel"):
    """A silence to set; an `id` names the one to update."""

    matchers: Annotated[list[ApiMatcher], Meta(min_length=1, max_length=32)]
    starts_at: Time
    ends_at: Time
    created_by: Text
    comment: Text
    id: Annotated[str, Meta(max_length=256)] | None = None


class SilenceStatus(Struct):
    """The state of a silence."""

    state: State


class GettableSilence(Struct, rename="camel"):
    """A silence as Alertmanager answers it."""

    id: str
    status: SilenceStatus
    updated_at: str
    comment: str
    created_by: str
    ends_at: str
    matchers: list[ApiMatcher]
    starts_at: str


class SilenceId(Struct, rename={"silence_id": "silenceID"}):
    """The answer to a silence that was set."""

    silence_id: str


def list_silences(call: Call, matchers: Sequence[Matcher]) -> list[GettableSilence]:
    """Return silences that have all of these matchers: active, pending, then expired ones."""
    now = call.clock()
    found = [one for one in _all(call, now) if all(matcher in one.matchers for matcher in matchers)]
    made = [(one, _gettable(one, now)) for one in found]
    return [shown for _, shown in sorted(made, key=lambda pair: _order(*pair))]


def get_silence(call: Call, name: str) -> GettableSilence:
    """Return a silence by its id; raise `ApiError` 404."""
    now = call.clock()
    return _gettable(_named(call, name, now), now)


def end_silence(call: Call, name: str) -> None:
    """End a silence; raise `ApiError` for one that has ended, recurs, or does not exist."""
    now = call.clock()
    try:
        silence = _named(call, name, now)
    except ApiError as error:
        # Clients of before 0.26 do not know the status 404 here, and would show no reason.
        raise ApiError(500, error.reason) from None
    if silence.every is None and silence.end <= now:
        raise ApiError(500, f"silence {name}: expected one that is active or pending; it has expired")
    _refuse_recurring(silence)
    _end(call, name)


def post_silence(call: Call, wanted: PostableSilence) -> SilenceId:
    """Set a silence, or update the one of that id.

    As in Alertmanager, an update that changes the matchers or the start of an active silence ends it and sets another.
    """
    now = call.clock()
    new = _parsed(call, wanted, now)
    if not wanted.id:
        return _set(call, _from_now(new, now))
    old = _named(call, wanted.id, now)
    _refuse_recurring(old)
    if _in_place(old, new, now):
        return _set(call, msgspec.structs.replace(new, id=old.id, start=_kept_start(old, new)))
    made = _set(call, _from_now(new, now))
    if now < old.end:
        _end(call, old.id)
    return made


def _parsed(call: Call, wanted: PostableSilence, now: float) -> Silence:
    """Return the silence with an id of its own; raise `ApiError` 400 for what does not fit."""
    try:
        start, end = _time(wanted.starts_at, "startsAt"), _time(wanted.ends_at, "endsAt")
        if end <= start:
            raise ApiError(400, "silence: startsAt must be before endsAt")
        if end <= now:
            raise ApiError(400, f"silence: endsAt: expected a time to come (got {wanted.ends_at!r})")
        matchers = tuple(_matcher(one) for one in wanted.matchers)
        silence = Silence(str(uuid.uuid4()), matchers, start, end, None, wanted.comment, created_by=wanted.created_by)
        return parse_silence(_action(call, silence), now)
    except AiopsError as error:
        raise ApiError(400, str(error)) from None


def _time(text: str, name: str) -> float:
    return parse_time(text, f"silence: {name}")


def _in_place(old: Silence, new: Silence, now: float) -> bool:
    """Return true if an update keeps the id: equal matchers, and an equal start or one to come."""
    if set(old.matchers) != set(new.matchers) or old.end <= now:
        return False
    return int(old.start) == int(new.start) if old.start <= now else new.start >= now


def _kept_start(old: Silence, new: Silence) -> float:
    return old.start if int(old.start) == int(new.start) else new.start


def _from_now(silence: Silence, now: float) -> Silence:
    return msgspec.structs.replace(silence, start=now) if silence.start < now else silence


def _set(call: Call, silence: Silence) -> SilenceId:
    hand_in(call, _action(call, silence))
    return SilenceId(silence.id)


def _action(call: Call, silence: Silence) -> Action:
    return Action(
        ts=call.clock(), verb="silence", actor=call.actor, args=arguments(silence), message=silence.comment or None
    )


def _end(call: Call, name: str) -> None:
    hand_in(call, Action(ts=call.clock(), verb="unsilence", actor=call.actor, args={"id": name}))


def _refuse_recurring(silence: Silence) -> None:
    if silence.every is not None:
        raise ApiError(
            400,
            f"silence {silence.id}: it recurs ({silence.recurrence()}), which this API cannot express; change or end "
            f"it on the page or with `aiops silences end {silence.id}`",
        )


def _all(call: Call, now: float) -> list[Silence]:
    held, ended = call.host.all_silences()
    return [*held, *(one for one in ended if one.end >= now - KEEP_ENDED_S)]


def _named(call: Call, name: str, now: float) -> Silence:
    found = next((one for one in _all(call, now) if one.id == name), None)
    if found is None:
        raise ApiError(404, f"silence {name[:100]}: not found")
    return found


def _gettable(silence: Silence, now: float) -> GettableSilence:
    start, end, comment = silence.start, silence.end, silence.comment
    if silence.every is not None:
        coming = windows(silence, now)
        start, end = (coming[0].start, coming[0].end) if coming else (start, end)
        comment = f"{comment} [{silence.recurrence()}]".strip()
    state: State = "pending" if now < start else "active" if now < end else "expired"
    return GettableSilence(
        id=silence.id,
        status=SilenceStatus(state),
        updated_at=format_time(silence.updated_at or silence.start),
        comment=comment,
        created_by=silence.created_by or "unknown",
        ends_at=format_time(end),
        matchers=[_api_matcher(one) for one in silence.matchers],
        starts_at=format_time(start),
    )


def _order(silence: Silence, shown: GettableSilence) -> tuple[int, float, str]:
    state = shown.status.state
    at = {"active": silence.end, "pending": silence.start, "expired": -silence.end}[state]
    return ORDER[state], at, silence.id


def _api_matcher(matcher: Matcher) -> ApiMatcher:
    return ApiMatcher(matcher.label, matcher.value, "~" in matcher.op, not matcher.op.startswith("!"))


def _matcher(given: ApiMatcher) -> Matcher:
    return Matcher(given.name, OPERATORS[given.is_equal, given.is_regex], given.value)
