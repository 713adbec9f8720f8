"""Logging in, and encryption, against the broker's own listeners."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from aiops_connectors.kafka.sink import KafkaSink
from aiops_connectors.kafka.source import KafkaSource

from aiops.errors import UsageError
from aiops.ports import Message
from aiops.records import Incident
from aiops.testing.kafka_broker import KafkaBroker
from aiops.testing.kafka_fixture import USERS
from aiops.testing.kafka_properties import STORE_PASSWORD

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
        # On a busy machine a request may time out before.
        until(lambda: "uthentication" in source.health()["detail"], "the refusal")
        health = source.health()
    assert not health["ok"]
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


@pytest.fixture
def encrypted(secured, lab):
    return {
        "security_protocol": "SSL",
        "tls_ca_file": str(lab.broker.ca_file),
        "bootstrap_servers": [lab.broker.bootstrap_encrypted],
    }


@pytest.fixture
def mutual(encrypted, lab, tmp_path, monkeypatch):
    """How to connect with a certificate of our own, whose key is protected by a password."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to take a key out of a key store")
    key, store = tmp_path / "client.key", lab.broker.directory / "client.p12"
    command = ["openssl", "pkcs12", "-in", str(store), "-nocerts", "-out", str(key)]
    passwords = ["-passin", f"pass:{STORE_PASSWORD}", "-passout", "pass:not-a-secret"]
    subprocess.run([*command, *passwords], check=True, capture_output=True)
    monkeypatch.setenv("TEST_KEY_PASSWORD", "not-a-secret")
    own = {"tls_cert_file": str(lab.broker.directory / "client.pem"), "tls_key_file": str(key)}
    own |= {"tls_key_password_env": "TEST_KEY_PASSWORD", "bootstrap_servers": [lab.broker.bootstrap_mutual]}
    return encrypted | own


def read_and_write(lab, inbox, until, alerts, login):
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


def test_tls_without_a_name(lab, inbox, until, alerts, encrypted):
    read_and_write(lab, inbox, until, alerts, encrypted)


def test_tls_with_a_certificate_of_our_own(lab, inbox, until, alerts, mutual):
    read_and_write(lab, inbox, until, alerts, mutual)


def test_a_wrong_name_is_accepted_only_when_asked(lab, inbox, until, alerts, encrypted):
    login = {"tls_ca_file": str(lab.broker.directory / "other.pem"), "tls_check_hostname": False}
    login |= {"bootstrap_servers": [lab.broker.bootstrap_misnamed]}
    read_and_write(lab, inbox, until, alerts, encrypted | login)


@STRAY
@pytest.mark.parametrize("wrong", ["ca", "name", "no certificate"])
def test_tls_that_cannot_be_trusted_is_refused_and_says_why(lab, stray_sockets, inbox, until, encrypted, wrong):
    login = dict(encrypted)
    if wrong == "ca":
        login["tls_ca_file"] = str(lab.broker.directory / "other.pem")
    elif wrong == "name":
        login |= {"tls_ca_file": str(lab.broker.directory / "other.pem")}
        login["bootstrap_servers"] = [lab.broker.bootstrap_misnamed]
    else:
        login["bootstrap_servers"] = [lab.broker.bootstrap_mutual]
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
