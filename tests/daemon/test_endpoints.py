"""An endpoint that said that it is gone, and its way back: health, metrics, command line, audit."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from aiops.app.build import build_daemon
from aiops.app.engine import build_engine
from aiops.cli.outbox import outbox_app
from aiops.config import Config, EndpointConfig, StateConfig
from aiops.daemon.opening import Clocks
from aiops.errors import AiopsError, UsageError
from aiops.ports import Received
from aiops.records import Alert
from aiops.store import audit
from aiops.testing.receiver import Reply, receiving
from aiops.topology import Topology

DEADLINE_S = 120.0


def until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while not (value := found()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return value


def test_an_endpoint_that_was_gone_is_told_again(tmp_path: Path) -> None:
    def outbox(*words: str) -> str:
        done = CliRunner().invoke(outbox_app, [*words, "--state", str(tmp_path)], catch_exceptions=False)
        return done.output

    with receiving() as receiver:
        receiver.replies = [Reply(410)]
        hook = EndpointConfig("hook", "webhook", {"url": receiver.url, "allow_private": True})
        config = Config(state=StateConfig(str(tmp_path)), endpoints=[hook])
        topology = Topology()
        daemon = build_daemon(config, partial(build_engine, config, topology), [], Clocks(), topology=topology)
        daemon.start()
        try:
            alert = Alert(ts=time.time(), name="DiskFull", entity="db1", severity="critical")
            assert daemon.inbox.put(Received([alert]), DEADLINE_S)
            until(lambda: 'aiops_endpoint_disabled{endpoint="hook"} 1' in daemon.metrics_text())
            until(lambda: daemon.outbox.rows("dead"))
            assert "aiops outbox enable hook" in str(daemon.health()["warnings"])
            assert "disabled" in outbox("endpoints")
            receiver.replies = [Reply(200)]
            with pytest.raises(AiopsError, match="expected the name of an endpoint"):
                outbox("enable", "hok")
            said = outbox("enable", "hook", "--as", "kim", "--note", "moved back")
            assert "hook is notified again" in said
            assert "aiops outbox retry --all --endpoint hook" in said
            assert "was not disabled" in outbox("enable", "hook")
            assert json.loads(outbox("endpoints", "--json"))["hook"]["disabled"] is False
            assert json.loads(outbox("retry", "--all", "--endpoint", "hook", "--json")) == {"retried": 1}
            until(lambda: daemon.outbox.rows("sent"))
            assert 'aiops_endpoint_disabled{endpoint="hook"} 0' in daemon.metrics_text()
            entries = [one for one in audit.entries(daemon.store.database.reader) if one.topic == "endpoint"]
            assert [one.actor for one in entries] == [None, "kim"]
            assert entries[1].text.endswith(": moved back")
        finally:
            daemon.stop()
    with pytest.raises(UsageError, match="no daemon answers"):
        outbox("enable", "hook")
