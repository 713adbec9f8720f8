"""Where a daemon under test listens."""

from __future__ import annotations

import re

from aiops.daemon.daemon import Daemon
from tests.waiting import eventually


def listening(daemon: Daemon) -> int:
    """The port of a daemon's HTTP server."""

    def port() -> int | None:
        found = re.search(r"listening on .*:(\d+)$", str(daemon.sources.health()["http"]["detail"]))
        return int(found[1]) if found else None

    return int(eventually(port) or 0)
