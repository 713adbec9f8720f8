"""A pytest plugin: the fixture `kafka`, a real broker for the session.

Name it in the top `conftest.py`: `pytest_plugins = ["aiops.testing.kafka_fixture"]`. What is used, in this order: the
broker that `AIOPS_TEST_KAFKA=host:port` names; Apache Kafka, started here (with pytest-xdist one a worker); Tansu,
where it is installed. Else the tests that use it skip.

`@pytest.mark.needs("txn", "durable", "timestamps", "admin", "static")` skips a test on a broker that cannot do it
(`admin`: topic settings and offset ranges; `static`: static group members). A broker that is not ours counts as not
durable, since it cannot be killed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from msgspec import Struct

from aiops.testing.kafka_broker import KafkaBroker
from aiops.testing.kafka_jars import BrokerUnavailable
from aiops.testing.kafka_tansu import TansuBroker

VARIABLE = "AIOPS_TEST_KAFKA"
# Known to the started broker: a name and a password that are no secret.
USERS = {"tester": "not-a-secret"}


class ForeignBroker(Struct):
    """A broker that was running already; it is neither started nor ended here."""

    bootstrap: str
    features: frozenset[str] = frozenset({"txn", "timestamps", "admin", "static"})

    def stop(self) -> None:
        """Leave it alone."""


AnyBroker = KafkaBroker | TansuBroker | ForeignBroker


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnyBroker]:
    """Yield the broker of the session, with any features."""
    broker = _broker(tmp_path_factory)
    yield broker
    if isinstance(broker, KafkaBroker):
        # Its data is thrown away: shutting down in order would only take time.
        broker.kill()
    broker.stop()


@pytest.fixture
def kafka(kafka_broker: AnyBroker, request: pytest.FixtureRequest) -> AnyBroker:
    """The broker of the session, when it can do what the test is marked to need."""
    for mark in request.node.iter_markers("needs"):
        missing = sorted(set(mark.args) - kafka_broker.features)
        if missing:
            pytest.skip(f"the broker cannot do: {', '.join(missing)}")
    return kafka_broker


def _broker(factory: pytest.TempPathFactory) -> AnyBroker:
    address = os.environ.get(VARIABLE)
    if address:
        return ForeignBroker(address)
    reasons = []
    for make in (_apache, _tansu):
        try:
            return make(factory)
        except BrokerUnavailable as reason:
            reasons.append(str(reason))
    pytest.skip("; ".join(reasons)[:500])


def _apache(factory: pytest.TempPathFactory) -> AnyBroker:
    broker = KafkaBroker(factory.mktemp("kafka"), users=USERS, tls=True)
    broker.start()
    return broker


def _tansu(factory: pytest.TempPathFactory) -> AnyBroker:
    broker = TansuBroker(factory.mktemp("tansu"))
    broker.start()
    return broker
