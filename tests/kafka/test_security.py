"""Logging in, and encryption, against the broker's own listeners."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.kafka.sink import KafkaSink
from aiops_connectors.kafka.source import KafkaSource

from aiops.errors import UsageError
from aiops.ports import Message
from aiops.records import Incident
from aiops.testing.kafka_broker import KafkaBroker
from aiops.testing.kafka_fixture import USERS
from aiops.testing.kafka_properties import STORE_PASSWORD
from tests.kafka.conftest import Lab, MakeAlerts, RecordingInbox, Until

pytestmark = pytest.mark.kafka
STRAY = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
NAME, PASSWORD = next(iter(USERS.items()))


@pytest.fixture
def secured(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    if not isinstance(lab.broker, KafkaBroker):
        pytest.skip("the broker has no listeners that ask for a name")
    monkeypatch.setenv("TEST_KAFKA_PASSWORD", PASSWORD)
    monkeypatch.setenv("TEST_KAFKA_WRONG", "hunter2")
    return {"sasl_username": NAME, "sasl_password_env": "TEST_KAFKA_PASSWORD"}


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_sasl(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts, secured: dict[str, Any], mechanism: str
) -> None:
    topic = lab.topic()
    lab.produce(topic, alerts(3))
    login = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": mechanism, **secured}
    with lab.running(inbox, lab.options(topics=[topic], bootstrap_servers=[lab.kafka.bootstrap_sasl], **login)):
        until(lambda: len(inbox.records) == 3, "the alerts")


def test_sasl_over_tls(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts, secured: dict[str, Any]
) -> None:
    topic = lab.topic()
    lab.produce(topic, alerts(3))
    login = {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512", **secured}
    login |= {"tls_ca_file": str(lab.kafka.ca_file), "bootstrap_servers": [lab.kafka.bootstrap_tls]}
    with lab.running(inbox, lab.options(topics=[topic], **login)):
        until(lambda: len(inbox.records) == 3, "the alerts")


@STRAY
def test_a_wrong_password_shows_in_health_and_is_not_shown(
    lab: Lab, stray_sockets: None, inbox: RecordingInbox, until: Until, alerts: MakeAlerts, secured: dict[str, Any]
) -> None:
    login = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", **secured}
    login |= {"sasl_password_env": "TEST_KAFKA_WRONG", "bootstrap_servers": [lab.kafka.bootstrap_sasl]}
    with lab.running(inbox, lab.options(topics=["any"], **login)) as source:
        # On a busy machine a request may time out before.
        until(lambda: "uthentication" in source.health()["detail"], "the refusal")
        health = source.health()
    assert not health["ok"]
    assert "hunter2" not in str(health)


@STRAY
def test_an_untrusted_certificate_is_refused(
    lab: Lab, stray_sockets: None, inbox: RecordingInbox, until: Until, secured: dict[str, Any]
) -> None:
    login = {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", **secured}
    with lab.running(
        inbox, lab.options(topics=["any"], bootstrap_servers=[lab.kafka.bootstrap_tls], **login)
    ) as source:
        until(lambda: source.health()["last_error"], "the refusal")
    assert not source.health()["ok"]


def test_a_secret_that_is_not_there_is_said_before_connecting(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_SECRET", raising=False)
    options = {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", "sasl_username": "x"}
    with pytest.raises(UsageError, match="NO_SUCH_SECRET"):
        KafkaSource("test", lab.options(topics=["t"], sasl_password_env="NO_SUCH_SECRET", **options))


@pytest.fixture
def encrypted(secured: dict[str, Any], lab: Lab) -> dict[str, Any]:
    return {
        "security_protocol": "SSL",
        "tls_ca_file": str(lab.kafka.ca_file),
        "bootstrap_servers": [lab.kafka.bootstrap_encrypted],
    }


@pytest.fixture
def mutual(encrypted: dict[str, Any], lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """How to connect with a certificate of our own, whose key is protected by a password."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to take a key out of a key store")
    key, store = tmp_path / "client.key", lab.own.directory / "client.p12"
    command = ["openssl", "pkcs12", "-in", str(store), "-nocerts", "-out", str(key)]
    passwords = ["-passin", f"pass:{STORE_PASSWORD}", "-passout", "pass:not-a-secret"]
    subprocess.run([*command, *passwords], check=True, capture_output=True)
    monkeypatch.setenv("TEST_KEY_PASSWORD", "not-a-secret")
    own: dict[str, Any] = {"tls_cert_file": str(lab.own.directory / "client.pem"), "tls_key_file": str(key)}
    own |= {"tls_key_password_env": "TEST_KEY_PASSWORD", "bootstrap_servers": [lab.kafka.bootstrap_mutual]}
    return encrypted | own


def read_and_write(lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts, login: dict[str, Any]) -> None:
    """A source reads and a sink writes over such a connection."""
    topic = lab.topic()
    lab.produce(topic, alerts(3))
    with lab.running(inbox, lab.options(topics=[topic], **login)):
        until(lambda: len(inbox.records) == 3, "the alerts")
    sink = KafkaSink("bus", {"transport": lab.transport, "topic": topic, **login})
    incident = Incident(id="i-1", opened_at=1_767_225_600.0, status="open", severity="high", title="DiskFull")
    answer = sink.send(Message("i-1:1", "topic", incident, "opened", 1, 1_767_225_600.25))
    sink.close()
    assert answer.ok, answer.reason


def test_tls_without_a_name(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts, encrypted: dict[str, Any]
) -> None:
    read_and_write(lab, inbox, until, alerts, encrypted)


def test_tls_with_a_certificate_of_our_own(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts, mutual: dict[str, Any]
) -> None:
    read_and_write(lab, inbox, until, alerts, mutual)


def test_a_wrong_name_is_accepted_only_when_asked(
    lab: Lab, inbox: RecordingInbox, until: Until, alerts: MakeAlerts, encrypted: dict[str, Any]
) -> None:
    login = {"tls_ca_file": str(lab.own.directory / "other.pem"), "tls_check_hostname": False}
    login |= {"bootstrap_servers": [lab.kafka.bootstrap_misnamed]}
    read_and_write(lab, inbox, until, alerts, encrypted | login)


@STRAY
@pytest.mark.parametrize("wrong", ["ca", "name", "no certificate"])
def test_tls_that_cannot_be_trusted_is_refused_and_says_why(
    lab: Lab, stray_sockets: None, inbox: RecordingInbox, until: Until, encrypted: dict[str, Any], wrong: str
) -> None:
    login = dict(encrypted)
    if wrong == "ca":
        login["tls_ca_file"] = str(lab.own.directory / "other.pem")
    elif wrong == "name":
        login |= {"tls_ca_file": str(lab.own.directory / "other.pem")}
        login["bootstrap_servers"] = [lab.kafka.bootstrap_misnamed]
    else:
        login["bootstrap_servers"] = [lab.kafka.bootstrap_mutual]
    with lab.running(inbox, lab.options(topics=["any"], **login)) as source:
        until(lambda: source.health()["last_error"], "the refusal")
        detail = source.health()["detail"]
        assert not source.health()["ok"]
    said = "certificate"
    assert said in detail.lower()
    sink = KafkaSink("bus", {"transport": lab.transport, "topic": "any", **login})
    answer = sink.send(Message("i-1:1", "topic", Incident(id="i-1", opened_at=1.0), "opened", 1, 1.0))
    sink.close()
    assert not answer.ok
    assert said in answer.reason.lower()
    print(detail, answer.reason, sep="\n")
