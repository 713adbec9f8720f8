"""The Kafka sink beside several threads, without a broker; `tests/kafka` has it with one."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from aiops_connectors.kafka import sink as kafka
from aiops_connectors.kafka.producer import Outgoing
from aiops_connectors.kafka.sink import KafkaSink

from aiops.ports import Message
from aiops.records import Incident


class Slow:
    """A producer whose broker answers when it is let."""

    def __init__(self, held: threading.Event) -> None:
        self.held, self.entered, self.closed = held, threading.Event(), False

    def deliver(self, messages: Sequence[Outgoing], timeout_s: float) -> None:
        self.entered.set()
        assert self.held.wait(60)

    def close(self) -> None:
        self.closed = True


def message(incident: str) -> Message:
    return Message(
        key=f"{incident}:1", endpoint="bus", change="opened", incident=Incident(id=incident), version=1, at=1.0
    )


def test_nobody_waits_for_the_broker_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """One message hangs at its broker; another is delivered, and closing does not wait for it."""
    first, second = Slow(threading.Event()), Slow(threading.Event())
    second.held.set()
    opened = [first, second]
    monkeypatch.setattr(kafka, "open_producer", lambda options: opened.pop(0))
    sink = KafkaSink("bus", {"bootstrap_servers": ["localhost:9092"], "topic": "incidents"})
    hanging = threading.Thread(target=sink.send, args=(message("i1"),), daemon=True)
    hanging.start()
    assert first.entered.wait(60)
    assert sink.send(message("i2")).ok
    assert sink.send(message("i3")).ok, "the connection is used again"
    sink.close()
    assert (second.closed, first.closed) == (True, False)
    first.held.set()
    hanging.join(60)
    assert first.closed
