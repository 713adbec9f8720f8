"""Traces to an OpenTelemetry collector, where they are configured and the extra `otel` is installed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable
from urllib.parse import unquote, urlsplit

from msgspec import Struct, field

from aiops.config import TracingConfig
from aiops.daemon.daemon import Daemon, Service
from aiops.errors import UsageError
from aiops.ports import Source
from aiops.telemetry.metrics import Family
from aiops.telemetry.trace import OFF, Tracer

_PLACE = "tracing"
# Header names (RFC 9110); what is none would be an error of the library at the first export, with the value in it.
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


class Tracing(Tracer, Service, Protocol):
    """A tracer that sends what it traces."""

    def metrics(self) -> Iterable[Family]:
        """For `Daemon.extra_metrics`."""
        ...

    def health(self) -> dict[str, Any]:
        """For `Daemon.extra_health`."""
        ...


class Exports(Struct, frozen=True):
    """Where traces go: the configuration with its secrets looked up."""

    config: TracingConfig
    headers: dict[str, str] = field(default_factory=dict)


def exports_of(config: TracingConfig) -> Exports:
    """What the configuration asks for; raise `UsageError` for an address or headers that cannot be used."""
    try:
        parts = urlsplit(config.endpoint)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise UsageError(
            f"{_PLACE}.endpoint: expected a URL such as http://127.0.0.1:4318/v1/traces; got something else"
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(f"{_PLACE}.endpoint: expected no user, password or query in it; headers_env is for secrets")
    return Exports(config, _headers(config.headers_env))


def open_tracing(config: TracingConfig) -> Tracing | None:
    """A tracer that exports, None when traces are off; raise `UsageError` for what cannot work."""
    if not config.enabled:
        return None
    exports = exports_of(config)
    try:
        from aiops.telemetry import otel
    except ImportError as error:
        hint = "install the extra otel (aiops-engine[otel]), or set tracing.enabled = false"
        raise UsageError(f"{_PLACE}: OpenTelemetry is not installed ({error.name}): {hint}") from None
    return otel.exporting(exports)


@runtime_checkable
class Traced(Protocol):
    """A source that traces the requests that it answers."""

    def trace(self, tracer: Tracer) -> None:
        """Trace with it from now on; before `run`."""
        ...


def add_tracing(daemon: Daemon, tracing: Tracing, sources: Iterable[Source]) -> None:
    """Have sources traced, show the tracer in metrics and health, and end it after all that it traces: added last."""
    for source in sources:
        if isinstance(source, Traced):
            source.trace(tracing)
    daemon.extra_metrics.append(tracing.metrics)
    daemon.extra_health["tracing"] = tracing.health
    daemon.add(tracing)


def tracer_of(tracing: Tracing | None) -> Tracer:
    """What is traced with."""
    return OFF if tracing is None else tracing


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
            raise UsageError(f"{_PLACE}.headers_env: expected name=value,name=value in {variable}; got something else")
        found[name] = value
    if not found:
        raise UsageError(
            f"{_PLACE}.headers_env: expected headers in the environment variable {variable}; it is not set"
        )
    return found
