"""The state of the daemon, from its start to its end."""

from __future__ import annotations

from typing import Literal, get_args

from aiops.daemon.pump import Pump

Status = Literal["starting", "ok", "degraded", "stopping", "failed"]
STATUSES: tuple[Status, ...] = get_args(Status)


class DaemonStatus:
    """The state of the daemon; any thread may read it."""

    def __init__(self, pump: Pump) -> None:
        self._pump = pump
        self._stopping = False
        self.is_started = False

    def started(self) -> None:
        """Note that all threads run."""
        self.is_started = True

    def stopping(self) -> None:
        """Note that the daemon stops."""
        self._stopping = True

    @property
    def value(self) -> Status:
        """The state; only `ok` is ready."""
        if self._pump.state == "failed":
            return "failed"
        if self._stopping:
            return "stopping"
        if not self.is_started:
            return "starting"
        return "ok" if self._pump.state == "running" else "degraded"
