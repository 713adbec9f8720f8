"""Recorded requests: a body alone, or a whole HTTP request with its head."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from aiops.errors import RecordError, UsageError
from aiops.http.body import BodyError, decoded
from aiops_connectors.mapping.origin import Origin
from aiops_connectors.payloads.charset import CharsetError, as_utf8
from aiops_connectors.payloads.forms import form

# What one payload may be: as large as the HTTP source takes.
MAX_BYTES = 32 << 20
# A head of a request; servers accept some 8 kB a line.
MAX_HEAD = 64 << 10
_LINE = re.compile(rb"(GET|POST|PUT) (\S{1,8192}) HTTP/[0-9.]{1,3}\r?\n")


class Request(Struct):
    """A request: `headers` have lower-case names, `query` is what follows the `?` of its address."""

    body: bytes
    headers: dict[str, str] = {}
    method: str = "POST"
    query: str = ""

    def opened(self) -> tuple[bytes, Origin]:
        """Return the body unpacked and in UTF-8, and its origin; raise `UsageError` as the source refuses."""
        try:
            body = decoded(self.body, self.headers.get("content-encoding", ""), MAX_BYTES)
            body = as_utf8(body, self.headers.get("content-type", ""), MAX_BYTES)
            return body, Origin(self.method.upper(), form(self.query))
        except (BodyError, CharsetError) as error:
            raise UsageError(f"body: {error.reason}") from None
        except RecordError as error:
            raise UsageError(f"query: {error}") from None


def request(raw: bytes, headers: Mapping[str, str] | None = None, method: str = "", query: str = "") -> Request:
    """Return the request in a file: with its head where it begins with one, else `raw` is the body.

    `headers`, `method` and `query` win over those of the head.

    >>> found = request(b"GET /ingest/webhook?host=web-1 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
    >>> found.method, found.query, found.headers, found.body
    ('GET', 'host=web-1', {'host': 'a'}, b'')
    """
    line = _LINE.match(raw)
    if line is None:
        return Request(raw, dict(headers or {}), method or "POST", query)
    head, body = _split(raw[line.end() :])
    lines = (part.partition(":") for part in head.splitlines())
    own = {name.strip().lower(): value.strip() for name, colon, value in lines if colon}
    target = line[2].decode("latin-1").partition("?")[2].partition("#")[0]
    return Request(body, {**own, **(headers or {})}, method or line[1].decode(), query or target)


def _split(rest: bytes) -> tuple[str, bytes]:
    """Return the headers and the body of what follows the request line."""
    if rest.startswith((b"\r\n", b"\n")):
        return "", rest.removeprefix(b"\r").removeprefix(b"\n")
    ends = [(at, len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (at := rest.find(mark, 0, MAX_HEAD)) >= 0]
    at, gap = min(ends, default=(len(rest), 0))
    return rest[:at].decode("latin-1"), rest[at + gap :]


__all__ = ["MAX_BYTES", "Request", "request"]
