"""Searches of the history of alerts over many episodes: `python -m benchmarks.throughput.history_search`.

A store is filled with episodes of a site: streams that fire again and again, one in twenty in an incident, one in fifty
silenced. Each search reads one page of fifty; the figures are milliseconds, the median and the worst of some rounds.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiops.store.alert_history import AlertQuery
from aiops.store.alert_terms import terms_of
from aiops.store.database import Database
from aiops.views.alert_trail import trails

NAMES = ("HTTPErrorRateHigh", "KubePodCrashLooping", "DiskFilling", "LatencyHigh", "BlackboxProbeFailed")
SEARCHES: dict[str, dict[str, Any]] = {
    "the newest": {},
    "one name": {"query": terms_of("alert:DiskFilling")},
    "one entity": {"query": terms_of("entity:host-77")},
    "a label": {"query": terms_of("label:pod=host-1234")},
    "a word": {"query": terms_of("crash")},
    "nothing has it": {"query": terms_of("nowhere-to-be-found")},
    "silenced": {"query": terms_of("went:silenced")},
    "rejected (none)": {"query": terms_of("went:rejected")},
    "an incident": {"incident": "inc-500"},
    "deep in the past": {"until": 200_000.0},
    "a word, deep in the past": {"query": terms_of("crash -alert:DiskFilling"), "until": 200_000.0},
}


def fill(path: Path, episodes: int, streams: int) -> Database:
    """Fill a store."""
    database, rng = Database(path), random.Random(1)
    with database.transaction() as connection:
        connection.executemany("insert into alert_streams values (?, ?, ?, ?, ?, ?, ?, ?, ?)", _streams(streams))
        connection.executemany(
            f"insert into alert_episodes values ({', '.join('?' * 18)})",
            _episodes(rng, episodes, streams),
        )
        connection.execute("update alert_history set episodes = ?", (episodes,))
    database.checkpoint()
    return database


def _streams(count: int) -> Iterator[tuple[Any, ...]]:
    for n in range(count):
        host = f"host-{n // len(NAMES)}"
        labels = f'{{"pod":"{host}","team":"team-{n % 30}","env":"prod"}}'
        yield n, f"{n:016x}", NAMES[n % len(NAMES)], host, f"service-{n % 300}", None, "prometheus", labels, 0.0


def _episodes(rng: random.Random, count: int, streams: int) -> Iterator[tuple[Any, ...]]:
    for seq in range(count):
        incident = f"inc-{seq // 200}" if rng.random() < 0.05 else None
        silence = f"s-{seq % 40}" if incident is None and rng.random() < 0.02 else None
        went = "incident" if incident else "suppressed" if silence else "background"
        yield (
            seq,
            rng.randrange(streams),
            rng.randrange(1, 5),
            float(seq),
            seq + 300.0,
            seq + 300.0,
            "sender",
            rng.randrange(1, 60),
            went,
            incident,
            seq,
            seq,
            silence,
            None,
            "12 % of its requests fail",
            None,
            f"a{seq}",
            float(seq),
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--episodes", type=int, default=1_000_000)
    parser.add_argument("--streams", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        database = fill(Path(folder) / "aiops.db", options.episodes, options.streams)
        size = database.path.stat().st_size / 1e6
        print(f"{options.episodes:,} episodes, {size:,.0f} MB, filled in {time.perf_counter() - begun:.0f} s")
        for name, query in SEARCHES.items():
            took = []
            for _ in range(options.rounds):
                begun = time.perf_counter()
                found = trails(database.reader, AlertQuery(**query), {})
                took.append((time.perf_counter() - begun) * 1e3)
            print(f"{name:26} {len(found.alerts):3} rows  median {statistics.median(took):7.1f}  max {max(took):7.1f}")
        database.close()


if __name__ == "__main__":
    main()
