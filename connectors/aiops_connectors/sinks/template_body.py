"""Rendering of a body from a template, with values that cannot break out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus

import msgspec
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from aiops.errors import UsageError
from aiops.ports import Message
from aiops.records import Cause, Change, Evidence, Incident, Member, Suggestion
from aiops.records.decode import format_time
from aiops_connectors.sinks.incident_body import shortened
from aiops_connectors.texts.headline import headline, lasting, notice
from aiops_connectors.texts.links import links
from aiops_connectors.texts.moments import clock
from aiops_connectors.texts.news import changed, plain_news
from aiops_connectors.texts.rows import rows
from aiops_connectors.texts.truncation import plain

MAX_BODY_BYTES = 256_000
_MAX_INCIDENT_BYTES = 60_000
_MARKUP = ("html", "xml")
_FORM = "application/x-www-form-urlencoded"


class TooLong(Exception):
    """A body above `MAX_BODY_BYTES`."""


class _Encoded(str):
    """Text that is encoded already: the value of `tojson`."""

    __slots__ = ()


class TemplateBody:
    """A compiled template; several threads may use it."""

    def __init__(self, source: str, content_type: str, place: str) -> None:
        """Raise `UsageError` for a template that does not compile, or fails with an example."""
        kind = content_type.lower()
        self._is_json = kind.endswith(("/json", "+json"))
        is_markup = kind.endswith(_MARKUP)
        encode = _in_json if self._is_json else quote_plus if kind == _FORM else None
        # The sandbox: no private attributes, no changes of values. Undefined names are errors.
        environment = ImmutableSandboxedEnvironment(
            autoescape=is_markup, undefined=StrictUndefined, finalize=_finalizer(encode), keep_trailing_newline=True
        )
        environment.filters["tojson"] = _to_json
        try:
            self._template = environment.from_string(source)
        except TemplateSyntaxError as error:
            raise UsageError(f"{place}: line {error.lineno}: {error.message}") from None
        for example in _examples():
            self._try(example, place)

    def render(self, message: Message) -> bytes:
        """Return the body; raise `TemplateError` if a name is not there, `TooLong` above `MAX_BODY_BYTES`."""
        size, parts = 0, []
        for part in self._template.generate(**variables(message)):
            raw = part.encode("utf-8", "replace")
            size += len(raw)
            if size > MAX_BODY_BYTES:
                raise TooLong(f"the body is longer than {MAX_BODY_BYTES} bytes")
            parts.append(raw)
        return b"".join(parts)

    def _try(self, message: Message, place: str) -> None:
        try:
            body = self.render(message)
        except (TemplateError, TooLong, ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise UsageError(f"{place}: fails for a message {message.change!r}: {error}") from None
        if self._is_json:
            try:
                msgspec.json.decode(body)
            except msgspec.DecodeError as error:
                raise UsageError(f"{place}: renders no JSON for a message {message.change!r}: {error}") from None


def variables(message: Message) -> dict[str, Any]:
    """Return what a template may use, as plain values."""
    incident = message.incident
    whole, _ = shortened(incident, _MAX_INCIDENT_BYTES)
    return {
        "key": message.key,
        "endpoint": message.endpoint,
        "change": message.change,
        "version": message.version,
        "time": format_time(message.at),
        "clock": clock(message.at, message.zone),
        "subject": lasting(incident),
        "headline": headline(message),
        "text": notice(message),
        "news": plain_news(message),
        "changed": changed(message),
        "repeats": message.repeats,
        "link": message.link or "",
        "links": [{"kind": link.kind, "label": link.label, "url": link.url} for link in links(message)],
        "rows": [{"label": label, "value": value} for label, value in rows(message)],
        "incident": {**_ALWAYS, **whole},
    }


# Fields that a template may rely on; a record leaves out what is at its default.
_ALWAYS: Mapping[str, Any] = {
    name: default
    for name, default in msgspec.structs.asdict(Incident(id="i")).items()
    if name not in ("id",) and not callable(default)
}


def _finalizer(encode: Callable[[str], str] | None) -> Callable[[Any], Any]:
    def finalize(value: Any) -> Any:
        if isinstance(value, Undefined | _Encoded):
            return value
        if value is None:
            return "null" if encode is _in_json else ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if encode is _in_json and isinstance(value, dict | list):
            return _to_json(value)
        if encode is not None and not isinstance(value, int | float):
            return encode(str(value))
        return value

    return finalize


def _in_json(text: str) -> str:
    """Return text as the content of a string of JSON.

    >>> _in_json('disk "a"')
    'disk \\\\"a\\\\"'
    """
    return msgspec.json.encode(plain(text)).decode()[1:-1]


def _to_json(value: Any) -> _Encoded:
    if isinstance(value, Undefined):
        # Raises the error that names it.
        str(value)
    return _Encoded(msgspec.json.encode(value).decode())


def _examples() -> list[Message]:
    """Return a message of each kind, with little and with much in it."""
    bare = Incident(id="inc-1")
    cause = Cause(
        "db-1", 1.0, None, "high", [Evidence("change", 1.0)], Change(ts=1.0, entity="db-1", name='deploy "1"')
    )
    member = Member("f", 'Disk "full" \\', "db-1", "critical", "firing", 1, 2.0, 3.0, labels={"a": '"b"\n'})
    full = Incident(
        id='inc-"2"\\',
        opened_at=2.0,
        resolved_at=9.0,
        status="resolved",
        severity="critical",
        title='a "quoted" \\ title\n',
        message="<b>\u2028 & é",
        url="https://a.example/",
        entities=["db-1", "api"],
        entity_count=2,
        services=["db"],
        members=[member],
        causes=[cause],
        playbooks=[Suggestion("rotate", 1.0)],
        first_alert_at=2.0,
        last_alert_at=3.0,
        quiet_at=5.0,
        alert_count=2,
    )
    begun, over = ("opened", "reopened", "returned", "moved"), ("merged", "resolved")
    changes = (*begun, "updated", "acknowledged", "reminder", *over)
    link = "https://aiops.example.org/incidents/inc-1"
    return [
        Message("msg_1", "e", incident, change, 1, 10.0, link, news=["new: A on b (high)"])
        for incident in (bare, full)
        for change in changes
    ]
