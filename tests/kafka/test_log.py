"""The log is told of a broker that is away once a change, not once an attempt."""

from __future__ import annotations

import logging

import pytest
from aiops_connectors.kafka.status import Status


def test_each_change_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    status = Status(lambda: 0.0, "topic")
    with caplog.at_level(logging.INFO):
        for report in (status.connected, *[lambda: status.failed("refused")] * 5, *[status.connected] * 3):
            report()
    assert [(record.message.split(":")[0], record.__dict__["fields"]) for record in caplog.records] == [
        ("the broker does not answer", {"source": "topic", "reason": "refused"}),
        ("the broker answers again", {"source": "topic"}),
    ]


def test_the_clients_own_lines_are_left_out() -> None:
    from aiops.telemetry.logs import _is_wanted

    def kept(name: str, level: int) -> bool:
        return _is_wanted(logging.LogRecord(name, level, "", 0, "", (), None))

    assert not kept("kafka.cluster", logging.ERROR)
    assert not kept("aiops_connectors.kafka.librdkafka", logging.ERROR)
    assert kept("aiops.sources.kafka", logging.WARNING)
    assert kept("uvicorn.error", logging.ERROR)
    assert kept("kafka.cluster", logging.CRITICAL)
