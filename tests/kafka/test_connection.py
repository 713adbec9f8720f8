"""How to reach a cluster: options that cannot work are refused before anything connects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.kafka.connection import (
    TOPIC,
    Connection,
    check_connection,
    connection_options,
    kafka_python_settings,
    librdkafka_settings,
)

from aiops.errors import UsageError

GOOD: dict[str, Any] = {"bootstrap_servers": ["kafka-1:9092"]}
SASL: dict[str, Any] = {"sasl_mechanism": "PLAIN", "sasl_username": "ann", "sasl_password_env": "PASSWORD"}


@pytest.mark.parametrize("server", ["kafka-1:9092", "10.0.0.1:1", "[2001:db8::1]:9092", "a_b.example:65535"])
def test_brokers_are_hosts_with_ports(server: str) -> None:
    check_connection(Connection(bootstrap_servers=["x:1", server]), "p")


@pytest.mark.parametrize(
    "server", ["", "kafka", "kafka:", ":9092", "kafka:port", "kafka:999999", "a b:1", "http://a:1", "a:1\n", "a:1,b:2"]
)
def test_broker_of_another_form_is_refused(server: str) -> None:
    with pytest.raises(UsageError, match=r"p\.bootstrap_servers: expected host:port"):
        check_connection(Connection(bootstrap_servers=[server]), "p")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"bootstrap_servers": []}, "at least one"),
        ({"tls_ca_file": "/x"}, "needs security_protocol"),
        ({"security_protocol": "SSL", "tls_ca_file": "/no/such/file"}, "expected a PEM file"),
        ({"security_protocol": "SASL_SSL"}, "needs sasl_mechanism"),
        ({"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN"}, "needs sasl_mechanism"),
        ({"sasl_username": "ann"}, "sasl options need"),
        ({"security_protocol": "SSL", **SASL}, "sasl options need"),
        ({"security_protocol": "SASL_SSL", **SASL}, "PASSWORD to be set"),
        ({"security_protocol": "SSL", "tls_key_password_env": "KEYPASS"}, "KEYPASS to be set"),
    ],
    ids=str,
)
def test_options_that_cannot_work_are_named(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_connection(Connection(**{**GOOD, **options}), "p", {})


def test_certificate_and_key_come_together(tmp_path: Path) -> None:
    (tmp_path / "a.pem").touch()
    with pytest.raises(UsageError, match="together"):
        check_connection(Connection(**GOOD, security_protocol="SSL", tls_cert_file=str(tmp_path / "a.pem")), "p")


@pytest.mark.parametrize(
    "options", [{"bootstrap_servers": "a:1"}, {**GOOD, "transport": "other"}, {**GOOD, "colour": 1}, {}]
)
def test_option_of_another_type_is_refused_with_its_place(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"^sources\.k"):
        connection_options(options, Connection, "sources.k")


def test_both_clients_get_the_same_connection() -> None:
    options = Connection(**GOOD, security_protocol="SASL_SSL", **SASL, tls_check_hostname=False)
    one, other = kafka_python_settings(options, {"PASSWORD": "s"}), librdkafka_settings(options, {"PASSWORD": "s"})
    assert (one["sasl_plain_password"], other["sasl.password"]) == ("s", "s")
    assert (one["ssl_check_hostname"], other["ssl.endpoint.identification.algorithm"]) == (False, "none")
    assert other["bootstrap.servers"] == "kafka-1:9092"
    assert None not in other.values(), "librdkafka takes no empty options"


def test_plain_connection_has_no_secrets() -> None:
    assert set(kafka_python_settings(Connection(**GOOD))) == {"bootstrap_servers", "client_id", "security_protocol"}


@pytest.mark.parametrize(
    ("name", "fits"), [("alerts.v1_x-y", True), ("", False), ("a/b", False), ("x" * 250, False), ("ä", False)]
)
def test_names_of_topics_are_those_of_kafka(name: str, fits: bool) -> None:
    assert (TOPIC.fullmatch(name) is not None) == fits
