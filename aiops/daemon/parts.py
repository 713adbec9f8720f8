"""The parts of a running daemon, put together by `aiops.app`; health and metrics read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

from msgspec import Struct, field

from aiops.config import Config
from aiops.daemon.collecting import Collecting
from aiops.daemon.inbox import Inbox
from aiops.daemon.opening import Clocks, OpenedState
from aiops.daemon.operator_actions import OperatorActions
from aiops.daemon.pump import Pump
from aiops.daemon.replay_jobs import ReplayJobs
from aiops.daemon.retention_job import RetentionJob
from aiops.daemon.retrain_job import RetrainJob
from aiops.daemon.runs import Runs
from aiops.daemon.scrubber import Scrubber
from aiops.daemon.sources import Sources
from aiops.engine.firing import FiringAlert
from aiops.errors import AiopsError
from aiops.ports import Answer, Reply
from aiops.respond.catalogue import Catalogue
from aiops.store.outbox import Row
from aiops.telemetry.metrics import Family
from aiops.topology import Topology


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

    def test(self, endpoint: str, actor: str) -> Answer:
        """Send a test message now."""
        ...

    def shown(self, row: Row) -> str | None:
        """Return what a message was or will be sent as; None if that is not known."""
        ...

    def read_back(self, endpoint: str, headers: Mapping[str, str], body: bytes, now: float) -> Sequence[Reply] | None:
        """Return what people did at a receiver, by its report; None if the endpoint takes none."""
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
    retrain_job: RetrainJob


def keep_nothing(config: Config) -> None:
    """Reload nothing: the default of a daemon without neighbours."""


def load_nothing() -> Config:
    """Refuse to read a configuration: the default of a daemon that was made of parts."""
    raise AiopsError("reload: this daemon was started without a configuration that can be read again")


class Routing(Protocol):
    """The routes in use; see `aiops.web.host.Routing`."""

    def receivers(self) -> Sequence[str]:
        """Return the names of all endpoints."""
        ...

    def routed(self, alerts: Sequence[FiringAlert], at: float) -> Sequence[Any]:
        """Return where each of the alerts leads."""
        ...

    def yaml(self) -> str:
        """Return the routes as a configuration of Alertmanager."""
        ...


class NoRouting:
    """The routes of a daemon without endpoints."""

    def receivers(self) -> Sequence[str]:
        """Return no name."""
        return ()

    def routed(self, alerts: Sequence[FiringAlert], at: float) -> Sequence[Any]:
        """Refuse: nothing is served by such a daemon."""
        raise AiopsError("alerts: this daemon was made without routes")

    def yaml(self) -> str:
        """Return nothing."""
        return ""


NO_ROUTING: Final = NoRouting()


class Neighbours(Struct, frozen=True):
    """The parts beside the engine that a configuration may have.

    `runs_problem` is the reason why guarded runs are enabled and not available; `left_out` are things that the
    configuration names and that cannot be used. `reload` takes over the endpoints of another configuration, which
    `load` reads. `routing` is where alerts lead, `topology` the configured dependency graph. `catalogue` are the
    playbooks in use, also where runs are disabled. `replays` are those that people start. `collecting` reads other
    systems for incidents.
    """

    delivery: Delivery | None = None
    runs: Runs | None = None
    runs_problem: str = ""
    tracing: Reporting | None = None
    left_out: Sequence[str] = ()
    reload: Callable[[Config], None] = keep_nothing
    load: Callable[[], Config] = load_nothing
    routing: Routing = NO_ROUTING
    topology: Topology = field(default_factory=Topology)
    catalogue: Catalogue = field(default_factory=Catalogue)
    replays: ReplayJobs | None = None
    collecting: Collecting | None = None
