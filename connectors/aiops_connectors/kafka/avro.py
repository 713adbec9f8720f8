"""Avro messages to plain values, by the writer's schema and those that it names (Avro 1.12)."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import msgspec
from fastavro import parse_schema, schemaless_reader

from aiops.errors import RecordError

# Schemas that name schemas that name schemas; each is one question to the registry.
MAX_REFERENCES = 100


def avro_decoder(client: Any, schema: Any) -> Callable[[bytes], Any]:
    """Return a function from an Avro message to plain values; logical times become RFC 3339, bytes base64."""
    named: dict[str, Any] = {}
    _add_references(client, schema, named, set())
    parsed = parse_schema(json.loads(schema.schema_str), named_schemas=named)

    def decode(body: bytes) -> Any:
        stream = io.BytesIO(body)
        found = schemaless_reader(stream, parsed, None)
        if stream.tell() != len(body):
            raise RecordError(f"expected the end of the message after {stream.tell()} bytes; got {len(body)}")
        return msgspec.to_builtins(found, str_keys=True)

    return decode


def _add_references(client: Any, schema: Any, named: dict[str, Any], seen: set[tuple[str, int]]) -> None:
    for reference in schema.references or []:
        key = (reference.subject, reference.version)
        if key in seen:
            continue
        if len(seen) >= MAX_REFERENCES:
            raise RecordError(f"expected a schema of at most {MAX_REFERENCES} references; got more")
        seen.add(key)
        inner = client.get_version(*key).schema
        _add_references(client, inner, named, seen)
        parse_schema(json.loads(inner.schema_str), named_schemas=named)
