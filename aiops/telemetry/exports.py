"""The export of traces: address and headers of the collector, from configuration and environment."""

from __future__ import annotations

import os
from urllib.parse import unquote, urlsplit

from msgspec import Struct, field

from aiops.config import TracingConfig
from aiops.errors import UsageError

PLACE = "tracing"
# Header names (RFC 9110); what is none would be an error of the library at the first export, with the value in it.
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


class Exports(Struct, frozen=True):
    """The destination of traces: the configuration with its secrets resolved."""

    config: TracingConfig
    headers: dict[str, str] = field(default_factory=dict)


def exports_of(config: TracingConfig) -> Exports:
    """Return the destination; raise `UsageError` for an address or headers that cannot be used."""
    try:
        parts = urlsplit(config.endpoint)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise UsageError(
            f"{PLACE}.endpoint: expected a URL such as http://127.0.0.1:4318/v1/traces; got something else"
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(f"{PLACE}.endpoint: expected no user, password or query in it; headers_env is for secrets")
    return Exports(config, _headers(config.headers_env))


def _headers(variable: str) -> dict[str, str]:
    """`name=value,name=value`, values with percent-encoding, as in OTEL_EXPORTER_OTLP_HEADERS."""
    if not variable:
        return {}
    text = os.environ.get(variable, "").strip()
    found = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        name, value = name.strip().lower(), unquote(value.strip())
        if not name or not equals or not set(name) <= _TOKEN or not value.isascii() or not value.isprintable():
            raise UsageError(f"{PLACE}.headers_env: expected name=value,name=value in {variable}; got something else")
        found[name] = value
    if not found:
        raise UsageError(f"{PLACE}.headers_env: expected headers in the environment variable {variable}; it is not set")
    return found
