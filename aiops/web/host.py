"""The interface of the web application to the daemon; `aiops.daemon.daemon.Daemon` implements it."""

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
    """Guarded runs of playbooks, as the web uses them; `aiops.daemon.runs.Runs`.

    All methods may raise `UsageError` for what is refused, and `AiopsError` for what cannot be done now.
    """

    def executable(self, incident: Incident) -> str | None:
        """Return the first suggested playbook if it has executable steps."""
        ...

    def plan(self, incident: str, playbook: str) -> Plan:
        """Make a dry run, guard by guard."""
        ...

    def approve(self, incident: str, playbook: str, plan: str, actor: str) -> tuple[Plan, bool]:
        """Approve the plan of that id; return it, and True if its run was started."""
        ...

    def switch(self, scope: str, engaged: bool, actor: str, reason: str = "") -> None:
        """Engage or release a kill switch."""
        ...

    def roll_back(self, run: str, actor: str, reason: str = "", *, close: bool = False, vouched: bool = False) -> Run:
        """Roll back a run whose rollback waits for a person, or `close` it with nothing sent."""
        ...

    def of(self, incident: str) -> Sequence[Run]:
        """Return the runs for an incident, last started first."""
        ...

    def switches(self) -> Mapping[str, bool]:
        """Return the kill switches by scope, true if engaged."""
        ...

    def listed(self, limit: int = 100) -> Sequence[Run]:
        """Return runs, last started first."""
        ...


class Delivery(Protocol):
    """The notification dispatcher, as the web uses it; `aiops.notify.dispatcher.Dispatcher`."""

    def endpoints(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the state of each endpoint by name.

        `{"ok": bool, "detail": str, "breaker": str, "disabled": bool, "in_flight": int, …}`.
        """
        ...

    def enable(self, endpoint: str, actor: str, reason: str = "") -> bool:
        """Enable a disabled endpoint; return False if it was not disabled. May raise `AiopsError`."""
        ...


class Host(Protocol):
    """The daemon, as the web uses it. All methods may be called from any thread."""

    @property
    def store(self) -> Store:
        """Return the store: incidents, outbox, audit and dead letters to read; the outbox to retry and drop."""
        ...

    @property
    def runs(self) -> Respond | None:
        """Return the guarded runs; None if they are disabled, or if their audit trail cannot be trusted."""
        ...

    @property
    def delivery(self) -> Delivery | None:
        """Return the dispatcher; None if there is none."""
        ...

    def act(self, action: Action, timeout_s: float = 5.0) -> Feedback | None:
        """Pass an operator's action to the engine through the journal.

        Return None if it was not answered in time.
        """
        ...

    def silences(self) -> Sequence[Silence]:
        """Return active and scheduled silences."""
        ...

    def preview(self, silence: Silence) -> Preview:
        """Return the alerts that a silence would match now; raise `AiopsError` if the engine is too slow."""
        ...

    def health(self) -> Mapping[str, Any]:
        """Return `{"status": ok | degraded | failed | starting | stopping, "ready": bool, "reason": str, …}`."""
        ...

    def metrics_text(self) -> str:
        """Return the metrics in the text format of Prometheus."""
        ...
