"""Options that cannot work are refused before anything connects, with the place and what was expected."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.kafka.options import source_options, start_of
from aiops_connectors.kafka.sink import KafkaSink
from aiops_connectors.kafka.source import KafkaSource

from aiops import registry
from aiops.errors import UsageError
from aiops.ports import Sink, Source

GOOD = {"bootstrap_servers": ["localhost:9092"], "topics": ["alerts"]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bootstrap_servers": []}, "bootstrap_servers: expected at least one"),
        ({"bootstrap_servers": ["localhost"]}, "expected host:port; got 'localhost'"),
        ({"bootstrap_servers": "localhost:9092"}, "bootstrap_servers"),
        ({"topics": []}, "either topics or a pattern; got neither"),
        ({"pattern": "a.*"}, "either topics or a pattern; got both"),
        ({"topics": [], "pattern": "a("}, "expected a regular expression"),
        ({"topics": ["a b"]}, "got 'a b'"),
        ({"transport": "pulsar"}, "transport"),
        ({"start": "yesterday"}, "start: expected earliest, latest or a time; got 'yesterday'"),
        ({"start": -1}, "start: expected a time from 1970 on"),
        ({"max_poll_records": 0}, "max_poll_records"),
        ({"group_instance_id": "a/b"}, "group_instance_id"),
        ({"dead_letter_topic": "alerts"}, "each dead letter would become another one"),
        ({"topics": [], "pattern": ".*", "dead_letter_topic": "dead"}, "each dead letter would become another one"),
        ({"security_protocol": "TLS"}, "security_protocol"),
        ({"security_protocol": "SASL_SSL"}, "SASL_SSL needs sasl_mechanism, sasl_username and sasl_password_env"),
        ({"sasl_username": "me"}, "sasl options need security_protocol"),
        ({"tls_ca_file": "/nowhere/ca.pem"}, "tls_ca_file: needs security_protocol SSL"),
        ({"security_protocol": "SSL", "tls_ca_file": "/nowhere/ca.pem"}, "expected a PEM file"),
        ({"bootstrap": "localhost:9092"}, "unknown option 'bootstrap'"),
        ({"mapping": "no-such-mapping"}, "no-such-mapping"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as raised:
        KafkaSource("bus", GOOD | change)
    assert said in str(raised.value)


def test_start_policies() -> None:
    for start, meant in {"earliest": "earliest", "latest": "latest", 5: 5.0, "1970-01-01T00:01:00Z": 60.0}.items():
        assert start_of(source_options("bus", GOOD | {"start": start})) == meant


def test_both_plugins_are_registered_and_fit_their_ports() -> None:
    source = registry.load("aiops.sources", "kafka")("bus", GOOD)
    assert isinstance(source, Source)
    assert source.health()["ok"] is False
    sink = registry.load("aiops.sinks", "kafka")("bus", {"bootstrap_servers": ["localhost:9092"], "topic": "incidents"})
    assert isinstance(sink, KafkaSink)
    assert isinstance(sink, Sink)
