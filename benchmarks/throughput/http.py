"""HTTP ingest: server CPU an alert, beside Alertmanager's in the same run: `python -m benchmarks.throughput.http`.

Four connections post what Prometheus posts (`/api/v2/alerts`, batches of 64): first a fixed set of firing alerts,
renewed again and again as Prometheus does every minute; then the same where a fifth of the batches are of new alerts;
then alerts of which each is new, as in the first minute of a storm.
The servers take turns, so that what else the machine does hits all. Measured is the CPU time of the server's
process until it is idle again, so that the load generator does not count and work after the answer does; `whole` is
all CPU until half a minute after the last alert, with whatever grouping, ranking and flushing comes later. The daemon
runs as it ships: journal and store are synced to disk before an answer. Alertmanager keeps alerts in memory only.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct, field

from benchmarks.page import write
from benchmarks.throughput.http_client import BATCH, CONNECTIONS, SERIES, batches, post_all
from benchmarks.throughput.http_server import Server, alertmanager, alertmanager_server, bare, daemon

# Of how many batches one has new alerts; the rest are renewed. `mixed` stands for an hour of trouble: most of what a
# Prometheus posts it has posted before, since what fires does so for several minutes.
NEW_IN = {"renewed": 0, "mixed": 5, "new": 1}
LOADS = tuple(NEW_IN)
TURNS = 3
# Alertmanager tells of a new group after 30 s, the daemon ranks a new incident after 30 s.
LATER_S = 35.0
BASE = "Alertmanager"
# More posts than a load has.
MAX_POSTS = 100_000


class Row(Struct):
    """One server under one load: µs of CPU an alert (`turns`: of each turn), answers' times, the most memory so far."""

    name: str
    load: str
    alerts: int
    durable: bool
    turns: list[float] = field(default_factory=list)
    whole_us: float = 0.0
    alerts_per_s: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    peak_mib: float = 0.0

    @property
    def cpu_us(self) -> float:
        """The median turn."""
        return statistics.median(self.turns)


def run(rounds: int, later_s: float = LATER_S) -> list[Row]:
    """All servers in turn; Alertmanager where it is installed. `rounds`: posts of all alerts, a load and server."""
    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as name, ExitStack() as stack:
        directory = Path(name)
        servers = [stack.enter_context(bare()), stack.enter_context(daemon(directory))]
        path = alertmanager()
        if path is None:
            sys.stderr.write("Alertmanager is not installed (Debian: prometheus-alertmanager): no comparison\n")
        else:
            servers.append(stack.enter_context(alertmanager_server(path, directory)))
        for server in servers:
            post_all(server.port, batches(time.time()))
            server.settle()
        return [row for load in LOADS for row in measure(servers, load, rounds, later_s)]


def measure(servers: Sequence[Server], load: str, rounds: int, later_s: float) -> list[Row]:
    """One load on all servers."""
    each = max(1, rounds // TURNS)
    rows = [Row(server.name, load, each * TURNS * SERIES, server.durable) for server in servers]
    began = [server.cpu_s() for server in servers]
    took: list[list[float]] = [[] for _ in servers]
    walls = [0.0 for _ in servers]
    for turn in range(TURNS):
        bodies = _bodies(load, turn, each)
        for number, (server, row) in enumerate(zip(servers, rows, strict=True)):
            before, started = server.cpu_s(), time.perf_counter()
            took[number] += post_all(server.port, bodies)
            walls[number] += time.perf_counter() - started
            server.settle()
            row.turns.append((server.cpu_s() - before) / (len(bodies) * BATCH) * 1e6)
    time.sleep(later_s)
    for server, row, start, answers, wall in zip(servers, rows, began, took, walls, strict=True):
        answers.sort()
        row.whole_us = (server.cpu_s() - start) / row.alerts * 1e6
        row.alerts_per_s = row.alerts / wall
        row.p50_ms, row.p99_ms = (answers[int(len(answers) * share)] * 1e3 for share in (0.5, 0.99))
        row.peak_mib = server.peak_mib()
    return rows


def _bodies(load: str, turn: int, rounds: int) -> list[bytes]:
    """A turn's posts. Each load has new alerts of its own: what is new in one was not posted in another."""
    now, each = time.time(), NEW_IN[load]
    known = batches(now)
    if not each:
        return known * rounds
    first = LOADS.index(load) * MAX_POSTS + turn * rounds + 1
    bodies: list[bytes] = []
    for number in range(first, first + rounds):
        new = batches(now, number)
        bodies += [new[at] if at % each == 0 else known[at] for at in range(len(known))]
    return bodies


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown, with ratios to Alertmanager where it was there."""
    base = {row.load: row for row in rows if row.name == BASE}
    lines = [
        f"{CONNECTIONS} connections, batches of {BATCH}, {SERIES:,} alerts a round; CPU of the server alone, in µs an "
        "alert, the\n"
        f"median of {TURNS} turns (lowest to highest) until it is idle again; whole is all until {LATER_S:.0f} s after "
        "the last alert.\n"
        f"× is the ratio to {BASE}, which is written in Go and keeps alerts in memory only.",
        "",
        "| server | alerts are | count | CPU | turns | × | whole | × | answered/s | p50 ms | p99 ms | MiB | durable |",
        "|---" * 13 + "|",
    ]
    for row in rows:
        other = base.get(row.load)
        ratios = (row.cpu_us / other.cpu_us, row.whole_us / other.whole_us) if other else (None, None)
        one, two = ("" if ratio is None else f"{ratio:.2f}" for ratio in ratios)
        lines.append(
            f"| {row.name} | {row.load} | {row.alerts:,} | {row.cpu_us:.1f} | {min(row.turns):.1f} to "
            f"{max(row.turns):.1f} | {one} | {row.whole_us:.1f} | {two} | {row.alerts_per_s:,.0f} "
            f"| {row.p50_ms:.1f} | {row.p99_ms:.1f} | {row.peak_mib:.0f} | {'yes' if row.durable else 'no'} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Parse the command line, measure, print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.throughput.http", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="how often all batches are posted")
    parser.add_argument("--out", type=Path, help="write the rows as JSON")
    options = parser.parse_args()
    try:
        rows = run(options.rounds)
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if options.out:
        write(options.out, rows)
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
