"""How to reach and to log in to a Kafka cluster: options that the source and the sink share, for either client."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct

from aiops.errors import UsageError

Transport = Literal["kafka-python", "librdkafka"]
Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
# What Kafka itself allows (org.apache.kafka.common.internals.Topic).
TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}")


class Connection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the brokers are, and who we are.

    - `bootstrap_servers`: `host:port` of some of the brokers.
    - `transport`: `kafka-python` (default), or `librdkafka`, which needs the extra of that name.
    - `client_id`: our name in the broker's logs and quotas.
    - `security_protocol`: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
    - `tls_ca_file`: certificates to trust (PEM); without it, those of the system. `tls_cert_file`, `tls_key_file` and
      `tls_key_password_env`: our own certificate. `tls_check_hostname`: off only for a broker with a wrong certificate.
    - `sasl_mechanism`, `sasl_username`, `sasl_password_env`: the password is read from that environment variable.
    """

    bootstrap_servers: list[str]
    transport: Transport = "kafka-python"
    client_id: str = "aiops"
    security_protocol: Protocol = "PLAINTEXT"
    tls_ca_file: str | None = None
    tls_cert_file: str | None = None
    tls_key_file: str | None = None
    tls_key_password_env: str | None = None
    tls_check_hostname: bool = True
    sasl_mechanism: Mechanism | None = None
    sasl_username: str | None = None
    sasl_password_env: str | None = None

    @property
    def encrypted(self) -> bool:
        """Whether the connection uses TLS."""
        return self.security_protocol in ("SSL", "SASL_SSL")

    @property
    def named(self) -> bool:
        """Whether we log in with SASL."""
        return self.security_protocol in ("SASL_PLAINTEXT", "SASL_SSL")


ConnectionT = TypeVar("ConnectionT", bound=Connection)


def convert(options: Mapping[str, Any], kind: type[ConnectionT], place: str) -> ConnectionT:
    """The options as a Struct; raise `UsageError` that says which one is wrong, and why."""
    try:
        converted = msgspec.convert(dict(options), kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"{place}: {error}") from None
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
