"""Episodes in absolute numbers, for a host that keeps a history."""

from __future__ import annotations

import pytest

from aiops.engine.arrival import Arrival
from aiops.engine.dedup.config import DedupConfig
from aiops.engine.dedup.deduplicator import Dedup
from aiops.engine.dedup.episode import FORGOTTEN, EpisodeState, episode_of
from aiops.records import Alert


def admit(dedup: Dedup, seq: int, at: float, entity: str = "db", **more: str) -> None:
    arrival = Arrival()
    arrival.seq, arrival.now = seq, at
    arrival.begin(Alert(ts=at, name="Down", entity=entity, status=more.pop("status", "firing"), **more), at)  # type: ignore[arg-type]
    dedup.admit(arrival)


def watched(config: DedupConfig | None = None) -> Dedup:
    dedup = Dedup(config or DedupConfig())
    dedup.watch()
    return dedup


def shown(state: EpisodeState) -> tuple[int, int, float | None, str | None]:
    return state.seq, state.count, state.ended_at, state.ended_by


def test_episode_counts_its_own_alerts() -> None:
    dedup = watched()
    for seq, at in enumerate((10.0, 20.0, 30.0)):
        admit(dedup, seq, at)
    streams, past = dedup.take_touched()
    assert [shown(episode_of(stream)) for stream in streams] == [(0, 3, None, None)]
    assert past == []
    admit(dedup, 3, 40.0, status="resolved")
    admit(dedup, 4, 50.0)
    (stream,), past = dedup.take_touched()
    # What ended and was followed by another episode before the host looked is not lost.
    assert [shown(one) for one in past] == [(0, 4, 40.0, "sender")]
    assert shown(episode_of(stream)) == (4, 1, None, None)


def test_episode_of_a_silent_stream_ends_where_it_was_due() -> None:
    dedup = watched(DedupConfig(quiet_s=100.0))
    admit(dedup, 0, 10.0)
    dedup.take_touched()
    dedup.expire(500.0)
    (stream,), _ = dedup.take_touched()
    assert shown(episode_of(stream)) == (0, 1, 110.0, "silence")


def test_orphan_is_an_episode_that_ended_at_once() -> None:
    dedup = watched()
    admit(dedup, 7, 10.0, status="resolved")
    admit(dedup, 8, 11.0, status="resolved")
    (stream,), _ = dedup.take_touched()
    assert episode_of(stream).seq == 7
    assert episode_of(stream).count == 2
    assert episode_of(stream).ended_at == 11.0


def test_forgotten_stream_ends_its_episode() -> None:
    dedup = watched(DedupConfig(max_streams=1))
    admit(dedup, 0, 10.0)
    admit(dedup, 1, 20.0, entity="web")
    streams, past = dedup.take_touched()
    assert [(one.seq, one.ended_by, one.ended_at) for one in past] == [(0, FORGOTTEN, 10.0)]
    assert [stream.entity for stream in streams] == ["web"]


def test_nothing_is_collected_before_a_host_watches() -> None:
    dedup = Dedup(DedupConfig())
    admit(dedup, 0, 10.0)
    assert dedup.take_touched() == ([], [])
    dedup.watch()
    admit(dedup, 1, 20.0)
    dedup.watch()
    assert len(dedup.take_touched()[0]) == 1


@pytest.mark.parametrize("held", [True, False])
def test_flapping_is_one_episode_while_it_is_held(held: bool) -> None:
    dedup = watched(DedupConfig(flap_count=2 if held else 99))
    for turn in range(4):
        admit(dedup, 2 * turn, 10.0 + turn)
        dedup.streams[next(iter(dedup.streams))].cluster = 1
        admit(dedup, 2 * turn + 1, 10.5 + turn, status="resolved")
    (stream,), _ = dedup.take_touched()
    last = episode_of(stream)
    assert (last.seq, last.count) == ((0, 8) if held else (6, 2))
    assert (last.ended_at is None) is held
