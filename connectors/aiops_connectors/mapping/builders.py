"""Conversion of a mapping's fields to records: accepted values, lengths, and errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from aiops.records import Alert, Change, Metric
from aiops.records.severity import find_severity
from aiops_connectors.mapping.expressions import Scope, Spec, Tables, compile_spec, places, text, untranslated
from aiops_connectors.mapping.labels import Labels, LabelSpec
from aiops_connectors.mapping.placeholders import LONGEST, Placeholder, is_nothing
from aiops_connectors.mapping.sender_key import sender_key
from aiops_connectors.mapping.states import BACKGROUND, BACKGROUND_S, UNRECORDED, state_of
from aiops_connectors.mapping.times import parse_time, zone_of

# The record format's own bound on names.
MAX_NAME = 1024
# A message is for people; more than this is an attachment.
MAX_MESSAGE = 16_384
MAX_URL = 2048
# Paths that a message names; the generic mapping looks at dozens.
MAX_PLACES = 12
# What is counted where a payload states no state.
NO_STATE = "(none)"
# What a dead letter keeps of an item (`aiops.ports.DeadLetter`).
MAX_RAW = 64 * 1024


class Problem(Struct):
    """An item that did not become a record: place, expected and actual value, and the item, cut.

    A `warning` is information about a payload that was accepted as far as possible. An unknown `word` for a state is
    counted, and is no dead letter; so is the word of a `note`, a message that means no record.
    """

    place: str
    reason: str
    raw: bytes = b""
    warning: bool = False
    word: str = ""
    note: bool = False


class Fields(Struct, kw_only=True):
    """The paths of each field of a record.

    `time_formats` are `strptime` formats, tried after RFC 3339 and numbers. `zone` is that of times which state none:
    a name, or an offset such as `+02:00`. `key` is the tool's own identity of the thing that alerts, equal when it
    fires and when it ends; see `Alert.key`. `status` is one of `states.STATES` by the end of its table; where it finds
    nothing, the alert fires with a warning, unless it has a `default`. `recovers`: the tool reports once that something
    fires, and once its end; silence between them is no end. Without a start of its own, an episode starts with its
    message. `lease_s`: a firing alert without an end of its own ends so long after its receipt unless it is sent again;
    for tools that report no end. `annotations` are texts for people, and no part of the identity.
    """

    name: Spec | None = None
    id: Spec | None = None
    ts: Spec | None = None
    severity: Spec | None = None
    status: Spec | None = None
    key: Spec | None = None
    entity: Spec | None = None
    service: Spec | None = None
    message: Spec | None = None
    url: Spec | None = None
    starts_at: Spec | None = None
    ends_at: Spec | None = None
    value: Spec | None = None
    recovers: bool = False
    lease_s: Annotated[float, Meta(gt=0, le=604_800)] | None = None
    labels: LabelSpec = field(default_factory=LabelSpec)
    annotations: LabelSpec = field(default_factory=LabelSpec)
    time_formats: list[str] = []
    zone: str | None = None


class Sent(Struct):
    """The words of an alert's sender, before a mapping's tables; None where it sent none."""

    severity: str | None = None
    status: str | None = None


class Found:
    """The result of a payload so far; `sent` collects the sender's words of each alert."""

    __slots__ = ("problems", "records", "sent")

    def __init__(self, sent: list[Sent] | None = None) -> None:
        self.sent = sent
        self.records: list[Alert | Metric | Change] = []
        self.problems: list[Problem] = []

    def reject(self, place: str, reason: str, item: Any) -> None:
        """Note that `item` does not become a record."""
        self.problems.append(Problem(place=place, reason=reason, raw=raw(item)))

    def fires(self, place: str, where: str, word: str) -> None:
        """Note that an item with an unknown state is taken as firing."""
        got = f"{word[:100]!r}" if word else "nothing"
        reason = f"expected a state that is known at {where}; got {got}: taken as firing"
        self.problems.append(Problem(place=place, reason=reason, warning=True, word=word or NO_STATE))

    def note(self, place: str, word: str, reason: str) -> None:
        """Note that an item means no record."""
        self.problems.append(Problem(place=place, reason=reason, warning=True, word=word, note=True))


Build = Callable[[Scope, str, float, Found], None]


def raw(item: Any) -> bytes:
    """An item as JSON, cut to what a dead letter keeps."""
    try:
        return msgspec.json.encode(item)[:MAX_RAW]
    except (msgspec.MsgspecError, RecursionError, TypeError, ValueError, OverflowError):
        return repr(type(item)).encode()


