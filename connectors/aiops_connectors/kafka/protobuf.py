"""Protobuf messages to plain values, by the registry's descriptor (`format=serialized`).

After the frame comes the path to the message's type in its file: a zigzag varint with the number of indexes, then each;
one zero stands for the first message (docs.confluent.io, "Wire format").
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

# The files that come with Protobuf: importing a module registers its file.
from google.protobuf import (
    any_pb2,
    descriptor_pool,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    json_format,
    message_factory,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from aiops.errors import RecordError

# Messages in messages; a file with more levels is generated to do harm.
MAX_INDEXES = 32
MAX_REFERENCES = 100
_KNOWN = (any_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2)
_VARINT_BITS = 63


def protobuf_decoder(client: Any, number: int) -> Callable[[bytes], Any]:
    """Return a function from a Protobuf message to plain values, with the field names of the schema."""
    schema = client.get_schema(number, fmt="serialized")
    pool = descriptor_pool.DescriptorPool()
    main = _file(schema)
    _add(client, schema, main, pool, set())
    file = pool.FindFileByName(main.name)

    def decode(body: bytes) -> Any:
        indexes, at = _indexes(body)
        found = _message(file, indexes)
        message = message_factory.GetMessageClass(found)()
        message.ParseFromString(body[at:])
        return json_format.MessageToDict(message, preserving_proto_field_name=True, descriptor_pool=pool)

    return decode


def _file(schema: Any) -> FileDescriptorProto:
    return FileDescriptorProto.FromString(base64.b64decode(schema.schema_str))


def _add(client: Any, schema: Any, file: FileDescriptorProto, pool: Any, seen: set[str]) -> None:
    """Add a file to the pool after all that it imports: from the registry, else Protobuf's own."""
    if len(seen) >= MAX_REFERENCES:
        raise RecordError(f"expected a schema of at most {MAX_REFERENCES} files; got more")
    seen.add(file.name)
    references = {one.name: one for one in schema.references or []}
    for name in file.dependency:
        if name in seen:
            continue
        if (one := references.get(name)) is not None:
            inner = client.get_version(one.subject, one.version, fmt="serialized").schema
            imported = _file(inner)
            imported.name = name
            _add(client, inner, imported, pool, seen)
        else:
            seen.add(name)
            pool.Add(_well_known(name))
    pool.Add(file)


def _well_known(name: str) -> FileDescriptorProto:
    """Return a file that comes with Protobuf (`google/protobuf/timestamp.proto`)."""
    for module in _KNOWN:
        if module.DESCRIPTOR.name == name:
            return FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)
    raise RecordError(f"expected the import {name[:200]!r} among the schema's references; it is not there")


def _indexes(body: bytes) -> tuple[list[int], int]:
    count, at = _zigzag(body, 0)
    if count == 0:
        return [0], at
    if not 0 < count <= MAX_INDEXES:
        raise RecordError(f"expected at most {MAX_INDEXES} message indexes; got {count}")
    found = []
    for _ in range(count):
        index, at = _zigzag(body, at)
        found.append(index)
    return found, at


def _zigzag(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(body) or shift > _VARINT_BITS:
            raise RecordError("expected message indexes before the message; got none that can be read")
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return (value >> 1) ^ -(value & 1), at
        shift += 7


def _message(file: Any, indexes: list[int]) -> Any:
    messages = list(file.message_types_by_name.values())
    found = None
    for index in indexes:
        if not 0 <= index < len(messages):
            raise RecordError(f"expected a message of the schema; got the index {index} of {len(messages)}")
        found = messages[index]
        messages = list(found.nested_types)
    return found
