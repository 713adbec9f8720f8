"""The daemon of the demo: a real one, with its state in a directory that is thrown away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from aiops.app.build import build
from aiops.config import Config, load_config
from aiops.daemon.daemon import Daemon
from aiops.daemon.gc_tuning import held_back
from aiops.errors import AiopsError, UsageError
from aiops.http.server import listen
from aiops.ports import Received
from aiops.records import Incident, Record
from aiops.store import incidents
from aiops.telemetry import logs

HOST = "127.0.0.1"
# Known from many tools; where it is taken, any free one does.
PORT = 8080
# Records of one batch: the bar moves some ten times.
BATCH = 500
PUT_S = 60.0
# The present state of incidents is written about once a second.
SETTLE_S = 1.3
# Nothing is kept that a longer stop could save.
DRAIN_S = 3.0


class DemoSite:
    """A running daemon with its address."""

    def __init__(self, daemon: Daemon, url: str) -> None:
        self.daemon = daemon
        self.url = url

    def play(self, records: Sequence[Record], advance: Callable[[int], None]) -> None:
        """Give the records to the daemon in their order; `advance` gets the number of each batch."""
        left = iter(records)
        while batch := list(islice(left, BATCH)):
            if not self.daemon.inbox.put(Received(batch, source="demo"), PUT_S):
                raise AiopsError(f"demo: the daemon did not take the records: {self.daemon.health()['reason']}")
            advance(len(batch))

    def incidents(self) -> list[Incident]:
        """Return what became of the records, merged incidents left out; newest first."""
        self.daemon.firing()
        reader = self.daemon.store.database.reader
        found = [incidents.get(reader, line.id) for line in incidents.listed(reader, limit=incidents.MAX_LIMIT)]
        return [one.incident for one in found if one is not None and one.incident.status != "merged"]


@contextmanager
def demo_site(folder: Path, topology: Path, port: int | None = None) -> Iterator[DemoSite]:
    """Run a daemon of loopback, without tokens, with its state in `folder`.

    Without a `port` it is `PORT`, or any free one. Raise `UsageError` if the given one is in use.
    """
    logs.set_up("error")
    try:
        daemon, url = _bound(folder, topology, free_port() if port is None else port)
    except UsageError:
        if port is not None:
            raise
        # Somebody else took the port after it was found to be free.
        daemon, url = _bound(folder, topology, 0)
    daemon.start()
    try:
        yield DemoSite(daemon, url)
    finally:
        daemon.stop()


def _bound(folder: Path, topology: Path, port: int) -> tuple[Daemon, str]:
    """Return a daemon that listens, and its address; raise `UsageError` if the port is in use."""
    with held_back():
        daemon = build(demo_config(folder, topology, port))
    try:
        return daemon, daemon.sources.bind()[0]
    except AiopsError:
        daemon.close()
        raise


def demo_config(folder: Path, topology: Path, port: int) -> Config:
    """Return the configuration of the demo."""
    settings = {
        "state.directory": str(folder),
        "topology": str(topology),
        "http.host": HOST,
        "http.port": port,
        "drain_s": DRAIN_S,
    }
    return load_config(None, settings=settings)


def free_port() -> int:
    """Return `PORT` if nobody listens there, else 0."""
    try:
        listen(HOST, PORT).close()
    except UsageError:
        return 0
    return PORT
