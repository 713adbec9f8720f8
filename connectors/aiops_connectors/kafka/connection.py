"""Connection and login options of a Kafka cluster, shared by source and sink, for either client."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct

from aiops.errors import UsageError
from aiops.options import convert

Transport = Literal["kafka-python", "librdkafka"]
Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
# What Kafka itself allows (org.apache.kafka.common.internals.Topic).
TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}")


class Connection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every Kafka connection."""

    bootstrap_servers: Annotated[list[str], Meta(description="`host:port` of some of the brokers.")]
    transport: Annotated[
        Transport,
        Meta(description="The client library; `librdkafka` needs the extra of that name (`aiops-engine[librdkafka]`)."),
    ] = "kafka-python"
    client_id: Annotated[str, Meta(description="Our name in the broker's logs and quotas.")] = "aiops"
    security_protocol: Annotated[Protocol, Meta(description="Whether to encrypt (SSL) and to log in (SASL).")] = (
        "PLAINTEXT"
    )
    tls_ca_file: Annotated[
        str | None, Meta(description="Certificates to trust (PEM); without it, those of the system.")
    ] = None
    tls_cert_file: Annotated[str | None, Meta(description="Our own certificate (PEM), if the broker requires one.")] = (
        None
    )
    tls_key_file: Annotated[str | None, Meta(description="The key of our certificate (PEM).")] = None
    tls_key_password_env: Annotated[
        str | None, Meta(description="The environment variable with the key's password.")
    ] = None
    tls_check_hostname: Annotated[bool, Meta(description="Off only for a broker with a wrong certificate.")] = True
    sasl_mechanism: Annotated[Mechanism | None, Meta(description="How to log in; needed with the SASL protocols.")] = (
        None
    )
    sasl_username: Annotated[str | None, Meta(description="Who logs in.")] = None
    sasl_password_env: Annotated[str | None, Meta(description="The environment variable with the password.")] = None

    @property
    def encrypted(self) -> bool:
        """Return True if the connection uses TLS."""
        return self.security_protocol in ("SSL", "SASL_SSL")

    @property
    def named(self) -> bool:
        """Return True if we log in with SASL."""
        return self.security_protocol in ("SASL_PLAINTEXT", "SASL_SSL")


ConnectionT = TypeVar("ConnectionT", bound=Connection)


def connection_options(options: Mapping[str, Any], kind: type[ConnectionT], place: str) -> ConnectionT:
    """Return the options as a Struct; raise `UsageError` for the one that is wrong or cannot work."""
    converted = convert(options, kind, place)
    check_connection(converted, place)
    return converted


def check_connection(options: Connection, place: str, environ: Mapping[str, str] = os.environ) -> None:
    """Raise `UsageError` for options that cannot work, before anything connects."""
    if not options.bootstrap_servers:
        raise UsageError(f"{place}.bootstrap_servers: expected at least one host:port; got none")
    for server in options.bootstrap_servers:
        if not _SERVER.fullmatch(server):
            raise UsageError(f"{place}.bootstrap_servers: expected host:port; got {server!r}")
    _check_tls(options, place)
    _check_sasl(options, place)
    for name in ("tls_key_password_env", "sasl_password_env"):
        variable = getattr(options, name)
        if variable is not None and not environ.get(variable):
            raise UsageError(f"{place}.{name}: expected environment variable {variable} to be set; it is not")


def _check_tls(options: Connection, place: str) -> None:
    files = ("tls_ca_file", "tls_cert_file", "tls_key_file")
    for name in files:
        path = getattr(options, name)
        if path is None:
            continue
        if not options.encrypted:
            raise UsageError(
                f"{place}.{name}: needs security_protocol SSL or SASL_SSL; got {options.security_protocol}"
            )
        if not Path(path).is_file():
            raise UsageError(f"{place}.{name}: expected a PEM file; {path} is none")
    if (options.tls_cert_file is None) != (options.tls_key_file is None):
        raise UsageError(f"{place}: expected tls_cert_file and tls_key_file together; got one of them")


def _check_sasl(options: Connection, place: str) -> None:
    given = [options.sasl_mechanism, options.sasl_username, options.sasl_password_env]
    if options.named and None in given:
        wanted = "sasl_mechanism, sasl_username and sasl_password_env"
        raise UsageError(f"{place}: {options.security_protocol} needs {wanted}")
    if not options.named and given != [None, None, None]:
        raise UsageError(f"{place}: sasl options need security_protocol SASL_SSL or SASL_PLAINTEXT")


def kafka_python_settings(options: Connection, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Keyword arguments that consumer, producer and admin of kafka-python share."""
    settings: dict[str, Any] = {
        "bootstrap_servers": options.bootstrap_servers,
        "client_id": options.client_id,
        "security_protocol": options.security_protocol,
    }
    if options.encrypted:
        settings |= {
            "ssl_cafile": options.tls_ca_file,
            "ssl_certfile": options.tls_cert_file,
            "ssl_keyfile": options.tls_key_file,
            "ssl_password": _secret(options.tls_key_password_env, environ),
            "ssl_check_hostname": options.tls_check_hostname,
        }
    if options.named:
        settings |= {
            "sasl_mechanism": options.sasl_mechanism,
            "sasl_plain_username": options.sasl_username,
            "sasl_plain_password": _secret(options.sasl_password_env, environ),
        }
    return settings


def librdkafka_settings(options: Connection, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Configuration that consumer and producer of confluent-kafka share."""
    settings: dict[str, Any] = {
        "bootstrap.servers": ",".join(options.bootstrap_servers),
        "client.id": options.client_id,
        "security.protocol": options.security_protocol,
    }
    if options.encrypted:
        settings |= {
            "ssl.ca.location": options.tls_ca_file,
            "ssl.certificate.location": options.tls_cert_file,
            "ssl.key.location": options.tls_key_file,
            "ssl.key.password": _secret(options.tls_key_password_env, environ),
            "ssl.endpoint.identification.algorithm": "https" if options.tls_check_hostname else "none",
        }
    if options.named:
        settings |= {
            "sasl.mechanisms": options.sasl_mechanism,
            "sasl.username": options.sasl_username,
            "sasl.password": _secret(options.sasl_password_env, environ),
        }
    return {name: value for name, value in settings.items() if value is not None}


def _secret(variable: str | None, environ: Mapping[str, str]) -> str | None:
    return environ.get(variable) if variable else None
