"""Spans as all code but the exporter sees them: they begin, have children and end, or do nothing.

Threads, records and requests pass the W3C `traceparent` along. Nothing here knows a tracing library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Literal, Protocol

Value = str | int | float | bool | Sequence[str]
Kind = Literal["internal", "server", "client"]
NONE: Mapping[str, Value] = {}


class Span(Protocol):
    """A piece of work that takes time; ends when its `with` ends, and never raises."""

    @property
    def traceparent(self) -> str:
        """Names the span to others (W3C Trace Context); empty when traces are off."""
        ...

    def child(self, name: str, kind: Kind = "internal", attributes: Mapping[str, Value] = NONE) -> Span:
        """Begin a part of this work."""
        ...

    def set(self, name: str, value: Value) -> None:
        """Set an attribute."""
        ...

    def fail(self, kind: str) -> None:
        """Mark a failure; `kind` is of low cardinality and holds no secret, such as `503` or `TimeoutError`."""
        ...

    def __enter__(self) -> Span: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Tracer(Protocol):
    """Begins spans; threads share it."""

    def begin(
        self,
        name: str,
        kind: Kind = "internal",
        *,
        parent: str = "",
        state: str = "",
        links: Sequence[str] = (),
        attributes: Mapping[str, Value] = NONE,
    ) -> Span:
        """Begin a span.

        `parent` (with its W3C `tracestate` in `state`) and `links` are `traceparent`s, maybe from strangers: invalid
        ones are ignored.
        """
        ...

    def keep(self, key: tuple[str, int], span: Span) -> None:
        """Remember the span that causes later work; bounded, and only in memory."""
        ...

    def kept(self, key: tuple[str, int]) -> str:
        """Return the `traceparent` of the span kept under `key`; empty if there is none."""
        ...


class NoSpan:
    """A span that does nothing: traces are off, or there is nothing to trace."""

    traceparent = ""

    def child(self, name: str, kind: Kind = "internal", attributes: Mapping[str, Value] = NONE) -> Span:
        """See `Span.child`."""
        return self

    def set(self, name: str, value: Value) -> None:
        """See `Span.set`."""

    def fail(self, kind: str) -> None:
        """See `Span.fail`."""

    def __enter__(self) -> Span:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


NO_SPAN: Span = NoSpan()


class NoTracer:
    """A tracer that does nothing, by a few calls for each batch and attempt and none for an alert."""

    def begin(
        self,
        name: str,
        kind: Kind = "internal",
        *,
        parent: str = "",
        state: str = "",
        links: Sequence[str] = (),
        attributes: Mapping[str, Value] = NONE,
    ) -> Span:
        """See `Tracer.begin`."""
        return NO_SPAN

    def keep(self, key: tuple[str, int], span: Span) -> None:
        """See `Tracer.keep`."""

    def kept(self, key: tuple[str, int]) -> str:
        """See `Tracer.kept`."""
        return ""


OFF: Tracer = NoTracer()
