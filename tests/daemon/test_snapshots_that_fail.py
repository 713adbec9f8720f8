"""A snapshot that cannot be written stops nothing: health and metrics say so until one can be written again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiops.config import Config, SnapshotConfig, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.engine.engine import Engine
from aiops.ports import Received
from aiops.records import Alert
from tests.daemons import bare_daemon

DEADLINE_S = 120.0


def until(daemon: Daemon, found: Callable[[], Any]) -> None:
    """Bring alerts in until something shows."""
    deadline = time.monotonic() + DEADLINE_S
    while not found():
        assert time.monotonic() < deadline
        assert daemon.inbox.put(Received([Alert(ts=time.time(), name="DiskFull", entity="db-1")]), DEADLINE_S)


def test_it_shows_and_passes(tmp_path: Path) -> None:
    config = Config(state=StateConfig(str(tmp_path)), snapshot=SnapshotConfig(fold_s=0.001, max_share=1.0))
    daemon = bare_daemon(config, Engine)
    daemon.start()
    directory = tmp_path / "snapshots"
    until(daemon, lambda: daemon.snapshots.state_bytes)
    directory.rename(tmp_path / "aside")
    directory.write_text("in the way")
    until(daemon, lambda: daemon.snapshots.failed >= 2)
    health: dict[str, Any] = dict(daemon.health())
    assert health["status"] == "ok"
    assert health["ready"]
    assert any("a restart processes more of the journal" in warning for warning in health["warnings"])
    failed = next(
        line for line in daemon.metrics_text().splitlines() if line.startswith("aiops_snapshots_failed_total")
    )
    assert float(failed.split()[-1]) >= 2
    directory.unlink()
    (tmp_path / "aside").rename(directory)
    until(daemon, lambda: not daemon.health()["warnings"])
    daemon.stop()
