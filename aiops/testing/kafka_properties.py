"""The configuration of the test broker: listeners, users and the certificate."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from aiops.errors import UsageError
from aiops.testing.kafka_jars import BrokerUnavailable

# Any 16 bytes in base 64: the name by which a KRaft node knows its data directory.
CLUSTER_ID = "YWlvcHMtdGVzdC1rYWZrYQ"
# Protects a key that is made for a test and thrown away; keytool insists on a password of six characters.
STORE_PASSWORD = "throwaway"  # noqa: S105
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LOGIN = "org.apache.kafka.common.security"


class Ports(Struct, frozen=True):
    """The ports of the broker: without a name, for itself, with SASL, with SASL over TLS.

    Without SASL but encrypted: `encrypted` requires nothing, `mutual` a certificate of the client's; `misnamed` has a
    certificate for another host.
    """

    plain: int
    controller: int
    sasl: int
    tls: int
    encrypted: int
    mutual: int
    misnamed: int


def server_properties(
    data: Path, ports: Ports, users: Mapping[str, str], store: Path | None, partitions: int, host: str = "127.0.0.1"
) -> str:
    """The text of `server.properties` (https://kafka.apache.org/41/configuration/broker-configs/)."""
    listeners = {"PLAINTEXT": ports.plain}
    if users:
        listeners["SASL"] = ports.sasl
    if store is not None:
        listeners |= {"TLS": ports.tls, "SSL": ports.encrypted, "MUTUAL": ports.mutual, "MISNAMED": ports.misnamed}
    advertised = ",".join(f"{name}://{host}:{port}" for name, port in listeners.items())
    lines = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{host}:{ports.controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"{advertised},CONTROLLER://{host}:{ports.controller}",
        "advertised.listeners": advertised,
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SASL_SSL,"
        "SSL:SSL,MUTUAL:SSL,MISNAMED:SSL",
        "log.dirs": str(data),
        "num.partitions": str(partitions),
        "offsets.topic.replication.factor": "1",
        # The default of 50 partitions only makes starting and recovering slower.
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        # A group of one would otherwise wait three seconds for others.
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        # Messages with old timestamps are to be kept as well.
        "log.retention.ms": "-1",
        # After a kill the broker may register again only once its last session has run out (by default 9 s).
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
    }
    if users:
        lines |= _sasl("sasl", users)
        # A topic or a group is refused to a user once somebody makes an ACL for it; without a name all is allowed.
        lines["authorizer.class.name"] = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
        lines["super.users"] = "User:ANONYMOUS"
        lines["allow.everyone.if.no.acl.found"] = "true"
    if store is not None:
        lines |= _sasl("tls", users) | _tls("tls", store) | _tls("ssl", store) | _tls("mutual", store)
        lines |= _tls("misnamed", store.with_name("other.p12"))
        lines |= {
            "listener.name.mutual.ssl.client.auth": "required",
            "listener.name.mutual.ssl.truststore.type": "PEM",
            "listener.name.mutual.ssl.truststore.location": str(store.with_name("client.pem")),
        }
    return "".join(f"{key}={value}\n" for key, value in lines.items())


def _sasl(listener: str, users: Mapping[str, str]) -> dict[str, str]:
    for name, password in users.items():
        if not _PLAIN_WORD.fullmatch(name) or not _PLAIN_WORD.fullmatch(password):
            raise UsageError("test users: expected names and passwords of letters, digits, `_` and `-`")
    known = " ".join(f'user_{name}="{password}"' for name, password in users.items())
    prefix = f"listener.name.{listener}"
    scram = f"{_LOGIN}.scram.ScramLoginModule required;"
    return {
        f"{prefix}.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        f"{prefix}.plain.sasl.jaas.config": f"{_LOGIN}.plain.PlainLoginModule required {known};",
        f"{prefix}.scram-sha-256.sasl.jaas.config": scram,
        f"{prefix}.scram-sha-512.sasl.jaas.config": scram,
    }


def _tls(listener: str, store: Path) -> dict[str, str]:
    prefix = f"listener.name.{listener}.ssl"
    return {
        f"{prefix}.keystore.type": "PKCS12",
        f"{prefix}.keystore.location": str(store),
        f"{prefix}.keystore.password": STORE_PASSWORD,
        f"{prefix}.key.password": STORE_PASSWORD,
    }


def keystore(directory: Path) -> Path:
    """Make keys and self-signed certificates with the JDK's keytool; the broker's certificate is `ca.pem`.

    Beside it those of another host (`other.pem`) and of a client (`client.pem`, its key in `client.p12`).
    """
    _certificate(directory, "other", "elsewhere", "san=dns:elsewhere.example.org", "other.pem")
    _certificate(directory, "client", "client", "eku=clientAuth", "client.pem")
    return _certificate(directory, "broker", "localhost", "san=dns:localhost,ip:127.0.0.1", "ca.pem")


def _certificate(directory: Path, alias: str, name: str, extension: str, pem: str) -> Path:
    store = directory / f"{alias}.p12"
    common = ["-keystore", str(store), "-storetype", "PKCS12", "-storepass", STORE_PASSWORD, "-alias", alias]
    make = ["-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", f"CN={name}", "-validity", "30"]
    _keytool(make + common + ["-ext", extension, "-ext", "bc:critical=ca:true"])
    (directory / pem).write_text(_keytool(["-exportcert", "-rfc", *common]))
    return store


def _keytool(arguments: list[str]) -> str:
    done = subprocess.run(["keytool", *arguments], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise BrokerUnavailable(f"no encrypted listener: keytool failed: {(done.stdout or done.stderr)[:300]}")
    return done.stdout
