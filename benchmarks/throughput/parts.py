"""What all passes share: an engine as the daemon has it, and the alerts of a load in parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from aiops.daemon.gc_tuning import settle
from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from benchmarks.throughput.generate import topology
from benchmarks.throughput.load import Load

T = TypeVar("T")
# Alerts made, decoded and folded at a time; the fold gets them in batches of the size that the daemon usually has.
PART, BATCH = 5_000, 1_000


def engine(load: Load) -> Engine:
    """A new engine with defaults, and the load's graph and models; the collector set as in the daemon."""
    graph = topology(load)
    if not load.models:
        built = Engine(EngineConfig(), graph)
    else:
        # Loaded here, so that a revision without it can still be measured without models.
        from aiops.app.engine import build_engine

        built = build_engine(EngineConfig(), graph)
    settle()
    return built


def parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`.

    >>> list(parts("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part
