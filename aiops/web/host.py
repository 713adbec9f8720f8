"""What the web application needs of whoever runs it; `aiops.daemon.daemon.Daemon` is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aiops.engine.events import Feedback
from aiops.engine.silences import Silence
from aiops.records import Action
from aiops.store.store import Store


class Host(Protocol):
    """The daemon, as the web sees it. All methods may be called from any thread."""

    @property
    def store(self) -> Store:
        """Incidents, outbox, audit and dead letters, for reading; and the outbox for retrying and dropping."""
        ...

    def act(self, action: Action, timeout_s: float = 5.0) -> Feedback | None:
        """Hand an operator's action to the engine through the journal; None when it was not answered in time."""
        ...

    def silences(self) -> Sequence[Silence]:
        """The silences in force or to come."""
        ...

    def health(self) -> Mapping[str, Any]:
        """`{"status": ok | degraded | failed | starting | stopping, "ready": bool, "reason": str, …}`."""
        ...

    def metrics_text(self) -> str:
        """Metrics in the text format of Prometheus."""
        ...
