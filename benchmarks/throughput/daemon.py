"""The whole daemon, each measure in processes of its own: `python -m benchmarks.throughput.daemon`.

From a real broker into the store, from an alert to the webhook, and a restart after `kill -9`. The results are written
as JSON with the machine's facts; the tables of the page are made from them.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from benchmarks.machine import Machine, machine
from benchmarks.page import DAEMON, deliver, table_of
from benchmarks.throughput import daemon_kafka
from benchmarks.throughput.results import say

# The runs of each part (by name, where there are several): its module, and how much of it is enough for a median.
PARTS: dict[str, dict[str, tuple[str, ...]]] = {
    "kafka": {"": ("daemon_kafka", "--rounds", "3")},
    "latency": {"": ("daemon_latency", "--probes", "200")},
    "recovery": {shape: ("daemon_recovery", "--active", "100000", "--shape", shape) for shape in ("storm", "spread")},
}


class Results(Struct):
    """A run; what was left out, or has no broker here, is empty.

    `kafka`: load, then measure, then its rounds; `recovery`: shape, then its figures.
    """

    machine: Machine
    kafka: dict[str, dict[str, list[daemon_kafka.Row]]] = field(default_factory=dict)
    latency: dict[str, Any] = field(default_factory=dict)
    recovery: dict[str, dict[str, Any]] = field(default_factory=dict)


def run(only: Sequence[str]) -> Results:
    """All parts, or those named; raise `RuntimeError` with what one said when it failed."""
    found: dict[str, Any] = {"machine": msgspec.to_builtins(machine())}
    for part, runs in PARTS.items():
        if only and part not in only:
            continue
        figures = {name: _figures(*command) for name, command in runs.items()}
        found[part] = figures.get("", figures)
    return msgspec.convert(found, Results)


def _figures(module: str, *options: str) -> dict[str, Any]:
    """What a measure wrote; nothing where it was skipped."""
    say(f"{module} {' '.join(options)}")
    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as directory:
        path = Path(directory) / "figures.json"
        command = [sys.executable, "-m", f"benchmarks.throughput.{module}", *options, "--json", str(path)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        sys.stderr.write("".join(line + "\n" for line in done.stderr.splitlines() if "skipped" in line))
        if path.exists():
            figures: dict[str, Any] = msgspec.json.decode(path.read_bytes())
            return figures
        if done.returncode:
            raise RuntimeError(f"{module}: {done.stderr.strip()[-2_000:]}")
    return {}


def report(results: Results) -> str:
    """All tables as Markdown."""
    parts = [str(results.machine)]
    if results.kafka:
        parts.append(kafka_table(results.kafka))
    if results.latency:
        parts.append(latency_table(results.latency))
    if results.recovery:
        parts.append(recovery_table(results.recovery))
    return "\n\n".join(parts)


def kafka_table(loads: dict[str, dict[str, list[daemon_kafka.Row]]]) -> str:
    """Median rounds; the stages in µs an alert on the clock of the daemon's thread."""
    stages = (*daemon_kafka.STAGES, "source")
    text = (
        "Broker → journal (synced) → fold with all models → incident in the store; broker and daemon share the cores, "
        "client alone in turn with it. Stages are µs an alert on the clock of the daemon's thread, `source` is "
        "processor time of the thread that polls and decodes."
    )
    head = f"| load | measure | alerts/s | of the client | CPU µs | {' | '.join(stages)} |"
    rows = []
    for load, measures in loads.items():
        for name, rounds in measures.items():
            alone = statistics.median(row.per_second for row in measures[f"client {name.split(' ', 1)[1]}"])
            row = sorted(rounds, key=lambda each: each.per_second)[len(rounds) // 2]
            each = [f"{row.stages[stage] / row.alerts * 1e6:.1f}" if row.stages else "" for stage in stages]
            rows.append(
                f"| {load} | {name} | {row.per_second:,.0f} | {row.per_second / alone:.3f} "
                f"| {row.cpu_seconds / row.alerts * 1e6:.1f} | {' | '.join(each)} |"
            )
    return table_of(text, head, rows)


def latency_table(found: dict[str, Any]) -> str:
    """From the alert to the webhook."""
    text = (
        f"An alert that opens an incident, to its webhook ({found['told']} of {found['probes']} received), with "
        f"{found['alerts_per_second']} other alerts a second; to the ingest's answer; and one sync of this disk. "
        "In milliseconds."
    )
    rows = [
        f"| {name} | {found[key]['p50']:.1f} | {found[key]['p99']:.1f} | {found[key]['max']:.1f} |"
        for name, key in (
            ("webhook received", "webhook_ms"),
            ("ingest answered", "ingest_answer_ms"),
            ("disk synced", "disk_sync_ms"),
        )
        if found[key]
    ]
    return table_of(text, "| until | p50 | p99 | max |", rows)


def recovery_table(shapes: dict[str, dict[str, Any]]) -> str:
    """A restart, and memory; a column a shape."""
    text = (
        "`kill -9` with so many active alerts, and the start after it. In a storm they came at once, spread over most "
        "of a day. Memory is resident, in MB, now (the most since the row above)."
    )
    rows = {
        "active alerts": lambda found: f"{found['active']:,}",
        "open incidents": lambda found: f"{found['incidents']:,}",
        "taken over HTTP, alerts/s": lambda found: f"{found['fed_per_second']:,}",
        "ready again, s": lambda found: f"{found['recovery_s']:.2f}",
        "of it snapshot and journal, s": lambda found: f"{found['fold_s']:.2f}",
        "of it the interpreter, s": lambda found: f"{found['interpreter_s']:.2f}",
        "active alerts after it": lambda found: f"{found['active_after']:,}",
        "memory before the first alert": lambda found: _memory(found["memory_empty_mb"]),
        "memory while they came in": lambda found: _memory(found["memory_feeding_mb"]),
        "memory with them": lambda found: _memory(found["memory_mb"]),
        "memory after the restart": lambda found: _memory(found["memory_after_recovery_mb"]),
        "snapshot on disk, MB": lambda found: f"{found['snapshot_mb']:.1f}",
    }
    lines = [f"| {name} | {' | '.join(map(cell, shapes.values()))} |" for name, cell in rows.items()]
    return table_of(text, f"| | {' | '.join(shapes)} |", lines)


def _memory(figures: dict[str, int]) -> str:
    return f"{figures['now']} ({figures['most']})"


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="benchmarks.throughput.daemon", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", default=[], choices=PARTS, help="only this part; repeatable")
    parser.add_argument(
        "--out", type=Path, help="write the results as JSON; parts that --only leaves out stay as they are there"
    )
    parser.add_argument("--read", type=Path, help="make the tables from this file of results instead of measuring")
    parser.add_argument("--page", type=Path, help="put the tables between the marks of this page")
    options = parser.parse_args()
    try:
        results = read(options.read) if options.read else run(options.only)
    except (OSError, RuntimeError, msgspec.MsgspecError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if options.out and options.only and options.out.exists():
        results = merged(read(options.out), results, options.only)
    deliver(results, report(results), DAEMON, options.out, options.page)
    return 0


def merged(before: Results, after: Results, only: Sequence[str]) -> Results:
    """The named parts of `after` and all others of `before`; the machine is that of the newer."""
    return msgspec.structs.replace(
        before, machine=after.machine, **{part: getattr(after, part) for part in PARTS if part in only}
    )


def read(path: Path) -> Results:
    """Results from their file."""
    return msgspec.json.decode(path.read_bytes(), type=Results)


if __name__ == "__main__":
    sys.exit(main())
