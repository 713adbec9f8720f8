"""The HTTP source alone, before an inbox that drops what it takes: `python -m benchmarks.throughput.http_bare PORT`."""

from __future__ import annotations

import sys

from aiops_connectors.sources.http import HttpSource

from aiops.ports import Received


class Dropped:
    """An inbox that costs nothing."""

    def put(self, received: Received, timeout_s: float) -> bool:
        """Take it and forget it."""
        return True


def main() -> None:
    """Serve until killed."""
    HttpSource("http", {"port": int(sys.argv[1])}).run(Dropped(), None)


if __name__ == "__main__":
    main()
