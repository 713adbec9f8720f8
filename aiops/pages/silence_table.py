"""The rows of the table of silences: state, times, and what each would have matched in a day."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from typing import Literal

from msgspec import Struct

from aiops.durations import compact
from aiops.engine.silence_preview import windows
from aiops.engine.silences.silences import Silence
from aiops.views.silence_matches import matched, recent

DAY_S = 86_400.0
EXTENSIONS = {"1h": 3_600.0, "8h": 8 * 3_600.0, "1d": DAY_S}
# Further ones are in the JSON.
MAX_ROWS = 100


class Row(Struct):
    """One silence and its state.

    `next_start` and `next_end` are of the current or next time it is in force, None if none comes. `streams` of the
    last day match it, `firing` of them fire now, `muted` are alert streams that it has silenced. `is_set`: the engine
    holds it, whatever its times are.
    """

    silence: Silence
    state: Literal["active", "coming", "ended"]
    next_start: float | None
    next_end: float | None
    streams: int
    firing: int
    muted: int
    is_cut: bool
    is_set: bool


def rows(
    reader: sqlite3.Connection, silences: Iterable[Silence], present: Collection[Silence], now: float
) -> list[Row]:
    """Return rows for silences, of which some are present."""
    shown = list(silences)[:MAX_ROWS]
    ids = {one.id for one in present}
    among = recent(reader, now - DAY_S) if shown else []
    found = []
    for one in shown:
        matches = matched(reader, one.matchers, among)
        coming = windows(one, now)[:1] if one.id in ids else []
        state: Literal["active", "coming", "ended"] = "ended"
        if coming:
            state = "active" if coming[0].start <= now else "coming"
        start, end = (coming[0].start, coming[0].end) if coming else (None, None)
        muted = reader.execute("select count(*) from alert_episodes where silence = ?", (one.id,)).fetchone()[0]
        found.append(
            Row(one, state, start, end, matches.streams, matches.firing, int(muted), matches.is_cut, one.id in ids)
        )
    return found


def lasting(length_s: float) -> str:
    """Return a length in words, also one that no calendar holds.

    >>> lasting(7_200.0), lasting(float("inf")), lasting(float("nan"))
    ('2 h', 'for ever', 'for ever')
    """
    return compact(length_s) if abs(length_s) < 1e10 else "for ever"


def words_of(extension: str) -> str:
    """Return the length of an extension in words.

    >>> words_of("8h")
    '8 h'
    """
    return compact(EXTENSIONS[extension])
