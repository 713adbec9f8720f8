"""How long ingestion waits while old rows leave a large store and their space is given back.

    python -m benchmarks.throughput.daemon_upkeep [--megabytes 200] [--seconds 20]

A store is filled with incidents, audit and dead letters that are older than they are kept. A daemon then takes 2,000
alerts a second, first with its upkeep stopped, then with upkeep that looks five times as often as usual; each figure
is the time from handing a batch over until the journal has it, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path

from aiops.config import Config, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.daemon.retention_job import EVERY_S, RetentionJob
from aiops.engine.engine import Engine
from aiops.ports import Received
from aiops.records import Alert
from aiops.store.database import Database
from tests.daemons import bare_daemon

PER_SECOND = 2_000
BATCH = 100
# Five times as often as the daemon looks, so that a short run sees many steps.
LOOK_S = EVERY_S / 5
BODY_BYTES = 40_000
OLD_S = 1_000 * 86_400.0


def fill(path: Path, megabytes: int) -> None:
    """Old rows, nine tenths of their bytes in incidents."""
    database = Database(path)
    old = time.time() - OLD_S
    count = megabytes * 900_000 // BODY_BYTES
    with database.transaction() as connection:
        connection.executemany(
            "insert into incidents values (?, 1, 'resolved', 3, 'old', ?, ?, ?, 10, null, ?, ?)",
            ((f"inc-{n:012x}", old, old, old, n, bytes([n % 256]) * BODY_BYTES) for n in range(count)),
        )
        connection.executemany(
            "insert into audit (seq, at, topic, text) values (?, ?, 'opened', ?)",
            ((n, old, "a" * 200) for n in range(megabytes * 250)),
        )
        connection.executemany(
            "insert into dead_letters (at, source, place, reason, raw) values (?, 'http', '1', 'no', ?)",
            ((old, b"x" * 400) for _ in range(megabytes * 125)),
        )
    database.checkpoint()
    database.close()


def drive(daemon: Daemon, seconds: float) -> list[float]:
    """Hand batches over on time, whatever the ones before took; milliseconds each, from when it was due."""
    waits: list[float] = []
    begun = time.perf_counter()
    for number in range(round(seconds * PER_SECOND / BATCH)):
        due = begun + number * BATCH / PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        at = time.time()
        alerts = [Alert(ts=at, name=f"Kind{n % 20}", entity=f"host-{n}", severity="high") for n in range(BATCH)]
        if not daemon.inbox.put(Received(list(alerts)), 30.0):
            raise SystemExit("the daemon took nothing for 30 s")
        waits.append((time.perf_counter() - due) * 1e3)
    return waits


def steps(upkeep: RetentionJob, ended: threading.Event, took: list[float]) -> None:
    """RetentionJob until the end; milliseconds of each look."""
    while not ended.wait(LOOK_S):
        begun = time.perf_counter()
        upkeep.step()
        took.append((time.perf_counter() - begun) * 1e3)


def measure(megabytes: int, seconds: float, directory: Path) -> dict[str, object]:
    """Both runs on one store."""
    config = Config(state=StateConfig(str(directory / "state")))
    bare_daemon(config, Engine).close()
    store = directory / "state" / "store.sqlite"
    found = next((path for path in (directory / "state").iterdir() if path.suffix in (".db", ".sqlite")), store)
    fill(found, megabytes)
    before = found.stat().st_size
    daemon = bare_daemon(config, Engine)
    daemon.start()
    took: list[float] = []
    ended = threading.Event()
    try:
        quiet = drive(daemon, seconds)
        thread = threading.Thread(target=steps, args=(daemon.retention_job, ended, took))
        thread.start()
        busy = drive(daemon, seconds)
        ended.set()
        thread.join()
    finally:
        daemon.stop()
    return {
        "store_mb": round(before / 1e6),
        "store_after_mb": round(found.stat().st_size / 1e6),
        "without_upkeep_ms": spread(quiet),
        "with_upkeep_ms": spread(busy),
        "looks": len(took),
        "look_ms": spread(took),
    }


def spread(values: list[float]) -> dict[str, float]:
    """Middle, 99th percentile, most."""
    ordered = sorted(values)
    return {
        "p50": round(ordered[len(ordered) // 2], 1),
        "p99": round(ordered[len(ordered) * 99 // 100], 1),
        "max": round(ordered[-1], 1),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as directory:
        print(json.dumps(measure(options.megabytes, options.seconds, Path(directory)), indent=2))


if __name__ == "__main__":
    main()
