"""Alerts a minute of several incidents over the last hour, for the bars of a list."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

MINUTES = 60


def sparks(connection: sqlite3.Connection, incidents: Sequence[str], now: float) -> dict[str, list[int]]:
    """Return the alerts of each of the last minutes, the present one last; every incident is a key."""
    last = int(now // 60)
    found = {name: [0] * MINUTES for name in incidents}
    statement = (
        "select json_group_array(json_array(incident, minute, number)) from (select incident, minute,"  # noqa: S608
        f" sum(count) as number from alert_minutes where incident in ({', '.join('?' * len(found))})"
        " and minute > ? and minute <= ? group by incident, minute)"
    )
    rows = connection.execute(statement, (*found, last - MINUTES, last)).fetchone()[0]
    for name, minute, number in msgspec.json.decode(rows):
        found[name][minute - last - 1] = number
    return found
