"""One pass of one load, in a process of its own: `python -m benchmarks.throughput.measure PASS NAME [SCALE]`.

`cost` is processor time beside the floors, `latency` times each alert alone, and memory, `quality` says what the alerts
became. Alerts are made, decoded and forgotten in parts: ten million take no more memory than the engine keeps of them.
"""

from __future__ import annotations

import sys

import msgspec

from benchmarks.throughput.cost import cost
from benchmarks.throughput.latency import latency
from benchmarks.throughput.load import find
from benchmarks.throughput.quality import quality

PASSES = {"cost": cost, "latency": latency, "quality": quality}


def main() -> None:
    """Measure and print the result as JSON."""
    name, load, *rest = sys.argv[1:]
    result = PASSES[name](find(load, float(rest[0]) if rest else 1.0))
    sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")


if __name__ == "__main__":
    main()
