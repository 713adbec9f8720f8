"""The tracer on OpenTelemetry: the only module that knows it, loaded only where traces are configured.

Ended spans wait in a queue of bounded length for a thread that exports them. Nobody waits for that thread: while the
collector is away, spans are dropped and counted, and alerts go their way.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any

from opentelemetry import trace as api
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from aiops.config import TracingConfig
from aiops.http.redaction import redact
from aiops.telemetry.exports import Exports
from aiops.telemetry.logs import log
from aiops.telemetry.metrics import Family
from aiops.telemetry.trace import NO_SPAN, NONE, Kind, Span, Value
from aiops.version import __version__

# Spans of one export request: some hundred kilobytes, which collectors take.
_EXPORT_SPANS = 512
# Spans that later notifications refer to: a storm's openings settle within a minute and are sent at two a second.
_MAX_KEPT = 10_000
# Links of one batch. A frame of single-alert requests could have thousands; the first ones are enough.
_MAX_LINKS = 64
# Attributes are names, counts and ids of ours; what a stranger chose is cut.
_LIMITS = SpanLimits(max_span_attributes=32, max_span_attribute_length=256, max_links=_MAX_LINKS, max_events=4)
# The least length that the standard requires to be accepted.
_MAX_HEADER_CHARS = 512
_KINDS = {"internal": api.SpanKind.INTERNAL, "server": api.SpanKind.SERVER, "client": api.SpanKind.CLIENT}
_COMPLAINTS = logging.getLogger("opentelemetry")
_CARRIER = TraceContextTextMapPropagator()
_EMPTY = Context()


class LinkedOrRatio(Sampler):
    """A sampler of spans that are linked to sampled ones, and of a share of the rest."""

    def __init__(self, ratio: float) -> None:
        self._ratio = TraceIdRatioBased(ratio)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: api.SpanKind | None = None,
        attributes: Any = None,
        links: Sequence[api.Link] | None = None,
        trace_state: api.TraceState | None = None,
    ) -> SamplingResult:
        """See `Sampler.should_sample`."""
        if any(link.context.trace_flags.sampled for link in links or ()):
            return SamplingResult(Decision.RECORD_AND_SAMPLE, attributes)
        return self._ratio.should_sample(parent_context, trace_id, name, kind, attributes, links)

    def get_description(self) -> str:
        """See `Sampler.get_description`."""
        return f"LinkedOrRatio{{{self._ratio.get_description()}}}"


class CountingExporter(SpanExporter):
    """An exporter that counts spans by outcome, bounds the waiting ones, and logs outages."""

    def __init__(self, inner: SpanExporter, max_waiting: int) -> None:
        self._inner = inner
        self._max = max_waiting
        self._lock = threading.Lock()
        self._waiting = 0
        self.counts = {"exported": 0, "failed": 0, "dropped": 0}
        self.error = ""

    def enter(self) -> bool:
        """Return True if one more span may wait; it is dropped and counted otherwise."""
        with self._lock:
            if self._waiting >= self._max:
                self.counts["dropped"] += 1
                return False
            self._waiting += 1
            return True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """See `SpanExporter.export`; spans wait until they are sent or lost."""
        with _LastComplaint() as words:
            try:
                result = self._inner.export(spans)
            except Exception as error:
                words.text, result = type(error).__name__, SpanExportResult.FAILURE
        fine = result is SpanExportResult.SUCCESS
        with self._lock:
            self._waiting -= len(spans)
            self.counts["exported" if fine else "failed"] += len(spans)
        self._report("" if fine else words.text or "the collector did not take them")
        return result

    def shutdown(self) -> None:
        """See `SpanExporter.shutdown`."""
        self._inner.shutdown()

    def _report(self, error: str) -> None:
        if error and not self.error:
            log(logging.WARNING, "traces cannot be exported: spans are lost, and nothing else", why=error)
        elif self.error and not error:
            log(logging.INFO, "traces are exported again", **self.counts)
        self.error = error


class _LastComplaint(logging.Handler):
    """Keeps the library's last complaint, which is not logged: it makes some for every export that fails."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = redact(record.getMessage())[:300]

    def __enter__(self) -> _LastComplaint:
        _COMPLAINTS.addHandler(self)
        return self

    def __exit__(self, *ended: object) -> None:
        _COMPLAINTS.removeHandler(self)


class Queue(BatchSpanProcessor):
    """The library's queue and thread behind our bound, which counts the dropped spans."""

    def __init__(self, tally: CountingExporter, config: TracingConfig) -> None:
        size = min(_EXPORT_SPANS, config.max_waiting)
        super().__init__(tally, config.max_waiting + size, config.every_s * 1e3, size, config.timeout_s * 1e3)
        self._tally = tally

    def on_end(self, span: ReadableSpan) -> None:
        """See `SpanProcessor.on_end`."""
        if span.context and span.context.trace_flags.sampled and self._tally.enter():
            super().on_end(span)


