"""What the store shows of incidents, held against the journal: each row is the truth as of the record that it names."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from math import inf

import msgspec

from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.records.model import Logged

Row = tuple[str, bytes, int]


def check_shown(
    engine: Engine, records: Iterable[Logged], rows: Iterable[Row], stored: float = inf
) -> list[tuple[str, int]]:
    """Compare rows of (id, body, record number) with a replay; return the changes of incidents as (id, version).

    Between two versions a row is brought up to the present about once a second, so that a daemon that was killed shows
    some moment between them: the one of the record that stands beside it. `stored` is the first record whose decisions
    may be missing in the store.
    """
    wanted: dict[int, dict[str, bytes]] = collections.defaultdict(dict)
    for id, body, seq in rows:
        wanted[seq][id] = body
    known: dict[str, tuple[int, bytes]] = {}
    changes: list[tuple[str, int]] = []
    ids = {id for each in wanted.values() for id in each}
    for seq, record in enumerate(records):
        for event in engine.step([record]):
            if isinstance(event, IncidentChanged) and event.seq < stored:
                known[event.incident.id] = (event.seq, msgspec.json.encode(event.incident))
                changes.append((event.incident.id, event.version))
        for id, body in wanted.pop(seq, {}).items():
            present = engine.present(id)
            bodies = [known[id][1]] if known[id][0] == seq else []
            bodies += [msgspec.json.encode(present[0])] if present is not None else []
            assert body in bodies, f"{id} is not what it was at record {seq}"
    assert not wanted
    assert ids == set(known)
    return changes
