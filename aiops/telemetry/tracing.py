"""Open the tracer of the configuration; traces need the extra `otel`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

from aiops.config import TracingConfig
from aiops.errors import UsageError
from aiops.telemetry.exports import PLACE, exports_of
from aiops.telemetry.metrics import Family
from aiops.telemetry.trace import Tracer


class Tracing(Tracer, Protocol):
    """A tracer that exports what it traces; the daemon starts and stops it."""

    def start(self) -> None:
        """Begin to export, in a thread of its own."""
        ...

    def stop(self, timeout_s: float) -> None:
        """Export what waits within the time, and end."""
        ...

    def metrics(self) -> Iterable[Family]:
        """Return its metrics."""
        ...

    def health(self) -> dict[str, Any]:
        """Return its section of the health."""
        ...


def open_tracing(config: TracingConfig) -> Tracing | None:
    """Return a tracer that exports, None if traces are off; raise `UsageError` for what cannot work."""
    if not config.enabled:
        return None
    exports = exports_of(config)
    try:
        from aiops.telemetry import otel
    except ImportError as error:
        hint = "install the extra otel (aiops-engine[otel]), or set tracing.enabled = false"
        raise UsageError(f"{PLACE}: OpenTelemetry is not installed ({error.name}): {hint}") from None
    return otel.exporting(exports)


@runtime_checkable
class Traced(Protocol):
    """A source that traces the requests that it answers."""

    def trace(self, tracer: Tracer) -> None:
        """Trace with `tracer` from now on; called before `run`."""
        ...
