"""What the web application needs of whoever runs it; `aiops.daemon.daemon.Daemon` is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiops.engine.events import Feedback
from aiops.engine.silence_preview import Preview
from aiops.engine.silences.silences import Silence
from aiops.records import Action, Incident
from aiops.respond.history import Run
from aiops.respond.runs import Plan
from aiops.store.store import Store


class Respond(Protocol):
    """Guarded runs of playbooks, as the web sees them; `aiops.daemon.runs.Runs`.

    All may raise `UsageError` for what is refused, `AiopsError` for what cannot be done now.
    """

    def executable(self, incident: Incident) -> str | None:
        """The first suggested playbook, where it has steps that could run."""
        ...

    def plan(self, incident: str, playbook: str) -> Plan:
        """A dry run, guard by guard."""
        ...

    def approve(self, incident: str, playbook: str, plan: str, actor: str) -> tuple[Plan, bool]:
        """Approve the plan of that id; whether its run was started."""
        ...

    def switch(self, scope: str, engaged: bool, actor: str, reason: str = "") -> None:
        """Engage or release a kill switch."""
        ...

    def roll_back(self, run: str, actor: str, reason: str = "", *, close: bool = False, vouched: bool = False) -> Run:
        """Roll back a run whose rollback waits for a person, or `close` it with nothing sent."""
        ...

    def of(self, incident: str) -> Sequence[Run]:
        """Runs for an incident, last started first."""
        ...

    def switches(self) -> Mapping[str, bool]:
        """Kill switches by scope, and whether they are engaged."""
        ...

    def listed(self, limit: int = 100) -> Sequence[Run]:
        """Runs, last started first."""
        ...


class Delivery(Protocol):
    """The delivery worker, as the web sees it; `aiops.notify.dispatcher.Dispatcher`."""

    def endpoints(self) -> Mapping[str, Mapping[str, Any]]:
        """By name: `{"ok": bool, "detail": str, "breaker": str, "disabled": bool, "in_flight": int, …}`."""
        ...

    def enable(self, endpoint: str, actor: str, reason: str = "") -> bool:
        """Tell a disabled endpoint again; False when it was not disabled. May raise `AiopsError`."""
        ...


class Host(Protocol):
    """The daemon, as the web sees it. All methods may be called from any thread."""

    @property
    def store(self) -> Store:
        """Incidents, outbox, audit and dead letters, for reading; and the outbox for retrying and dropping."""
        ...

    @property
    def runs(self) -> Respond | None:
        """Guarded runs; None where they are not enabled, or their audit trail cannot be trusted."""
        ...

    @property
    def delivery(self) -> Delivery | None:
        """Who delivers; None where nobody does."""
        ...

    def act(self, action: Action, timeout_s: float = 5.0) -> Feedback | None:
        """Hand an operator's action to the engine through the journal; None when it was not answered in time."""
        ...

    def silences(self) -> Sequence[Silence]:
        """The silences in force or to come."""
        ...

    def preview(self, silence: Silence) -> Preview:
        """What a silence would match now. May raise `AiopsError` when the engine does not answer in time."""
        ...

    def health(self) -> Mapping[str, Any]:
        """`{"status": ok | degraded | failed | starting | stopping, "ready": bool, "reason": str, …}`."""
        ...

    def metrics_text(self) -> str:
        """Metrics in the text format of Prometheus."""
        ...
