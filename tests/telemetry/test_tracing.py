"""Traces from a sender's request to the message that it caused, and what happens to them when the collector is away."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiops_connectors.http.source import HttpSource
from opentelemetry import semconv
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from aiops.app.build import build_daemon, check
from aiops.app.engine import build_engine
from aiops.config import Config, EndpointConfig, StateConfig, TracingConfig
from aiops.daemon.opening import Clocks
from aiops.engine.engine import Engine
from aiops.errors import UsageError
from aiops.ports import Received
from aiops.records import Alert
from aiops.telemetry.otel import OtelTracer, tracing_to
from aiops.telemetry.trace import NO_SPAN, Span
from aiops.telemetry.tracing import open_tracing
from aiops.testing.daemon_process import spawn
from aiops.testing.receiver import Receiver, Reply, receiving
from aiops.topology import Topology
from tests.daemons import bare_daemon

DEADLINE_S = 120.0
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
ALERT = {"kind": "alert", "name": "DiskFull", "entity": "db1", "severity": "critical"}
SECRET = "s3cr3t-in-a-path"


def _more_than(collector: Any, seen: int) -> bool:
    return len(collector.requests) > seen


def until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return value


class Traced:
    """A daemon with the HTTP ingest and one webhook, traced into memory."""

    def __init__(self, directory: Path, receiver: Receiver, exporter: SpanExporter, tracing: TracingConfig) -> None:
        options = {"url_env": "TOLD_URL", "allow_private": True}
        config = Config(
            state=StateConfig(str(directory)), endpoints=[EndpointConfig("pager", "webhook", options)], tracing=tracing
        )
        source = HttpSource("http", {"port": 0})
        self.tracing: OtelTracer = tracing_to(exporter, tracing)
        topology = Topology()
        make = partial(build_engine, config, topology)
        self.daemon = build_daemon(config, make, [source], Clocks(), topology=topology, tracing=self.tracing)
        self.receiver = receiver
        self.daemon.start()
        self.port = source.wait_started(DEADLINE_S)

    def post(self, *names: str, **headers: str) -> int:
        body = [{**ALERT, "name": name, "ts": time.time()} for name in names]
        address = f"http://127.0.0.1:{self.port}/ingest/archive"
        return httpx2.post(address, json=body, headers=headers, timeout=DEADLINE_S).status_code


@pytest.fixture
def traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Traced]]:
    opened: list[Traced] = []
    with receiving() as receiver:
        monkeypatch.setenv("TOLD_URL", f"{receiver.url}/{SECRET}")

        def open_one(exporter: SpanExporter, **tracing: Any) -> Traced:
            opened.append(Traced(tmp_path, receiver, exporter, TracingConfig(**{"every_s": 0.05, **tracing})))
            return opened[-1]

        yield open_one
        for each in opened:
            each.daemon.stop()


def test_one_trace_from_the_request_to_the_message(traced: Callable[..., Traced]) -> None:
    memory = InMemorySpanExporter()
    found = traced(memory)
    found.receiver.replies = [Reply(503, b"no " + SECRET.encode()), Reply(200)]
    assert found.post("DiskFull", traceparent=TRACEPARENT, tracestate="vendor=1") == 200
    until(lambda: len(found.receiver.requests) == 2)
    spans = until(lambda: len(all_ := memory.get_finished_spans()) >= 7 and all_)
    by_name = {span.name: span for span in spans}
    request, batch = by_name["POST /ingest/{connector}"], by_name["batch"]
    assert (request.context.trace_id, request.parent.span_id) == (int(TRACE, 16), int(PARENT, 16))
    assert request.context.trace_state.get("vendor") == "1"
    assert request.attributes["http.response.status_code"] == 200
    assert batch.parent is None
    assert [link.context.span_id for link in batch.links] == [request.context.span_id]
    for name in ("journal", "fold", "store"):
        assert by_name[name].parent.span_id == batch.context.span_id
    attempts = [span for span in spans if span.name == "deliver pager"]
    assert [span.attributes["http.response.status_code"] for span in attempts] == [503, 200]
    assert [span.attributes["http.request.resend_count"] for span in attempts] == [0, 1]
    assert attempts[0].attributes["error.type"] == "503"
    [told] = {span.attributes["aiops.incident.id"] for span in attempts}
    assert json.loads(found.receiver.requests[0].body)["data"]["incident"]["id"] == told
    assert {span.context.trace_id for span in attempts} == {batch.context.trace_id}
    sent = [request.headers["traceparent"] for request in found.receiver.requests]
    assert sent == [f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-01" for span in attempts]
    told_all = "".join(span.to_json() for span in spans)
    assert SECRET not in told_all
    assert "127.0.0.1" not in told_all


def test_the_trace_goes_on_after_a_restart(traced: Callable[..., Traced]) -> None:
    before, after = InMemorySpanExporter(), InMemorySpanExporter()
    found = traced(before)
    # Refused by the first process, taken from the second.
    found.receiver.replies = [Reply(503)]
    assert found.post("DiskFull", traceparent=TRACEPARENT) == 200
    until(lambda: found.receiver.requests)
    found.daemon.stop()
    found.receiver.replies = [Reply(200)]
    traced(after)
    attempts = until(lambda: [span for span in after.get_finished_spans() if span.name == "deliver pager"])
    [batch] = [span for span in before.get_finished_spans() if span.name == "batch"]
    assert attempts[0].attributes["http.request.resend_count"] >= 1
    assert {span.context.trace_id for span in attempts} == {batch.context.trace_id}
    assert {span.parent.span_id for span in attempts} == {batch.context.span_id}
    sent = found.receiver.requests[-1].headers["traceparent"]
    assert sent == f"00-{batch.context.trace_id:032x}-{attempts[-1].context.span_id:016x}-01"


def test_attributes_are_of_the_semantic_conventions_or_ours(traced: Callable[..., Traced]) -> None:
    memory = InMemorySpanExporter()
    found = traced(memory)
    found.post("DiskFull")
    until(lambda: found.receiver.requests)
    spans = until(lambda: len(all_ := memory.get_finished_spans()) >= 6 and all_)
    used = {name for span in spans for name in span.attributes or {}}
    known = "".join(path.read_text() for path in Path(semconv.__path__[0]).rglob("*_attributes.py"))
    assert [name for name in used if not name.startswith("aiops.") and f'"{name}"' not in known] == []
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    assert [name for name in used if name.startswith("aiops.") and f"`{name}`" not in page] == []


@pytest.mark.parametrize(
    "value",
    [
        "",
        "00",
        "x" * 10_000,
        TRACEPARENT.upper(),
        f"ff{TRACEPARENT[2:]}",
        f"00-{'0' * 32}-{PARENT}-01",
        TRACEPARENT + "-x",
    ],
)
def test_a_traceparent_that_is_none_is_passed_over(value: str) -> None:
    memory = InMemorySpanExporter()
    tracer = tracing_to(memory, TracingConfig())
    with tracer.begin("request", parent=value, state="=,;\x00" * 2_000) as one, tracer.begin("batch", links=[value]):
        assert one.traceparent.endswith("-01")
    tracer.stop(DEADLINE_S)
    batch, request = sorted(memory.get_finished_spans(), key=lambda span: span.name)
    assert request.parent is None
    assert not batch.links


def test_what_is_sampled_elsewhere_is_sampled_here() -> None:
    memory = InMemorySpanExporter()
    tracer = tracing_to(memory, TracingConfig(sample_ratio=0.0))
    for number, flags in enumerate(("00", "01")):
        with tracer.begin(f"batch {number}", links=[f"{TRACEPARENT[:-2]}{flags}"]) as batch, batch.child("fold"):
            assert batch.traceparent.endswith(flags)
    tracer.stop(DEADLINE_S)
    assert sorted(span.name for span in memory.get_finished_spans()) == ["batch 1", "fold"]


class Stuck(SpanExporter):
    """A collector that answers nothing until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def export(self, spans: Any) -> SpanExportResult:
        self.let_go.wait(DEADLINE_S)
        return SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Nothing to let go of: it hangs."""


DROPPED = 'aiops_spans_total{result="dropped"}'


def test_a_collector_that_hangs_holds_up_nothing_and_is_counted(traced: Callable[..., Traced]) -> None:
    stuck = Stuck()
    found = traced(stuck, max_waiting=8)
    for number in range(10):
        assert found.post(f"Alert{number}") == 200
    until(lambda: len(found.receiver.requests) >= 1)
    # Spans of the pump are still dropped meanwhile: the two counts are equal once they are read in one moment.
    until(lambda: f"{DROPPED} {found.tracing.health()['dropped']}\n" in found.daemon.metrics_text())
    assert found.tracing.health()["dropped"] >= 30
    begun = time.monotonic()
    found.tracing.stop(0.1)
    # It was not waited for, which would have taken `DEADLINE_S`.
    assert time.monotonic() - begun < DEADLINE_S / 2
    stuck.let_go.set()
    accounts = found.daemon.pump.accounts
    assert accounts["conserved"]


def test_a_collector_that_is_away_is_said_once_and_so_is_its_return(caplog: pytest.LogCaptureFixture) -> None:
    with receiving() as collector:
        collector.replies = [Reply(400, b"no")]
        tracing = open_tracing(TracingConfig(enabled=True, endpoint=f"{collector.url}/v1/traces", every_s=0.02))
        assert tracing is not None
        with caplog.at_level("INFO", logger="aiops"):
            for _ in range(3):
                seen = len(collector.requests)
                with tracing.begin("batch"):
                    pass
                until(partial(_more_than, collector, seen))
            until(lambda: tracing.health()["failed"] == 3)
            assert not tracing.health()["ok"]
            assert "400" in tracing.health()["detail"]
            collector.replies = [Reply(200)]
            with tracing.begin("batch"):
                pass
            until(lambda: tracing.health()["ok"])
        assert tracing.health()["exported"] == 1
        tracing.stop(DEADLINE_S)
    said = [record.getMessage() for record in caplog.records]
    assert [text for text in said if "cannot be exported" in text or "exported again" in text] == [
        "traces cannot be exported: spans are lost, and nothing else",
        "traces are exported again",
    ]


class Counting:
    """Counts what the pump asks of a tracer."""

    def __init__(self) -> None:
        self.calls = 0
        self.traceparent = ""

    def begin(self, name: str, *rest: Any, **more: Any) -> Span:
        self.calls += 1
        return NO_SPAN

    def keep(self, key: tuple[str, int], span: Span) -> None:
        self.calls += 1

    def kept(self, key: tuple[str, int]) -> str:
        return ""


def test_nothing_is_done_for_a_single_alert(tmp_path: Path) -> None:
    tracer = Counting()
    daemon = bare_daemon(Config(state=StateConfig(str(tmp_path))), Engine, tracer=tracer)
    calls = []
    for size in (1, 1_000):
        now = time.time()
        alerts = [Alert(ts=now, name=f"a-{size}-{number}", entity=f"e-{number}") for number in range(size)]
        answer = daemon.inbox.submit(Received([*alerts]))
        tracer.calls = 0
        daemon.pump.round()
        assert answer is not None
        assert answer.result(0)
        calls.append(tracer.calls)
    daemon.close()
    assert calls == [1, 1]


def test_the_library_is_not_loaded_unless_it_is_asked_for() -> None:
    code = "import sys, aiops.app.run, aiops.cli; assert 'opentelemetry' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_extra_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(state=StateConfig(str(tmp_path)), tracing=TracingConfig(enabled=True))
    assert "traces: http://127.0.0.1:4318" in check(config)
    for name in [name for name in sys.modules if name.startswith("opentelemetry") or name == "aiops.telemetry.otel"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("aiops.telemetry.otel", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(UsageError, match=r"install the extra otel \(aiops-engine\[otel\]\)"):
        check(config)
    assert check(Config(state=StateConfig(str(tmp_path)), tracing=TracingConfig(endpoint="http://elsewhere/")))


@pytest.mark.parametrize(
    ("more", "headers", "said"),
    [
        ({"endpoint": "collector:4318"}, "", "expected a URL"),
        ({"endpoint": "http://kim:hunter2@collector/v1/traces"}, "", "expected no user"),
        ({"endpoint": "http://collector/v1/traces?key=hunter2"}, "", "expected no user"),
        ({"headers_env": "TRACE_HEADERS"}, "", "it is not set"),
        ({"headers_env": "TRACE_HEADERS"}, "hunter2", "expected name=value"),
        ({"headers_env": "TRACE_HEADERS"}, "a=hunter2%0d%0ab: c", "expected name=value"),
    ],
)
def test_wrong_settings_are_told_without_their_secrets(
    more: dict[str, Any], headers: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACE_HEADERS", headers)
    config = Config(state=StateConfig(str(tmp_path)), tracing=TracingConfig(enabled=True, **more))
    with pytest.raises(UsageError, match=said) as caught:
        check(config)
    assert "hunter2" not in str(caught.value)


def test_the_service_exports_protobuf_to_a_collector(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACE_HEADERS", "authorization=Bearer%20t0ken")
    with receiving() as collector:
        config = tmp_path / "aiops.toml"
        config.write_text(
            f'[state]\ndirectory = "{tmp_path / "state"}"\n[http]\nport = 0\n'
            '[[sources]]\nname = "tail"\ntype = "file"\n'
            f'[sources.options]\npath = "{tmp_path / "alerts.jsonl"}"\npoll_s = 0.05\n[tracing]\nenabled = true\n'
            f'endpoint = "{collector.url}/v1/traces"\nheaders_env = "TRACE_HEADERS"\nservice_name = "correlator"\n'
        )
        (tmp_path / "alerts.jsonl").write_text(json.dumps({**ALERT, "ts": time.time()}) + "\n")
        daemon = spawn(config, tmp_path / "state", tmp_path / "log")
        daemon.wait_ready()
        until(lambda: "aiops_records_total" in daemon.metrics() and daemon.health()["journal"]["record"] > 1)
        # What waits is sent at the end, sooner than every five seconds.
        assert daemon.stop() == 0
        requests = list(collector.requests)
    assert {(request.path, request.headers["authorization"]) for request in requests} == {
        ("/v1/traces", "Bearer t0ken")
    }
    bodies = [ExportTraceServiceRequest.FromString(gzip.decompress(request.body)) for request in requests]
    resources = [one for body in bodies for one in body.resource_spans]
    about = {one.key: one.value.string_value for one in resources[0].resource.attributes}
    assert about["service.name"] == "correlator"
    spans = [span for one in resources for scope in one.scope_spans for span in scope.spans]
    [batch] = [span for span in spans if any(one.key == "aiops.sources" for one in span.attributes)]
    names = {span.name for span in spans if span.parent_span_id == batch.span_id}
    assert names == {"journal", "fold", "store"}
    assert "t0ken" not in (tmp_path / "log").read_text()
