"""A body of one's own for any receiver: a template of Jinja2 in the configuration, in a sandbox.

Values come from payloads of anybody and cannot break out of the body: in JSON each is escaped as the content of a
string (`tojson` gives whole values with their quotes), in HTML and XML as text, in forms as a value. The template is
never built from a payload. One that does not compile, names what is not there, or renders no JSON, is refused at the
start: it is tried with examples of each change.
"""

from __future__ import annotations

import re
from typing import Annotated

from jinja2 import TemplateError
from msgspec import Meta, field

from aiops.errors import UsageError
from aiops.ports import Answer, Message
from aiops_connectors.sinks.http_sink import UrlOptions, UrlSink
from aiops_connectors.sinks.template_body import TemplateBody, TooLong

MAX_TEMPLATE = 20_000
# A token of RFC 9110; what frames the request is not the template's.
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_FIXED = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection", "authorization"})
_DEFAULT = '{"text": "{{ text }}"}'


class TemplateOptions(UrlOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the template sink."""

    body: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=MAX_TEMPLATE,
            description="The template (Jinja2) of the body; see [what it may use](delivery.md#a-body-of-your-own).",
        ),
    ] = _DEFAULT
    content_type: Annotated[
        str,
        Meta(
            pattern=r"^[a-zA-Z0-9.+-]+/[a-zA-Z0-9.+-]+\Z",
            max_length=100,
            description="The type of the body, by which values are escaped.",
        ),
    ] = "application/json"
    headers: Annotated[dict[str, str], Meta(max_length=20, description="Headers of each request.")] = field(
        default_factory=dict
    )
    headers_env: Annotated[
        dict[str, str],
        Meta(max_length=20, description="Headers whose values are secrets: name -> environment variable."),
    ] = field(default_factory=dict)


class TemplateSink(UrlSink[TemplateOptions]):
    """Post a body from a template for each change of an incident."""

    Options = TemplateOptions

    def address(self) -> str:
        """Return the URL, read the headers, and try the template."""
        options = self.options
        url = super().address()
        self.headers["content-type"] = f"{options.content_type}; charset=utf-8"
        for name, value in options.headers.items():
            self._add(name, value, f"{self.place}.headers")
        for name, variable in options.headers_env.items():
            self._add(name, self.secret(variable), f"{self.place}.headers_env")
        self._template = TemplateBody(options.body, options.content_type, f"{self.place}.body")
        return url

    def body(self, message: Message) -> bytes:
        """Return the rendered body; raise `TemplateError` or `TooLong`."""
        return self._template.render(message)

    def send(self, message: Message) -> Answer:
        """See `Sink.send`."""
        try:
            return super().send(message)
        except (TemplateError, TooLong, ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
            # The text of an error may quote a payload, not a secret: a template sees none.
            return Answer(ok=False, reason=f"the template failed: {type(error).__name__}: {str(error)[:200]}")

    def _add(self, name: str, value: str, place: str) -> None:
        if not _NAME.fullmatch(name) or name.lower() in _FIXED:
            raise UsageError(f"{place}: expected a header that the request does not set itself; got {name[:80]!r}")
        if not value.isascii() or not value.isprintable():
            raise UsageError(f"{place}.{name}: expected one line of printable ASCII")
        self.headers[name.lower()] = value
