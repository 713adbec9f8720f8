"""Messages that Confluent's own serialisers write become records by their schema in a registry.

The registry is that of AIOPS_TEST_SCHEMA_REGISTRY (its address), else one made here, which keeps what it is given.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("confluent_kafka.schema_registry", reason="the extra schema-registry is not installed")

from aiops_connectors.kafka.avro import MAX_REFERENCES, avro_decoder
from aiops_connectors.kafka.consumer import BrokerError, RefusedError
from aiops_connectors.kafka.protobuf import protobuf_decoder
from aiops_connectors.kafka.schema_registry import SchemaRegistry, SchemaRegistryOptions
from aiops_connectors.payloads.framing import Frame, confluent
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.timestamp_pb2 import DESCRIPTOR as TIMESTAMP

from aiops.errors import RecordError, UsageError
from tests.kafka.conftest import Lab, RecordingInbox, Until

HOST = {"type": "record", "name": "Host", "namespace": "acme", "fields": [{"name": "name", "type": "string"}]}
ALERT = {
    "type": "record",
    "name": "Alert",
    "namespace": "acme",
    "fields": [
        {"name": "title", "type": "string"},
        {"name": "status", "type": {"type": "enum", "name": "State", "symbols": ["firing", "resolved"]}},
        {"name": "severity", "type": ["null", "string"], "default": None},
        {"name": "host", "type": "string"},
        {"name": "timestamp", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ],
}
FIRES = {
    "title": "DiskFull",
    "status": "firing",
    "severity": "critical",
    "host": "db-1",
    "timestamp": 1_772_400_000_000,
}


class Kept(BaseHTTPRequestHandler):
    """The part of the registry's API that clients use, over what they registered."""

    schemas: list[dict[str, Any]]
    subjects: dict[str, list[int]]
    status: list[int]

    def log_message(self, *arguments: Any) -> None:
        """Print nothing."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if body not in self.schemas:
            self.schemas.append(body)
        number = self.schemas.index(body) + 1
        subject = self.path.split("?")[0].split("/")[2]
        versions = self.subjects.setdefault(subject, [])
        if number not in versions:
            versions.append(number)
        self._answer(200, {"id": number, "version": versions.index(number) + 1, "subject": subject, **body})

    def do_GET(self) -> None:
        parts = self.path.split("?")[0].strip("/").split("/")
        if self.status:
            self._answer(self.status[0], {"error_code": self.status[0], "message": "not now"})
        elif parts[:2] == ["schemas", "ids"] and int(parts[2]) <= len(self.schemas):
            self._answer(200, self.schemas[int(parts[2]) - 1])
        elif parts[0] == "subjects" and parts[1] in self.subjects:
            number = self.subjects[parts[1]][int(parts[3]) - 1]
            self._answer(200, {"id": number, "version": int(parts[3]), "subject": parts[1], **self.schemas[number - 1]})
        else:
            self._answer(404, {"error_code": 40403, "message": "Schema not found"})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/vnd.schemaregistry.v1+json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


@pytest.fixture
def kept() -> type[Kept]:
    return type("OneKept", (Kept,), {"schemas": [], "subjects": {}, "status": []})


@pytest.fixture
def url(kept: type[Kept]) -> Iterator[str]:
    if found := os.environ.get("AIOPS_TEST_SCHEMA_REGISTRY"):
        yield found
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), kept)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def own_only() -> None:
    if "AIOPS_TEST_SCHEMA_REGISTRY" in os.environ:
        pytest.skip("asks for faults that a registry of others does not have")


def registry(url: str) -> SchemaRegistry:
    return SchemaRegistry(SchemaRegistryOptions(url=url, timeout_s=5), "sources.k.schema_registry")


def framed(value: bytes | None) -> Frame:
    found = confluent(value or b"")
    assert found is not None
    return found


def avro(url: str, topic: str, schema: Any = ALERT, value: Any = FIRES) -> bytes:
    writer = AvroSerializer(
        SchemaRegistryClient({"url": url}), schema if isinstance(schema, Schema) else json.dumps(schema)
    )
    written: bytes = writer(value, SerializationContext(topic, MessageField.VALUE))
    return written


def test_an_avro_message_becomes_plain_values(url: str) -> None:
    found = registry(url)(framed(avro(url, "avro-plain")))
    assert found == {**FIRES, "timestamp": "2026-03-01T21:20:00Z"}


def test_an_avro_schema_may_name_others(url: str) -> None:
    client = SchemaRegistryClient({"url": url})
    client.register_schema("acme.Host", Schema(json.dumps(HOST), "AVRO"))
    fields = [{"name": "title", "type": "string"}, {"name": "host", "type": "acme.Host"}]
    outer = json.dumps({"type": "record", "name": "Outer", "namespace": "acme", "fields": fields})
    schema = Schema(outer, "AVRO", [SchemaReference("acme.Host", "acme.Host", 1)])
    value = {"title": "DiskFull", "host": {"name": "db-1"}}
    assert registry(url)(framed(avro(url, "avro-named", schema, value))) == value


def alert_class(name: str) -> Any:
    """Return the class of `message Alert { message Inner {…} }` in a file of its own."""
    file = descriptor_pb2.FileDescriptorProto(name=name, package="acme", syntax="proto3")
    file.dependency.append("google/protobuf/timestamp.proto")
    message = file.message_type.add(name="Alert")
    inner = message.nested_type.add(name="Inner")
    text = descriptor_pb2.FieldDescriptorProto.TYPE_STRING
    for number, field in enumerate(("title", "status", "host_name"), 1):
        for owner in (message, inner):
            owner.field.add(name=field, number=number, type=text, label=1)
    kind = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
    message.field.add(name="time", number=4, type=kind, label=1, type_name=".google.protobuf.Timestamp")
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(TIMESTAMP.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("acme.Alert"))


def protobuf(url: str, topic: str, message: Any) -> bytes:
    writer = ProtobufSerializer(type(message), SchemaRegistryClient({"url": url}), {"use.deprecated.format": False})
    written: bytes = writer(message, SerializationContext(topic, MessageField.VALUE))
    return written


def test_a_protobuf_message_becomes_plain_values(url: str) -> None:
    message = alert_class("acme_alert.proto")(title="DiskFull", status="firing", host_name="db-1")
    message.time.FromSeconds(1_772_400_000)
    found = registry(url)(framed(protobuf(url, "proto-plain", message)))
    assert found == {"title": "DiskFull", "status": "firing", "host_name": "db-1", "time": "2026-03-01T21:20:00Z"}


def test_a_nested_protobuf_message_is_found_by_its_indexes(url: str) -> None:
    inner = alert_class("acme_nested.proto").Inner(title="DiskFull")
    assert registry(url)(framed(protobuf(url, "proto-nested", inner))) == {"title": "DiskFull"}


class Endless:
    """A registry whose every schema names another one."""

    def get_version(self, subject: str, version: int, fmt: str = "") -> Any:
        name = f"T{int(subject[1:]) + 1}"
        text = json.dumps({"type": "record", "name": subject, "fields": []})
        return type("Found", (), {"schema": Schema(text, "AVRO", [SchemaReference(name, name, 1)])})

    def get_schema(self, number: int, fmt: str = "") -> Any:
        return Schema("not base64 of a file", "PROTOBUF")


def test_schemas_that_name_each_other_without_end_are_refused() -> None:
    first = Schema("{}", "AVRO", [SchemaReference("T0", "T0", 1)])
    with pytest.raises(RecordError, match=f"at most {MAX_REFERENCES} references"):
        avro_decoder(Endless(), first)


def test_a_descriptor_that_is_none_is_refused() -> None:
    with pytest.raises(Exception, match=r"base64|parsing|Invalid|padding"):
        protobuf_decoder(Endless(), 1)


def test_a_schema_that_is_not_there_rejects_the_message(url: str) -> None:
    with pytest.raises(RecordError, match="knows no schema 999999"):
        registry(url)(Frame(999_999, b"\x00"))


@pytest.mark.parametrize("body", [b"", b"\xff" * 40, b"\x08abcd"])
def test_bytes_that_do_not_fit_the_schema_reject_the_message(url: str, body: bytes) -> None:
    frame = framed(avro(url, "avro-broken"))
    with pytest.raises(RecordError):
        registry(url)(Frame(frame.schema, body))


def test_bytes_after_a_message_reject_it(url: str) -> None:
    frame = framed(avro(url, "avro-longer"))
    with pytest.raises(RecordError, match="end of the message"):
        registry(url)(Frame(frame.schema, frame.body + b"x"))


def test_hostile_message_indexes_reject_the_message(url: str) -> None:
    frame = framed(protobuf(url, "proto-hostile", alert_class("acme_hostile.proto")(title="x")))
    decode = registry(url)
    for body in (b"", b"\xff" * 20, b"\x02\x7f", b"\x7e\x00", b"\x01"):
        with pytest.raises(RecordError):
            decode(Frame(frame.schema, body))


def test_an_outage_rejects_nothing(url: str, kept: type[Kept]) -> None:
    own_only()
    frame = framed(avro(url, "avro-outage"))
    found = registry(url)
    kept.status.append(503)
    with pytest.raises(BrokerError, match="schema registry"):
        found(frame)
    kept.status.clear()
    assert found(frame)["title"] == "DiskFull"
    kept.status.append(503)
    # Known schemas need no question.
    assert found(frame)["title"] == "DiskFull"


def test_no_answer_at_all_rejects_nothing() -> None:
    with pytest.raises(BrokerError):
        registry("http://127.0.0.1:9")(Frame(1, b"x"))


def test_a_refusal_is_reported_as_one(url: str, kept: type[Kept]) -> None:
    own_only()
    kept.status.append(401)
    with pytest.raises(RefusedError):
        registry(url)(Frame(1, b"x"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"url": "ftp://registry"}, "expected http"),
        ({"url": "http://user:secret@registry"}, "without a user"),
        ({"url": "http://registry", "username": "u"}, "together"),
        ({"url": "http://registry", "username": "u", "password_env": "NOT_SET_ANYWHERE"}, "is not set"),
        ({"url": "http://registry", "ca_file": "/nowhere.pem"}, "can be read"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason) as error:
        SchemaRegistry(SchemaRegistryOptions(**options), "sources.k.schema_registry")
    assert "secret" not in str(error.value)


@pytest.mark.kafka
def test_framed_messages_of_a_topic_become_alerts(
    lab: Lab, inbox: RecordingInbox, until: Until, url: str, tmp_path: Path
) -> None:
    topic = lab.topic()
    message = alert_class("acme_topic.proto")(title="NodeDown", status="firing", host_name="db-2")
    plain = b"\x00\x00\x00\x00\x01" + json.dumps({"title": "Late", "status": "firing", "host": "db-3"}).encode()
    lab.produce(topic, [avro(url, topic), protobuf(url, f"{topic}-2", message), plain, b"\x00\x00\x0f\x00\x00\x02x"])
    options = lab.options(topics=[topic], mapping="webhook", schema_registry={"url": url})
    with lab.running(inbox, options):
        until(lambda: len(inbox.records) + len(inbox.rejected) == 4, "four messages")
    assert [record.name for record in inbox.records] == ["DiskFull", "NodeDown", "Late"]
    assert inbox.records[0].entity == "db-1"
    assert "knows no schema" in inbox.rejected[0].reason


@pytest.mark.kafka
def test_a_topic_waits_for_its_registry(
    lab: Lab, inbox: RecordingInbox, until: Until, url: str, kept: type[Kept]
) -> None:
    own_only()
    topic = lab.topic()
    lab.produce(topic, [avro(url, topic)])
    kept.status.append(503)
    options = lab.options(topics=[topic], mapping="webhook", schema_registry={"url": url})
    with lab.running(inbox, options) as source:
        until(lambda: "schema registry" in str(source.health()["detail"]), "the outage in health")
        assert not inbox.records + inbox.rejected
        kept.status.clear()
        until(lambda: inbox.has(1), "the alert")
    assert not inbox.rejected