class _Common:
    """The fields that all kinds of record share, compiled."""

    def __init__(self, fields: Fields, tables: Tables, placeholder: Placeholder | None, local: tzinfo) -> None:
        self.name = _optional(fields.name, tables, placeholder)
        self.id = _optional(fields.id, tables, placeholder)
        self.key = sender_key(_optional(fields.key, tables, placeholder))
        self.entity = _thing(fields.entity, tables, placeholder)
        self.message = _optional(fields.message, tables, placeholder)
        self._ts = _time(fields.ts, tables, fields, local)
        self._placeholder = placeholder
        self.labels = Labels(fields.labels, tables, placeholder).collect
        self.annotations = Labels(fields.annotations, tables, placeholder).collect
        self._name_places = places(fields.name)
        self._entity_places = places(fields.entity)

    def ts(self, scope: Scope, now: float) -> float:
        """The payload's time where it has one, else the time of receipt.

        Never later than the receipt: a sender's clock may be ahead, and one time far ahead would age everything else.
        """
        found = self._ts(scope)
        return found if found is not None and found < now else now

    def missing(self, what: Literal["name", "entity"], scope: Scope) -> str:
        """The sentence for an item without what it must have."""
        paths = self._name_places if what == "name" else self._entity_places
        return f"expected the {what} at {' or '.join(paths)}; got {self._seen(scope, paths)}"

    def _seen(self, scope: Scope, paths: list[str]) -> str:
        for path in paths:
            value = text(compile_spec(path, {})(scope))
            if value is not None and self._placeholder is not None and self._placeholder.occurs(value):
                return f"{value[:100]!r}, which the tool should have replaced"
            if value is not None:
                return repr(value[:100])
        return "nothing"


def _time(spec: Spec | None, tables: Tables, fields: Fields, local: tzinfo) -> Callable[[Scope], float | None]:
    """Return a reader of the first of `spec` that is a time.

    Tools write 0 or the year 1 if there is none yet.
    """
    if spec is None:
        return lambda scope: None
    formats, local = fields.time_formats, zone_of(fields.zone) if fields.zone is not None else local
    getters = [compile_spec(part, tables) for part in (spec if isinstance(spec, list) else [spec])]
    if len(getters) == 1:
        only = getters[0]
        return lambda scope: parse_time(only(scope), formats, local)

    def first(scope: Scope) -> float | None:
        for get in getters:
            found = parse_time(get(scope), formats, local)
            if found is not None:
                return found
        return None

    return first


def _optional(spec: Spec | None, tables: Tables, placeholder: Placeholder | None) -> Callable[[Scope], str | None]:
    if spec is None:
        return lambda scope: None
    get = compile_spec(spec, tables, placeholder)
    if placeholder is None or not _composes(spec):
        # Each part was looked at where it was found.
        return lambda scope: text(get(scope))

    def filled(scope: Scope) -> str | None:
        value = text(get(scope))
        return None if value is not None and placeholder.occurs(value) else value

    return filled


def _composes(spec: Spec) -> bool:
    """Return True if a spec makes texts that no field holds: they may be placeholders again."""
    if isinstance(spec, str):
        return False
    if isinstance(spec, list):
        return any(_composes(part) for part in spec)
    parts = spec.first or []
    return bool(spec.match or spec.step or spec.join) or any(_composes(part) for part in parts)


def _thing(spec: Spec | None, tables: Tables, placeholder: Placeholder | None) -> Callable[[Scope], str | None]:
    """As `_optional`, for what alerts have in common: two alerts of "N/A" have nothing in common."""
    if spec is None:
        return lambda scope: None
    get = _optional(spec, tables, placeholder) if _composes(spec) else compile_spec(spec, tables, placeholder)

    def thing(scope: Scope) -> str | None:
        value = text(get(scope))
        return None if value is None or (len(value) <= LONGEST and is_nothing(value)) else value

    return thing


def builder(
    kind: str,
    fields: Fields,
    source: str,
    tables: Tables,
    placeholder: Placeholder | None,
    local: tzinfo = UTC,
) -> Build:
    """Return the function that builds records of `kind`; `local` is the zone of times without one."""
    common = _Common(fields, tables, placeholder, local)
    if kind == "metric":
        return _metric_builder(common, fields, tables)
    if kind == "change":
        return _change_builder(common, fields, tables, placeholder)
    return _alert_builder(common, fields, source, tables, placeholder, local)


