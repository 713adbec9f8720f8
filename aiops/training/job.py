"""One training job, in a process of its own: `python -m aiops.training.job DIRECTORY`.

It reads `order.json` in the directory and writes `result.json`. Standard output has a line of JSON for each step, and
one for an error. The process bounds itself as a replay job does, and ends when its standard input does.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from aiops.config import load_config
from aiops.daemon.process_limits import bound_process
from aiops.errors import AiopsError
from aiops.sweep.job import report, watch
from aiops.topology import Topology, load_topology
from aiops.training.history import ReplayedHistory
from aiops.training.order import Found, Order
from aiops.training.pipeline import Pipeline, Report

ORDER, RESULT = "order.json", "result.json"


def found_by(order: Order, step: Report = lambda _: None) -> list[Found]:
    """Do all works of an order on one history; `step` gets a line for each step."""
    config = load_config(None, (), order.settings)
    topology = load_topology(Path(order.topology)) if order.topology else Topology()
    history = ReplayedHistory(order.source, config, topology, order.limits.records)
    pipeline = Pipeline(history, config, topology, step)
    return [one for work in order.works for one in pipeline.done(work)]


def main(directory: Path) -> int:
    """Do the job of a directory; return the exit code."""
    memory_bytes = 0
    try:
        order = msgspec.json.decode((directory / ORDER).read_bytes(), type=Order)
        memory_bytes = order.limits.memory_bytes
        bound_process(order.limits.seconds, memory_bytes)
        found = found_by(order, lambda text: report({"step": text}))
        partial = directory / f"{RESULT}.part"
        partial.write_bytes(msgspec.json.encode(found))
        partial.replace(directory / RESULT)
    except MemoryError:
        # What filled the memory is released with the frames that held it.
        report({"error": f"it needs more than {memory_bytes:,} bytes of memory: use a shorter stretch"})
        return 1
    except AiopsError as error:
        report({"error": str(error)})
        return 1
    except Exception as error:
        report({"error": f"a fault, please report it: {type(error).__name__}: {error}"[:1_000]})
        return 1
    return 0


if __name__ == "__main__":
    watch(sys.stdin.fileno())
    sys.exit(main(Path(sys.argv[1])))
