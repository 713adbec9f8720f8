"""Logging in, and encryption, against the broker's own listeners."""

from __future__ import annotations

import pytest
from aiops_connectors.sources.kafka import KafkaSource

from aiops.errors import UsageError
from aiops.testing.kafka_broker import KafkaBroker
from aiops.testing.kafka_fixture import USERS

pytestmark = pytest.mark.kafka
STRAY = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
NAME, PASSWORD = next(iter(USERS.items()))


@pytest.fixture
def secured(lab, monkeypatch):
    if not isinstance(lab.broker, KafkaBroker):
        pytest.skip("the broker has no listeners that ask for a name")
    monkeypatch.setenv("TEST_KAFKA_PASSWORD", PASSWORD)
    monkeypatch.setenv("TEST_KAFKA_WRONG", "hunter2")
    return {"sasl_username": NAME, "sasl_password_env": "TEST_KAFKA_PASSWORD"}


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_sasl(lab, inbox, until, alerts, secured, mechanism):
    topic = lab.topic()
    lab.produce(topic, alerts(3))
    login = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": mechanism, **secured}
    with lab.running(inbox, lab.options(topics=[topic], bootstrap_servers=[lab.broker.bootstrap_sasl], **login)):
        until(lambda: len(inbox.records) == 3, "the alerts")


def test_sasl_over_tls(lab, inbox, until, alerts, secured):
    topic = lab.topic()
    lab.produce(topic, alerts(3))
    login = {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512", **secured}
    login |= {"tls_ca_file": str(lab.broker.ca_file), "bootstrap_servers": [lab.broker.bootstrap_tls]}
    with lab.running(inbox, lab.options(topics=[topic], **login)):
        until(lambda: len(inbox.records) == 3, "the alerts")


@STRAY
def test_a_wrong_password_shows_in_health_and_is_not_shown(lab, stray_sockets, inbox, until, alerts, secured):
    login = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", **secured}
    login |= {"sasl_password_env": "TEST_KAFKA_WRONG", "bootstrap_servers": [lab.broker.bootstrap_sasl]}
    with lab.running(inbox, lab.options(topics=["any"], **login)) as source:
        until(lambda: source.health()["last_error"], "the refusal")
        health = source.health()
    assert not health["ok"]
    assert "uthentication" in health["detail"]
    assert "hunter2" not in str(health)


@STRAY
def test_an_untrusted_certificate_is_refused(lab, stray_sockets, inbox, until, secured):
    login = {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", **secured}
    with lab.running(
        inbox, lab.options(topics=["any"], bootstrap_servers=[lab.broker.bootstrap_tls], **login)
    ) as source:
        until(lambda: source.health()["last_error"], "the refusal")
    assert not source.health()["ok"]


def test_a_secret_that_is_not_there_is_said_before_connecting(lab, monkeypatch):
    monkeypatch.delenv("NO_SUCH_SECRET", raising=False)
    options = {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", "sasl_username": "x"}
    with pytest.raises(UsageError, match="NO_SUCH_SECRET"):
        KafkaSource("test", lab.options(topics=["t"], sasl_password_env="NO_SUCH_SECRET", **options))