def _alert_builder(
    common: _Common,
    fields: Fields,
    source: str,
    tables: Tables,
    placeholder: Placeholder | None,
    local: tzinfo,
) -> Build:
    severity = _optional(fields.severity, tables, placeholder)
    status = _optional(fields.status, tables, placeholder)
    service = _thing(fields.service, tables, placeholder)
    url = _optional(fields.url, tables, placeholder)
    starts = _time(fields.starts_at, tables, fields, local)
    ends = _time(fields.ends_at, tables, fields, local)
    recovers, lease_s = fields.recovers, fields.lease_s
    status_where = " or ".join(places(fields.status)[:MAX_PLACES])
    has_status = fields.status is not None
    sent_severity = _optional(untranslated(fields.severity), tables, placeholder)
    words = untranslated(fields.status)
    sent_status = _optional(words, tables, placeholder)

    def build(scope: Scope, place: str, now: float, found: Found) -> None:
        name, key = common.name(scope), common.key(scope)
        if name is None:
            if key is None:
                found.reject(place, common.missing("name", scope), scope.item)
                return
            # An end may name only what ends, and an alert is worth more than its title.
            name = key
        when, start, end = common.ts(scope, now), starts(scope), ends(scope)
        state = status(scope)
        if state is None and has_status and end is not None and end <= now:
            # Nothing else states it, and it has ended.
            state = "resolved"
        elif state == "firing" and words is not None and end is not None and end <= now and sent_status(scope) is None:
            # A default stands for what the sender left out, and it stated an end.
            state = "resolved"
        elif state is None:
            state = "firing"
            if has_status:
                found.fires(place, status_where, "")
        if state != "firing" and state != "resolved":
            word, found_state = state, state_of(state)
            if found_state in UNRECORDED:
                found.note(place, str(found_state), f"{word[:100]!r} neither fires nor resolves: nothing was recorded")
                return
            if found_state is None:
                found.fires(place, status_where, word)
            state = found_state or "firing"
        if start is None and recovers and state == "firing":
            start = when
        if start is not None and start > now:
            # A clock ahead, or the local time of a sender that names no zone: nothing starts after it was reported.
            start = now
        if start == when and state == "resolved":
            # Many tools send only the time of the last change, and this change was the end.
            start = None
        if end is not None and state == "firing" and end <= now:
            # While firing, `ends_at` is a lease; a tool that repeats an old end does not mean that.
            end = None
        if end is None and state == "firing" and lease_s is not None:
            end = now + lease_s
        alert = Alert(
            ts=when,
            name=name[:MAX_NAME],
            id=(common.id(scope) or "")[:MAX_NAME],
            source=source,
            key=key,
            severity=_level(severity(scope)),
            status="resolved" if state == "resolved" else "firing",
            service=_cut(service(scope), MAX_NAME),
            entity=_cut(common.entity(scope), MAX_NAME),
            message=_cut(common.message(scope), MAX_MESSAGE),
            labels=common.labels(scope),
            annotations=common.annotations(scope),
            starts_at=start,
            ends_at=end,
            url=_link(url(scope)),
        )
        if state in BACKGROUND:
            _set_aside(alert, BACKGROUND[state], now)
        if found.sent is not None:
            found.sent.append(Sent(sent_severity(scope), sent_status(scope)))
        found.records.append(alert)

    return build


def _set_aside(alert: Alert, suffix: str, now: float) -> None:
    """Make it a stream of its own that pages nobody and expires: neither the alarm's firing nor its end."""
    alert.name = f"{alert.name[: MAX_NAME - 16]} ({suffix})"
    if alert.key is not None:
        alert.key = f"{alert.key[: MAX_NAME - 16]} ({suffix})"
    alert.severity = "info"
    alert.starts_at, alert.ends_at = None, now + BACKGROUND_S


def _metric_builder(common: _Common, fields: Fields, tables: Tables) -> Build:
    value = compile_spec(fields.value or [], tables)

    def build(scope: Scope, place: str, now: float, found: Found) -> None:
        name, entity, number = common.name(scope), common.entity(scope), _number(value(scope))
        if name is None or entity is None:
            found.reject(place, common.missing("entity" if name is not None else "name", scope), scope.item)
        elif number is None:
            found.reject(place, f"expected a number at {' or '.join(places(fields.value))}", scope.item)
        else:
            when, labels = common.ts(scope, now), common.labels(scope)
            key = (common.id(scope) or "")[:MAX_NAME]
            metric = Metric(
                ts=when, entity=entity[:MAX_NAME], name=name[:MAX_NAME], value=number, id=key, labels=labels
            )
            found.records.append(metric)

    return build


def _change_builder(common: _Common, fields: Fields, tables: Tables, placeholder: Placeholder | None) -> Build:
    service = _optional(fields.service, tables, placeholder)
    url = _optional(fields.url, tables, placeholder)

    def build(scope: Scope, place: str, now: float, found: Found) -> None:
        name, entity = common.name(scope), common.entity(scope)
        if name is None or entity is None:
            found.reject(place, common.missing("entity" if name is not None else "name", scope), scope.item)
            return
        found.records.append(
            Change(
                ts=common.ts(scope, now),
                entity=entity[:MAX_NAME],
                name=name[:MAX_NAME],
                id=(common.id(scope) or "")[:MAX_NAME],
                message=_cut(common.message(scope), MAX_MESSAGE),
                labels=common.labels(scope),
                service=_cut(service(scope), MAX_NAME),
                url=_link(url(scope)),
            )
        )

    return build


def _cut(value: str | None, most: int) -> str | None:
    return value[:most] if value is not None else None


def _level(word: str | None) -> str | None:
    """The engine's word for a tool's severity; one that is not known stays, for people to see."""
    if word is None:
        return None
    level = find_severity(word)
    return level.label if level is not None else word[:64]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    # Not a number and infinities cannot be written as JSON.
    return number if -1.7e308 < number < 1.7e308 else None


def _link(value: str | None) -> str | None:
    """Only web links: the page shows them, and a `javascript:` one would run there."""
    if value is None or not value.lower().startswith(("http://", "https://")):
        return None
    return value[:MAX_URL]


__all__ = ["MAX_RAW", "Build", "Fields", "Found", "Problem", "Sent", "builder", "raw"]
