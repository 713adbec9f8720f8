"""Rendering of values into steps.

Requests take whole JSON scalars, commands for a person quoted words. Nothing is evaluated. In a request `"{{ name }}"`
must be the whole of a scalar and keeps its type. In the `run` text of a manual step each value is quoted for a shell,
because people copy commands.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct

from aiops.durations import seconds
from aiops.errors import UsageError
from aiops.respond.steps import AlertResolved, Check, Executable, Manual, Scalar, Step, Webhook

PLACEHOLDER = re.compile(r"\{\{ ?([a-z][a-zA-Z0-9_]{0,31}) ?\}\}")


class Request(Struct, omit_defaults=True):
    """An HTTP request, ready to send. `secret` names the key that signs or authorises it, never its value."""

    method: str
    url: str
    headers: dict[str, str] = {}
    body: Any = None
    secret: str | None = None
    timeout_s: float = 30.0
    statuses: list[int] = []


class Shown(Struct, omit_defaults=True):
    """A rendered step: a command for a person, or a request.

    `missing` names the parameters without a value.
    """

    kind: str
    name: str
    run: str | None = None
    expect: str | None = None
    note: str | None = None
    request: Request | None = None
    missing: list[str] = []


def show(step: Step | Check, values: Mapping[str, Scalar]) -> Shown:
    """Render a step for a person; a missing value stays visible as `<name>`."""
    missing = [name for name in placeholders(step) if name not in values]
    if isinstance(step, Manual):
        run = command(step.run, values) if step.run else None
        return Shown("manual", step.name, run, step.expect, step.note, missing=missing)
    if isinstance(step, AlertResolved):
        text = f"the incident's alerts resolve within {step.within} and stay resolved for {step.stable_for}"
        return Shown("alert-resolved", text)
    kind = "webhook" if isinstance(step, Webhook) else "http"
    full = {**{name: f"<{name}>" for name in missing}, **values}
    return Shown(kind, step.name, request=request(step, full), missing=missing)


def command(run: str, values: Mapping[str, Scalar]) -> str:
    """Render a command with each value quoted as one shell word.

    >>> command("kubectl -n {{ namespace }} get pod {{ pod }}", {"namespace": "shop", "pod": "a b"})
    "kubectl -n shop get pod 'a b'"
    """
    return PLACEHOLDER.sub(lambda found: _word(found.group(1), values), run).strip()


def request(step: Executable, values: Mapping[str, Scalar]) -> Request:
    """Render the request of a step; raise `UsageError` if a value is missing or does not fit its place."""
    timeout_s = seconds(step.timeout)
    body = fill(step.body, values)
    if isinstance(step, Webhook):
        return Request("POST", step.url, {}, body, step.secret, timeout_s, step.expect.status)
    segments = [_segment(fill(part, values)) for part in step.path]
    url = "/".join([step.url.rstrip("/"), *segments]) if segments else step.url
    if step.query:
        url += "?" + urlencode({key: _plain(fill(value, values)) for key, value in step.query.items()})
    return Request(step.method, url, dict(step.headers), body, step.secret, timeout_s, step.expect.status)


def fill(value: Any, values: Mapping[str, Scalar]) -> Any:
    """Replace each scalar `"{{ name }}"` in a JSON value by the value itself; its type is kept.

    >>> fill({"host": "{{ host }}", "n": ["{{ count }}"]}, {"host": "web-1", "count": 2})
    {'host': 'web-1', 'n': [2]}
    """
    if isinstance(value, dict):
        return {key: fill(part, values) for key, part in value.items()}
    if isinstance(value, list):
        return [fill(part, values) for part in value]
    if not isinstance(value, str):
        return value
    found = PLACEHOLDER.fullmatch(value)
    if found is None:
        if "}}" in value.partition("{{")[2]:
            raise UsageError(f"expected '{{{{ name }}}}' to be the whole of a value; got {value!r}")
        return value
    if found.group(1) not in values:
        raise UsageError(f"parameter {found.group(1)!r} has no value")
    return values[found.group(1)]


def placeholders(part: Any) -> list[str]:
    """Return the names of the parameters that a step uses, in order of appearance, each once."""
    return list(dict.fromkeys(name for text in texts(part) for name in PLACEHOLDER.findall(text)))


def texts(part: Any) -> Iterator[str]:
    """Yield every text in a step's fields, keys included."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for key, value in part.items():
            yield str(key)
            yield from texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from texts(value)
    elif isinstance(part, Struct):
        for name in part.__struct_fields__:
            yield from texts(getattr(part, name))


def _word(name: str, values: Mapping[str, Scalar]) -> str:
    return shlex.quote(_plain(values[name])) if name in values else f"<{name}>"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _segment(value: Any) -> str:
    text = _plain(value)
    if text in ("", ".", ".."):
        raise UsageError(f"expected a path segment; got {text!r}")
    return quote(text, safe="")
