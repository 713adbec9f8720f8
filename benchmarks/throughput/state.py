"""What holding many active alerts costs the engine: an alert, memory, writing a snapshot, reading one.

    python -m benchmarks.throughput.state [--active 100000] [--shape storm|spread] [--repeat 1] [--tree DIR]…

No daemon and no disk: processor time of the fold and of the snapshot's pieces, each in a new interpreter, which reading
the pieces has as well. `--tree` measures other checkouts with this benchmark, in turn with each repeat, so that what
else the machine does hits all of them; a tree may be compiled.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from aiops.daemon.gc_tuning import give_back, held_back, settle
from aiops.engine.engine import Engine
from aiops.records import Alert
from aiops.records.decode import decode
from benchmarks.machine import ROOT
from benchmarks.throughput.daemon_recovery import SHAPES

BATCH = 1_000
# The clock of the shapes is the host's; nothing here depends on it.
RECORDS = msgspec.json.Decoder(list[msgspec.Raw])


def alerts(shape: str, first: int, count: int, active: int) -> list[Alert]:
    """Alerts of a shape, decoded one by one as a source decodes them."""
    found = [decode(bytes(raw)) for raw in RECORDS.decode(SHAPES[shape](first, count, active))]
    return [record for record in found if isinstance(record, Alert)]


def memory_mb() -> float:
    """Resident memory, after what is free has been given back."""
    give_back()
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    assert found is not None
    return int(found[1]) / 1024


def write(active: int, shape: str, place: Path) -> dict[str, float]:
    """Fold the alerts, once new and once repeated, and write the pieces of the state to `place`."""
    engine = Engine()
    settle()
    empty_mb = memory_mb()
    spent = []
    for _ in range(2):
        spent.append(0.0)
        for first in range(0, active, BATCH):
            batch = alerts(shape, first, BATCH, active)
            begun = time.process_time()
            engine.step(batch)
            spent[-1] += time.process_time() - begun
    del batch
    found = {"new_us": spent[0] / active * 1e6, "repeat_us": spent[1] / active * 1e6}
    found["memory_mb"] = memory_mb() - empty_mb
    with held_back():
        begun = time.process_time()
        pieces = list(engine.snapshot_parts())
        found["write_s"] = time.process_time() - begun
    found["snapshot_mb"] = sum(map(len, pieces)) / 1e6
    place.write_bytes(msgspec.msgpack.encode(pieces))
    return found


def read(place: Path) -> dict[str, float]:
    """Restore the pieces in `place`."""
    pieces = msgspec.msgpack.decode(place.read_bytes(), type=list[bytes])
    engine = Engine()
    settle()
    before_mb = memory_mb()
    with held_back():
        begun = time.process_time()
        engine.restore_parts(iter(pieces))
        found = {"read_s": time.process_time() - begun}
    found["restored_mb"] = memory_mb() - before_mb
    return found


def measure(tree: Path, options: argparse.Namespace) -> dict[str, float]:
    """Both steps, each in an interpreter of its own that imports the engine of `tree`."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as directory:
        for step in ("write", "read"):
            command = [sys.executable, "-m", "benchmarks.throughput.state", "--step", step]
            command += ["--file", f"{directory}/pieces", "--active", str(options.active), "--shape", options.shape]
            # The engine of the tree, and the benchmark of this one.
            paths = {**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{ROOT}"}
            done = subprocess.run(command, check=True, capture_output=True, cwd=directory, env=paths)
            found |= json.loads(done.stdout)
    return found


def main() -> None:
    """Print the medians of each tree, and their ratios to the first one's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--active", type=int, default=100_000)
    parser.add_argument("--shape", choices=SHAPES, default="spread")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--tree", type=Path, action="append", help="a checkout; may be given several times")
    parser.add_argument("--step", choices=["write", "read"], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        write_or_read = options.step == "write"
        found = write(options.active, options.shape, options.file) if write_or_read else read(options.file)
        print(json.dumps(found))
        return
    trees = [tree.resolve() for tree in options.tree or [ROOT]]
    rows: dict[Path, list[dict[str, float]]] = {tree: [] for tree in trees}
    for _ in range(options.repeat):
        for tree in trees:
            rows[tree].append(measure(tree, options))
    first = _medians(rows[trees[0]])
    for tree in trees:
        medians = _medians(rows[tree])
        print(tree)
        for name, value in medians.items():
            print(f"  {name:12} {value:9.3f}  {value / first[name]:6.3f}")


def _medians(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


if __name__ == "__main__":
    main()
