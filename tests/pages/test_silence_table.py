"""Rows of the table of silences."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.engine.silences.silences import Silence
from aiops.matchers import read_matchers
from aiops.pages.silence_table import EXTENSIONS, rows, words_of
from aiops.store.frame_alerts import FrameAlerts
from aiops.store.store import Store
from tests.store.episodes import begun, keep, state

NOW = 2_000.0


@pytest.mark.parametrize(
    ("start", "end", "every", "is_set", "shown"),
    [
        (NOW - 60, NOW + 60, None, True, "active"),
        (NOW + 60, NOW + 120, None, True, "coming"),
        (NOW - 60, NOW + 60, "day", True, "active"),
        (NOW - 7_200, NOW - 3_600, "day", True, "coming"),
        (NOW - 120, NOW - 60, None, False, "ended"),
        (0.0, float("nan"), None, True, "ended"),
    ],
)
def test_row_has_the_state_of_its_silence(
    tmp_path: Path, start: float, end: float, every: str | None, is_set: bool, shown: str
) -> None:
    store = Store(tmp_path)
    one = Silence("s1", read_matchers("team=data"), start, end, every)
    (row,) = rows(store.database.reader, [one], [one] if is_set else [], NOW)
    assert (row.state, row.is_set) == (shown, is_set)
    store.close()


def test_row_counts_what_matched_and_what_was_silenced(tmp_path: Path) -> None:
    store = Store(tmp_path)
    found = FrameAlerts(
        begun=[begun(0, labels='{"team":"data"}'), begun(1, "Slow", disposition="suppressed", silence="s1")],
        states=[state(0, count=7), state(1, disposition="suppressed")],
    )
    keep(store, 0, found)
    one = Silence("s1", read_matchers("team=data"), NOW, NOW + 60)
    (row,) = rows(store.database.reader, [one], [one], NOW)
    assert (row.streams, row.firing, row.muted, row.is_cut) == (1, 1, 1, False)
    store.close()


def test_extensions_have_words() -> None:
    assert [words_of(one) for one in EXTENSIONS] == ["1 h", "8 h", "1 d"]
