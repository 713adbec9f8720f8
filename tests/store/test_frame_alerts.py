"""The alerts of one frame."""

from __future__ import annotations

from aiops.store.frame_alerts import FrameAlerts, Move
from tests.store.episodes import begun


def test_frame_without_alerts_adds_nothing() -> None:
    assert not FrameAlerts()
    assert FrameAlerts(begun=[begun(0)])
    assert FrameAlerts(moves=[Move(1, 2, None, None)])
    assert FrameAlerts(totals={(0, "duplicate"): 1})
