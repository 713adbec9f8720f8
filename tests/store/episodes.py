"""Made-up alerts of frames, for tests of the history."""

from __future__ import annotations

from typing import Any

from aiops.store.frame_alerts import Begun, EpisodeRow, FrameAlerts
from aiops.store.store import FrameDecisions, Store


def begun(seq: int, name: str = "Down", entity: str = "db-1", **more: Any) -> Begun:
    values: dict[str, Any] = {
        "fingerprint": f"{name}/{entity}",
        "workload": entity,
        "service": "db",
        "source": "prometheus",
        "severity": 3,
        "labels": "{}",
        "message": None,
        "url": None,
        "alert_id": f"a{seq}",
        "disposition": "background",
        "silence": None,
        "reason": None,
    }
    return Begun(seq=seq, name=name, entity=entity, **{**values, **more})


def state(seq: int, **more: Any) -> EpisodeRow:
    values: dict[str, Any] = {
        "severity": 0,
        "started_at": 1_000.0 + seq,
        "last_at": 1_000.0 + seq,
        "ended_at": None,
        "ended_by": None,
        "count": 1,
        "disposition": "background",
        "incident": None,
        "cluster": seq,
        "member": seq,
        "silence": None,
        "reason": None,
    }
    return EpisodeRow(seq=seq, **{**values, **more})


def keep(store: Store, frame: int, found: FrameAlerts, at: float = 2_000.0) -> None:
    store.apply([FrameDecisions(frame, at, [], alerts=found)])


def fill(store: Store, count: int, at: float = 2_000.0) -> None:
    """Keep so many episodes, one a second, of ten streams."""
    rows = [begun(seq, entity=f"db-{seq % 10}") for seq in range(count)]
    keep(store, 0, FrameAlerts(begun=rows, states=[state(seq) for seq in range(count)]), at)
