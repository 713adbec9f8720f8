"""The step kinds `http` and `webhook`: one request to a URL that the playbook names."""

# msgspec copies mutable defaults for each instance, which the linter sees only on direct subclasses of Struct.
# ruff: noqa: RUF012

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import unquote, urlsplit

from msgspec import Meta, field

from aiops.durations import Duration, seconds
from aiops.errors import UsageError
from aiops.step_kinds.exchange import Effect, Prepared
from aiops.step_kinds.forms import ConfiguredName, Form, HttpStatus, Line, Part, Scalar, Url
from aiops.step_kinds.kind import PLACES, StepKind
from aiops.step_kinds.placeholders import fill, path, query
from aiops.step_kinds.systems import System

READS = ("GET", "HEAD")
# `Host` would take a secret to another tenant of the same address; the others are the client's own (RFC 9112).
_OWN_HEADERS = frozenset(
    {"authorization", "connection", "content-length", "host", "te", "transfer-encoding", "upgrade"}
)


class Expect(Part, kw_only=True):
    """The status codes of a good answer."""

    status: Annotated[list[HttpStatus], Meta(min_length=1, max_length=20)] = field(
        default_factory=lambda: [200, 201, 202, 204]
    )


class Http(Form, kw_only=True, tag="http"):
    """One HTTP request.

    `{{ name }}` may be a whole path segment, a whole query value or a whole scalar of `body`.

    The host takes no placeholder: no value of an alert can choose the host that is called.
    """

    url: Url
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: Annotated[list[Line], Meta(max_length=10)] = []
    query: dict[str, Scalar] = {}
    headers: dict[str, Line] = {}
    body: Any = None
    secret: ConfiguredName | None = None
    expect: Expect = field(default_factory=Expect)
    timeout: Duration = "30s"
    attempts: Annotated[int, Meta(ge=1, le=5)] = 1
    idempotent: bool = False


class Webhook(Form, kw_only=True, tag="webhook"):
    """A signed POST of a JSON body; `secret` names the key that the daemon's configuration holds."""

    url: Url
    body: Any = None
    secret: ConfiguredName | None = None
    expect: Expect = field(default_factory=Expect)
    timeout: Duration = "30s"
    attempts: Annotated[int, Meta(ge=1, le=5)] = 1
    idempotent: bool = False


# What a URL does is not known here. RFC 9110, section 9.2, promises only that GET and HEAD change nothing.
_CHANGES = Effect(reversible=False, blast="site", idempotent=False)
_READS = Effect(reversible=True, blast="none", idempotent=True)


class HttpKind(StepKind[Http]):
    """One HTTP request to a URL of the playbook."""

    kind = "http"
    form = Http
    places = frozenset(PLACES) - {"diagnosis"}
    examples: ClassVar = (
        {"kind": "http", "name": "look", "url": "https://ops.example/hosts", "method": "GET", "path": ["{{ host }}"]},
        {
            "kind": "http",
            "name": "restart",
            "url": "https://ops.example/restart",
            "query": {"host": "{{ host }}"},
            "body": {"host": "{{ host }}"},
        },
    )

    def prepare(self, step: Http, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """See `StepKind.prepare`."""
        url = path(step.url, *(fill(part, values) for part in step.path))
        url += query({key: fill(value, values) for key, value in step.query.items()})
        if own := sorted(_OWN_HEADERS.intersection(name.lower() for name in step.headers)):
            raise UsageError(f"step {step.name!r}: headers: {own[0]} cannot be set; a secret makes Authorization")
        return _prepared(step, step.method, url, dict(step.headers), values)

    def effect(self, step: Http) -> Effect:
        """See `StepKind.effect`."""
        return _READS if step.method in READS else _CHANGES


class WebhookKind(StepKind[Webhook]):
    """A signed POST of a JSON body to a URL of the playbook."""

    kind = "webhook"
    form = Webhook
    examples: ClassVar = (
        {"kind": "webhook", "name": "restart", "url": "https://ops.example/hook", "body": {"host": "{{ host }}"}},
    )

    def prepare(self, step: Webhook, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """See `StepKind.prepare`."""
        return _prepared(step, "POST", step.url, {}, values)

    def effect(self, step: Webhook) -> Effect:
        """See `StepKind.effect`."""
        return _CHANGES


def _check_address(step: Http | Webhook) -> None:
    """Raise `UsageError` for a URL with credentials, or with segments that lead out of its path."""
    parsed = urlsplit(step.url)
    if "@" in parsed.netloc:
        # Everybody who reads the plan would read them.
        raise UsageError(f"step {step.name!r}: url: expected no user and no password; name a secret instead")
    if "\\" in step.url or any(unquote(one) in (".", "..") for one in parsed.path.split("/")):
        raise UsageError(f"step {step.name!r}: url: expected a path without backslashes and segments such as '..'")


def _prepared(
    step: Http | Webhook, method: str, url: str, headers: dict[str, str], values: Mapping[str, Scalar]
) -> Prepared:
    _check_address(step)
    attempts = step.attempts if step.idempotent else 1
    given = (fill(step.body, values), step.secret, seconds(step.timeout), step.expect.status)
    return Prepared(method, url, headers, *given, attempts=attempts)
