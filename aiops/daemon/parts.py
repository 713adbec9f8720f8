"""The parts of a running daemon, put together by `aiops.app`; health and metrics read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from aiops.config import Config
from aiops.daemon.inbox import Inbox
from aiops.daemon.opening import Clocks, OpenedState
from aiops.daemon.operator_actions import OperatorActions
from aiops.daemon.pump import Pump
from aiops.daemon.retention_job import RetentionJob
from aiops.daemon.runs import Runs
from aiops.daemon.scrubber import Scrubber
from aiops.daemon.sources import Sources
from aiops.telemetry.metrics import Family


class Service(Protocol):
    """Work beside the pump, in threads of its own."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self, timeout_s: float) -> None:
        """Finish what is under way within the time, and end."""
        ...


class Reporting(Service, Protocol):
    """A service with a section of the health and metrics of its own."""

    def health(self) -> dict[str, Any]:
        """Return `{"ok": bool, "detail": str, …}`."""
        ...

    def metrics(self) -> Iterable[Family]:
        """Return its metrics."""
        ...


class Delivery(Reporting, Protocol):
    """The dispatcher of notifications, as the daemon sees it."""

    def endpoints(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the state of each endpoint by name."""
        ...

    def enable(self, endpoint: str, actor: str, reason: str = "") -> bool:
        """Notify a disabled endpoint again; return False if it was not disabled."""
        ...


class Core(Struct, frozen=True):
    """The parts of every daemon: the state, the pump with its input, and the jobs on the disk."""

    config: Config
    clocks: Clocks
    state: OpenedState
    inbox: Inbox
    operator_actions: OperatorActions
    sources: Sources
    pump: Pump
    retention_job: RetentionJob
    scrubber: Scrubber


def keep_nothing(config: Config) -> None:
    """Reload nothing: the default of a daemon without neighbours."""


class Neighbours(Struct, frozen=True):
    """The parts beside the engine that a configuration may have.

    `runs_problem` is the reason why guarded runs are enabled and not available; `left_out` are things that the
    configuration names and that cannot be used. `reload` takes over the endpoints of another configuration.
    """

    delivery: Delivery | None = None
    runs: Runs | None = None
    runs_problem: str = ""
    tracing: Reporting | None = None
    left_out: Sequence[str] = ()
    reload: Callable[[Config], None] = keep_nothing
