"""Logs in OTLP's binary encoding (`application/x-protobuf`), as the documents of its JSON encoding.

OpenTelemetry SDKs and the Collector send it by default. The messages come with the extra `otel`. https://opentelemetry.io/docs/specs/otlp/#binary-protobuf-encoding
"""

from __future__ import annotations

import base64
from typing import Any

from aiops.errors import RecordError

CONTENT_TYPES = ("application/x-protobuf", "application/protobuf")
REMEDY = (
    "install `aiops-engine[otel]`, or let the sender use JSON (`encoding: json` of the Collector's otlphttp exporter)"
)
# The fields that the JSON encoding of OTLP has in hexadecimal digits, where that of Protobuf has base64.
_IDS = ("traceId", "spanId")


def otlp_logs(body: bytes) -> dict[str, Any]:
    """Return a request with logs in the names of OTLP/JSON; raise `RecordError` for anything else.

    >>> otlp_logs(b"")
    {'resourceLogs': []}
    """
    try:
        from google.protobuf.json_format import MessageToDict
        from google.protobuf.message import DecodeError
        from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    except ImportError:
        raise RecordError(f"expected JSON; got Protobuf, which needs an extra: {REMEDY}") from None
    try:
        message = ExportLogsServiceRequest.FromString(body)
    except DecodeError:
        raise RecordError("expected an OTLP request with logs; got another Protobuf message or none") from None
    found: dict[str, Any] = {"resourceLogs": []}
    found |= MessageToDict(message, use_integers_for_enums=True)
    for resource in found["resourceLogs"]:
        for scope in resource.get("scopeLogs", ()):
            for record in scope.get("logRecords", ()):
                for name in _IDS:
                    if name in record:
                        record[name] = base64.b64decode(record[name]).hex()
    return found
