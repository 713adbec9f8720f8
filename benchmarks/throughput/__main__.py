"""`python -m benchmarks.throughput`: every load in a process of its own, a table, results as JSON, a comparison."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

import msgspec
from msgspec import Struct, field

from benchmarks.throughput.load import LARGE, LOADS
from benchmarks.throughput.measure import Row


class Results(Struct):
    """A run: the machine's facts and the rows."""

    python: str
    machine: str
    cores: int
    revision: str
    rows: list[Row] = field(default_factory=list)


def run(large: bool, only: str | None) -> Results:
    """Measure all loads, one process after the other."""
    loads = (*LOADS, *LARGE) if large else LOADS
    results = Results(platform.python_version(), _processor(), os.cpu_count() or 1, _revision())
    for number, load in enumerate(loads):
        if only and only not in load.name:
            continue
        command = [sys.executable, "-m", "benchmarks.throughput.measure", str(number)]
        done = subprocess.run(command, check=True, capture_output=True)
        row = msgspec.json.decode(done.stdout, type=Row | None)
        if row is None:
            sys.stderr.write(f"{load.name}: skipped, the measuring data is not here (AIOPS_DATA)\n")
            continue
        results.rows.append(row)
        sys.stderr.write(f"{load.name}: {row.fold:.1f} µs\n")
    return results


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as handle:
            return next(line.split(":", 1)[1].strip() for line in handle if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def _revision() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def table(results: Results) -> str:
    """The rows as Markdown: CPU in µs an alert, ratios to the decode floor of the same run."""
    lines = [
        f"Python {results.python}, {results.machine}, {results.cores} cores, revision {results.revision}.",
        "CPU in µs an alert; × is the ratio to decoding alone in the same run; growth is the last tenth to the first.",
        "",
        "| load | alerts | decode | + dict | label grouping | fold | × decode | alerts/s "
        "| p50 | p99 | p99.9 | growth | MiB |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in results.rows:
        growth = row.tenths[9] / max(row.tenths[0], 0.01)
        lines.append(
            f"| {row.name} | {row.alerts:,} | {row.decode:.2f} | {row.decode_and_dict:.2f} | {row.label_grouping:.2f} "
            f"| {row.fold:.1f} | {row.fold / row.decode:.1f} | {1e6 / row.fold:,.0f} | {row.p50:.1f} | {row.p99:.1f} "
            f"| {row.p999:.0f} | {growth:.2f} | {row.peak_mib:.0f} |"
        )
    return "\n".join(lines)


def comparison(before: Results, after: Results) -> str:
    """Two revisions side by side: the fold as a ratio to the decode floor of its own run."""
    old = {row.name: row for row in before.rows}
    lines = [f"| load | {before.revision} × decode | {after.revision} × decode | change |", "|---|---|---|---|"]
    for row in after.rows:
        if row.name in old:
            one, two = old[row.name].fold / old[row.name].decode, row.fold / row.decode
            lines.append(f"| {row.name} | {one:.1f} | {two:.1f} | {two / one - 1:+.0%} |")
    return "\n".join(lines)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="benchmarks.throughput", description=__doc__)
    parser.add_argument("--out", type=Path, help="write the results as JSON")
    parser.add_argument("--table", type=Path, help="write the table as Markdown")
    parser.add_argument("--against", type=Path, help="compare with the results of another revision")
    parser.add_argument("--large", action="store_true", help="also a million and ten million alerts")
    parser.add_argument("--only", help="only loads whose name holds this")
    options = parser.parse_args()
    results = run(options.large, options.only)
    if options.out:
        options.out.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    text = table(results)
    if options.against:
        text += "\n\n" + comparison(msgspec.json.decode(options.against.read_bytes(), type=Results), results)
    if options.table:
        options.table.write_text("# Throughput\n\n" + text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