class OtelSpan:
    """See `Span`."""

    def __init__(self, tracer: api.Tracer, span: api.Span) -> None:
        self._tracer = tracer
        self._span = span

    @property
    def traceparent(self) -> str:
        """See `Span.traceparent`."""
        at = self._span.get_span_context()
        return f"00-{at.trace_id:032x}-{at.span_id:016x}-{int(at.trace_flags.sampled):02x}"

    def child(self, name: str, kind: Kind = "internal", attributes: Mapping[str, Value] = NONE) -> Span:
        """See `Span.child`."""
        try:
            context = api.set_span_in_context(self._span, _EMPTY)
            return OtelSpan(self._tracer, self._tracer.start_span(name, context, _KINDS[kind], attributes))
        except Exception:
            return NO_SPAN

    def set(self, name: str, value: Value) -> None:
        """See `Span.set`."""
        with suppress(Exception):
            self._span.set_attribute(name, value)

    def fail(self, kind: str) -> None:
        """See `Span.fail`."""
        with suppress(Exception):
            self._span.set_attribute("error.type", kind)
            self._span.set_status(api.StatusCode.ERROR)

    def __enter__(self) -> Span:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            # The text of an error may hold what is secret; its type does not.
            self.fail(kind.__name__)
        with suppress(Exception):
            self._span.end()


class OtelTracer:
    """See `aiops.telemetry.tracing.Tracing`."""

    def __init__(self, provider: TracerProvider, tally: CountingExporter) -> None:
        self._provider = provider
        self._tally = tally
        self._tracer = provider.get_tracer("aiops", __version__)
        self._kept: OrderedDict[tuple[str, int], str] = OrderedDict()
        self._lock = threading.Lock()

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
        try:
            found = [api.Link(one) for link in links[:_MAX_LINKS] if (one := _context_of(link)) is not None]
            remote = _context_of(parent, state)
            context = _EMPTY if remote is None else api.set_span_in_context(api.NonRecordingSpan(remote), _EMPTY)
            return OtelSpan(self._tracer, self._tracer.start_span(name, context, _KINDS[kind], attributes, found))
        except Exception as error:
            # A fault of a trace must not stop the work that it describes.
            log(logging.WARNING, "a span could not be begun", why=type(error).__name__)
            return NO_SPAN

    def keep(self, key: tuple[str, int], span: Span) -> None:
        """See `Tracer.keep`."""
        with self._lock:
            self._kept[key] = span.traceparent
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)

    def kept(self, key: tuple[str, int]) -> str:
        """See `Tracer.kept`."""
        with self._lock:
            return self._kept.get(key, "")

    def start(self) -> None:
        """See `Service.start`; the thread that exports is there from the beginning."""

    def stop(self, timeout_s: float) -> None:
        """See `Service.stop`."""
        ending = threading.Thread(target=self._provider.shutdown, name="traces-end", daemon=True)
        begun = time.monotonic()
        ending.start()
        ending.join(timeout_s)
        if ending.is_alive():
            log(logging.WARNING, "the last spans could not be exported in time", s=round(time.monotonic() - begun, 3))

    def metrics(self) -> Iterable[Family]:
        """See `Tracing.metrics`."""
        family = Family("aiops_spans_total", "counter", "Spans by what became of them.")
        for result, count in self._tally.counts.items():
            family.add(count, result=result)
        return [family]

    def health(self) -> dict[str, Any]:
        """See `Tracing.health`."""
        return {"ok": not self._tally.error, "detail": self._tally.error, **self._tally.counts}


def exporting(exports: Exports) -> OtelTracer:
    """Return a tracer that sends to the collector."""
    config = exports.config
    exporter = OTLPSpanExporter(
        config.endpoint,
        certificate_file=config.ca_file or None,
        headers=exports.headers,
        timeout=config.timeout_s,
        compression=Compression.Gzip,
    )
    return tracing_to(exporter, config)


def tracing_to(exporter: SpanExporter, config: TracingConfig) -> OtelTracer:
    """Return a tracer that gives its spans to `exporter`."""
    _COMPLAINTS.propagate = False
    tally = CountingExporter(exporter, config.max_waiting)
    about = Resource.create({"service.name": config.service_name, "service.version": __version__})
    sampler = ParentBased(LinkedOrRatio(config.sample_ratio))
    provider = TracerProvider(sampler, about, shutdown_on_exit=False, span_limits=_LIMITS)
    provider.add_span_processor(Queue(tally, config))
    return OtelTracer(provider, tally)


def _context_of(traceparent: str, state: str = "") -> api.SpanContext | None:
    """Return the span that a `traceparent` names; None for invalid text."""
    # Longer ones the library would complain of in the log, as often as a stranger likes.
    if not 55 <= len(traceparent) <= _MAX_HEADER_CHARS:
        return None
    carrier = {"traceparent": traceparent, "tracestate": state if len(state) <= _MAX_HEADER_CHARS else ""}
    found = _CARRIER.extract(carrier, _EMPTY)
    context = api.get_current_span(found).get_span_context()
    return context if context.is_valid else None
