"""Logs as a real OpenTelemetry exporter sends them, in Protobuf and with gzip, and what is no such message."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from aiops_connectors.payloads.otlp_protobuf import otlp_logs

from aiops.errors import RecordError
from aiops.records import Alert

pytest.importorskip("opentelemetry.sdk")


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_real_exporter_sends_its_logs(http: Any, compression: str) -> None:
    from opentelemetry._logs import LogRecord, SeverityNumber
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
    from opentelemetry.sdk.resources import Resource

    resource = Resource.create({"service.name": "pay", "host.name": "web-1"})
    provider = LoggerProvider(resource=resource)
    exporter = OTLPLogExporter(
        endpoint=f"http://127.0.0.1:{http.port}/v1/logs", timeout=30, compression=Compression(compression)
    )
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    record = LogRecord(
        timestamp=1_772_359_200_000_000_000, severity_number=SeverityNumber.ERROR, body="card 4711 refused"
    )
    provider.get_logger("shop").emit(record)
    provider.shutdown()
    [alert] = [record for record in http.inbox.records if isinstance(record, Alert)]
    assert (alert.name, alert.severity, alert.service, alert.entity) == ("card # refused", "high", "pay", "web-1")
    assert (alert.message, alert.ts) == ("card 4711 refused", 1_772_359_200.0)


def test_ids_are_hexadecimal_as_in_json() -> None:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.trace_id, record.severity_number = bytes(range(16)), 17
    [found] = otlp_logs(request.SerializeToString())["resourceLogs"]
    assert found["scopeLogs"][0]["logRecords"] == [
        {"traceId": "000102030405060708090a0b0c0d0e0f", "severityNumber": 17}
    ]


@pytest.mark.parametrize("body", [b"\xff\xff", b"{}", b"\x0a\x7f"])
def test_another_message_is_refused(body: bytes) -> None:
    with pytest.raises(RecordError, match="got another Protobuf message"):
        otlp_logs(body)


def test_without_the_extra_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *others: Any) -> Any:
        if name.startswith("opentelemetry.proto"):
            raise ImportError(name)
        return real(name, *others)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(RecordError, match="encoding: json"):
        otlp_logs(b"")
