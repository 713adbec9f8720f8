"""Messages in Confluent's wire format, decoded by their schema in a registry.

Avro, Protobuf and JSON Schema. The registry is queried once for each schema (docs.confluent.io, "Schema Registry API";
Apicurio, Karapace and Redpanda answer the same). While it does not answer, the source stops and tries again: no message
is rejected for an outage. A schema that it does not know, and a message that does not fit its schema, is a dead letter.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from aiops.errors import RecordError, UsageError
from aiops_connectors.kafka.consumer import BrokerError, RefusedError
from aiops_connectors.payloads.framing import Frame

EXTRA = "aiops-engine[schema-registry]"
# Schemas in use at a time; a topic has a handful of versions.
MAX_SCHEMAS = 1_000
# Statuses by which a registry refuses us, until somebody changes its settings or ours.
_REFUSED = (401, 403)
_NOT_FOUND = 404

Decode = Callable[[bytes], Any]


class SchemaRegistryOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The registry with the schemas of Avro and Protobuf messages."""

    url: Annotated[str, Meta(description="The registry's address; several are separated by commas.")]
    username: Annotated[str | None, Meta(description="The user, where the registry wants basic authentication.")] = None
    password_env: Annotated[str | None, Meta(description="The environment variable with the password.")] = None
    ca_file: Annotated[str | None, Meta(description="Certificates to trust (PEM).")] = None
    cert_file: Annotated[str | None, Meta(description="Our own certificate (PEM), if it requires one.")] = None
    key_file: Annotated[str | None, Meta(description="The key of our certificate (PEM).")] = None
    timeout_s: Annotated[float, Meta(gt=0, le=60, description="How long one question may take.")] = 10.0


class SchemaRegistry:
    """Decodes framed messages; one belongs to one source and is used from one thread.

    `client` replaces Confluent's client, for tests. Raises `UsageError` for options that cannot work.
    """

    def __init__(self, options: SchemaRegistryOptions, place: str, client: Any = None) -> None:
        self._options = options
        self._client = client or _client(options, place)
        self._decoders: dict[int, Decode] = {}

    def __call__(self, frame: Frame) -> Any:
        """Return the plain values of a message; raise `RecordError` where it cannot be decoded.

        Raise `BrokerError` while the registry does not answer.
        """
        decode = self._decoders.get(frame.schema)
        if decode is None:
            decode = self._load(frame.schema)
            if len(self._decoders) >= MAX_SCHEMAS:
                self._decoders.clear()
            self._decoders[frame.schema] = decode
        try:
            return decode(frame.body)
        except RecordError:
            raise
        except Exception as error:
            # A library's own errors for bytes of anybody: they have no common base.
            reason = f"{type(error).__name__}: {error}"[:300]
            raise RecordError(f"expected a message of schema {frame.schema}: {reason}") from None

    def _load(self, number: int) -> Decode:
        from confluent_kafka.schema_registry.error import SchemaRegistryError

        try:
            return _decoder(self._client, number)
        except SchemaRegistryError as error:
            if error.http_status_code == _NOT_FOUND:
                raise RecordError(f"the schema registry knows no schema {number}") from None
            kind = RefusedError if error.http_status_code in _REFUSED else BrokerError
            raise kind(f"schema registry: {error}"[:500]) from None
        except (RecordError, BrokerError):
            raise
        except Exception as error:
            # Its HTTP library's errors: no connection, no name, a time that ran out.
            raise BrokerError(f"schema registry {self._options.url}: {type(error).__name__}: {error}"[:500]) from None


def _decoder(client: Any, number: int) -> Decode:
    schema = client.get_schema(number)
    kind = (schema.schema_type or "AVRO").upper()
    if kind == "AVRO":
        from aiops_connectors.kafka.avro import avro_decoder

        return avro_decoder(client, schema)
    if kind == "PROTOBUF":
        from aiops_connectors.kafka.protobuf import protobuf_decoder

        return protobuf_decoder(client, number)
    if kind == "JSON":
        return msgspec.json.decode
    raise RecordError(f"schema {number} is of the type {kind[:40]}, which is not read (Avro, Protobuf and JSON are)")


def _client(options: SchemaRegistryOptions, place: str) -> Any:
    for one in options.url.split(","):
        if not one.strip().startswith(("http://", "https://")) or "@" in one:
            raise UsageError(f"{place}.url: expected http:// or https:// without a user; use username and password_env")
    try:
        from confluent_kafka.schema_registry import SchemaRegistryClient
    except ImportError:
        raise UsageError(f"{place}: the extra is not installed; install {EXTRA}") from None
    return SchemaRegistryClient(_settings(options, place))


def _settings(options: SchemaRegistryOptions, place: str) -> dict[str, Any]:
    found: dict[str, Any] = {"url": options.url, "timeout": options.timeout_s, "max.retries": 0}
    if (options.username is None) != (options.password_env is None):
        raise UsageError(f"{place}: expected username and password_env together; got one of them")
    if options.username is not None and options.password_env is not None:
        secret = os.environ.get(options.password_env)
        if not secret:
            raise UsageError(f"{place}.password_env: expected the password in {options.password_env}; it is not set")
        found["basic.auth.user.info"] = f"{options.username}:{secret}"
    files: Mapping[str, str | None] = {
        "ssl.ca.location": options.ca_file,
        "ssl.certificate.location": options.cert_file,
        "ssl.key.location": options.key_file,
    }
    for name, path in files.items():
        if path is not None:
            if not Path(path).is_file():
                raise UsageError(f"{place}: {path}: expected a file that can be read")
            found[name] = path
    return found
