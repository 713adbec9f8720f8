"""The HTTP source alone, before an inbox that drops what it takes: `python -m benchmarks.throughput.http_bare PORT`."""

from __future__ import annotations

import sys
from concurrent.futures import Future

from aiops_connectors.http.source import HttpSource

from aiops.ports import Received


class Dropped:
    """An inbox that costs nothing."""

    def put(self, received: Received, timeout_s: float) -> bool:
        """Take it and forget it."""
        return True

    def submit(self, received: Received) -> Future[bool]:
        """As `put`, as a future that is done."""
        done: Future[bool] = Future()
        done.set_result(True)
        return done


def main() -> None:
    """Serve until killed."""
    HttpSource("http", {"port": int(sys.argv[1])}).run(Dropped(), None)


if __name__ == "__main__":
    main()
