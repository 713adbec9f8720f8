"""What no retry can mend: refused topics and groups, topics that are not there; said, and stopping nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiops_connectors.kafka import source as source_module
from aiops_connectors.kafka.consumer import BrokerError, RefusedError
from aiops_connectors.kafka.faults import broker_error
from kafka.admin import ACL, ACLFilter, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from aiops.testing.kafka_broker import KafkaBroker
from aiops.testing.kafka_fixture import USERS
from tests.kafka.conftest import Lab, MakeAlerts, RecordingInbox, Until

NAME, PASSWORD = next(iter(USERS.items()))
KAFKA = pytest.mark.kafka


@pytest.mark.parametrize(
    ("name", "text", "refused"),
    [
        ("TopicAuthorizationFailedError", "", True),
        ("TOPIC_AUTHORIZATION_FAILED", "Broker: Topic authorization failed", True),
        ("GroupAuthorizationFailedError", "", True),
        ("SaslAuthenticationFailedError", "", True),
        ("_AUTHENTICATION", "SASL authentication error", True),
        ("_SSL", "SSL handshake failed", True),
        ("KafkaConnectionError", "certificate verify failed: self-signed certificate", True),
        ("UnsupportedSaslMechanismError", "", True),
        ("INVALID_SESSION_TIMEOUT", "", True),
        ("InvalidTopicError", "", True),
        ("KafkaTimeoutError", "Unable to bootstrap", False),
        ("KafkaConnectionError", "Connection refused", False),
        ("_ALL_BROKERS_DOWN", "", False),
        ("_TRANSPORT", "", False),
        ("_TIMED_OUT", "", False),
        ("NotCoordinatorError", "", False),
        ("CoordinatorLoadInProgressError", "", False),
        ("RebalanceInProgressError", "", False),
        ("KAFKA_STORAGE_ERROR", "", False),
    ],
)
def test_a_refusal_is_told_from_a_broker_that_is_away(name: str, text: str, refused: bool) -> None:
    error = broker_error(name, text)
    assert isinstance(error, BrokerError)
    assert isinstance(error, RefusedError) == refused
    assert str(error) == f"{name}: {text}"


@pytest.fixture
def login(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    if not isinstance(lab.broker, KafkaBroker):
        pytest.skip("the broker has no listeners that ask for a name")
    monkeypatch.setenv("TEST_KAFKA_PASSWORD", PASSWORD)
    return {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_username": NAME,
        "sasl_password_env": "TEST_KAFKA_PASSWORD",
        "bootstrap_servers": [lab.kafka.bootstrap_sasl],
    }


@contextmanager
def denied(lab: Lab, kind: str, name: str, operation: str) -> Iterator[None]:
    """The user may not do that; everything else is allowed."""
    acl = ACL(f"User:{NAME}", "*", operation, ACLPermissionType.DENY, ResourcePattern(kind, name))
    others = ACL("User:*", "*", ACLOperation.ALL, ACLPermissionType.ALLOW, ResourcePattern(kind, name))
    lab.admin.create_acls([acl, others])
    try:
        yield
    finally:
        # Until the test's own end, too: the broker is shared.
        pattern = ResourcePattern(kind, name)
        lab.admin.delete_acls([ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, pattern)])


@KAFKA
@pytest.mark.parametrize("operation", [ACLOperation.READ, ACLOperation.DESCRIBE])
def test_a_topic_that_is_refused_is_named_and_the_other_is_read(
    lab: Lab,
    inbox: RecordingInbox,
    until: Until,
    alerts: MakeAlerts,
    login: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
) -> None:
    monkeypatch.setattr("aiops_connectors.kafka.kafka_python.BLOCKED_S", 0.5)
    monkeypatch.setattr("aiops_connectors.kafka.librdkafka.BLOCKED_S", 0.5)
    ours, theirs = lab.topic(), lab.topic(prefix="theirs")
    lab.produce(ours, alerts(3, "ours"))
    lab.produce(theirs, alerts(3, "theirs"))
    options = lab.options(topics=[ours, theirs], metadata_max_age_s=0.5, **login)
    with (
        caplog.at_level(logging.INFO, "aiops"),
        denied(lab, ResourceType.TOPIC, theirs, operation),
        lab.running(inbox, options) as source,
    ):
        until(lambda: theirs in source.health()["detail"], "health to name it")
        until(lambda: len(inbox.ids) == 3, "the topic that is ours")
        health = source.health()
        assert (health["ok"], health["connected"]) == (False, True)
        assert "uthoriz" in health["detail"]
        lab.produce(ours, alerts(3, "more"))
        until(lambda: len(inbox.ids) == 6, "more of it")
    assert set(inbox.ids) == {f"{prefix}{n}" for prefix in ("ours", "more") for n in range(3)}
    assert "does not answer" not in caplog.text


@KAFKA
def test_a_topic_that_is_granted_later_is_read_then(
    lab: Lab,
    inbox: RecordingInbox,
    until: Until,
    alerts: MakeAlerts,
    login: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("aiops_connectors.kafka.kafka_python.BLOCKED_S", 0.5)
    monkeypatch.setattr("aiops_connectors.kafka.librdkafka.BLOCKED_S", 0.5)
    topic = lab.topic()
    lab.produce(topic, alerts(3))
    granted = denied(lab, ResourceType.TOPIC, topic, ACLOperation.READ)
    with granted:
        running = lab.running(inbox, lab.options(topics=[topic], **login))
        source = running.__enter__()
        until(lambda: not source.health()["ok"] and topic in source.health()["detail"], "the refusal")
    until(lambda: len(inbox.records) == 3, "its alerts")
    until(lambda: source.health()["ok"], "health to be well again")
    running.__exit__(None, None, None)


@KAFKA
def test_a_group_that_is_refused_is_no_network_fault(
    lab: Lab,
    inbox: RecordingInbox,
    until: Until,
    alerts: MakeAlerts,
    login: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    topic = lab.topic()
    options = lab.options(topics=[topic], **login)
    waits: list[float] = []

    def note(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(0.05)

    with (
        caplog.at_level(logging.INFO, "aiops"),
        denied(lab, ResourceType.GROUP, options["group_id"], ACLOperation.ALL),
        lab.running(inbox, options) as source,
    ):
        source._sleep = note
        until(lambda: source.health()["refused"], "the refusal")
        until(lambda: source.health()["reconnects"] >= 2, "two tries")
        health = source.health()
    assert not health["ok"]
    assert health["detail"].startswith("refused by the broker: ")
    assert "roup" in health["detail"]
    refusals = [record for record in caplog.records if "the broker refuses" in record.message]
    assert len(refusals) == 1
    assert refusals[0].levelno == logging.ERROR
    assert "does not answer" not in caplog.text
    assert set(waits) <= {source_module.REFUSED_S}


@KAFKA
def test_a_topic_that_does_not_exist_is_said_and_not_made(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts
) -> None:
    ours, typo = lab.topic(), f"typo-{time.time_ns()}"
    lab.produce(ours, alerts(2))
    with lab.running(inbox, lab.options(topics=[ours, typo], metadata_max_age_s=0.5)) as source:
        until(lambda: "does not exist" in source.health()["detail"], "health to say so")
        until(lambda: len(inbox.records) == 2, "the topic that exists")
        health = source.health()
    assert (health["ok"], health["connected"]) == (False, True)
    assert health["problems"] == {typo: "it does not exist; create it, or correct `topics`"}
    assert typo not in lab.admin.list_topics()
