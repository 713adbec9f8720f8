"""`python -m aiops.testing.kafka start`: a real Kafka broker to try things on, until interrupted.

Apache Kafka is resolved with Maven the first time and kept in the user's cache. Topics come into being when they are
written to. Without `--directory` the data is thrown away at the end.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from aiops.errors import AiopsError
from aiops.testing.kafka_broker import KafkaBroker
from aiops.testing.kafka_jars import jars


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code: 0 done, 1 no broker can be started here, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        print(f"jars: {jars()}", flush=True)
        if options.command == "fetch":
            return 0
        with tempfile.TemporaryDirectory(prefix="aiops-kafka-") as scratch:
            _serve(options.directory or Path(scratch), options.port, options.partitions)
    except AiopsError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _serve(directory: Path, port: int, partitions: int) -> None:
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    with KafkaBroker(directory, port=port, partitions=partitions) as broker:
        print(f"kafka: {broker.bootstrap} (data and log below {directory}; interrupt to end)", flush=True)
        done.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m aiops.testing.kafka", description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("fetch", help="resolve the broker's jars and print their paths")
    start = commands.add_parser("start", help="run a broker until interrupted")
    start.add_argument("--port", type=int, default=9092, help="where to listen on loopback (default 9092)")
    start.add_argument("--partitions", type=int, default=4, help="partitions of a topic written to for the first time")
    start.add_argument("--directory", type=Path, help="keep the data here (default: thrown away at the end)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
