"""What the audit trail says about now: kill switches, approvals, runs. Rebuilt from its entries, never stored."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from aiops.respond.audit import Entry

RunState = Literal["running", "executed", "verified", "failed", "unknown"]
GLOBAL = "global"
# Runs kept in memory for guards; the longest window a guard can ask for is days, and rates are a few an hour.
MAX_RUNS = 10_000


class Run(Struct):
    """An execution: `executed` means that its steps were accepted, `verified` that the condition cleared."""

    id: str
    playbook: str
    version: str
    incident: str
    targets: list[str]
    started_at: float
    state: RunState = "running"
    ended_at: float | None = None
    keys: list[str] = field(default_factory=list)


class Approved(Struct):
    """Somebody approved a plan, at a time."""

    actor: str
    at: float


class History(Struct):
    """The state of runs. `switches` has a scope (`global`, `team:x`, `playbook:x`) for every switch ever touched."""

    switches: dict[str, bool] = field(default_factory=dict)
    approvals: dict[str, list[Approved]] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)

    def apply(self, entry: Entry) -> None:
        """Take in one entry; kinds that say nothing about the state are left alone."""
        data = entry.data
        if entry.kind == "switch":
            self.switches[data["scope"]] = data["engaged"]
        elif entry.kind == "approval":
            self.approvals.setdefault(data["plan"], []).append(Approved(data["actor"], entry.at))
        elif entry.kind == "run":
            self._start(entry.at, data)
        elif entry.kind == "intent":
            self.runs[data["run"]].keys.append(data["key"])
        elif entry.kind == "ended":
            run = self.runs.get(data["run"])
            if run is not None:
                run.state, run.ended_at = data["state"], entry.at

    def engaged(self, scopes: list[str]) -> str | None:
        """The first of the scopes whose kill switch is engaged. The global one is, until somebody releases it."""
        for scope in scopes:
            if self.switches.get(scope, scope == GLOBAL):
                return scope
        return None

    def of_playbook(self, name: str) -> list[Run]:
        """Runs of a playbook, oldest first."""
        return [run for run in self.runs.values() if run.playbook == name]

    def active(self) -> list[Run]:
        """Runs that have begun and not ended."""
        return [run for run in self.runs.values() if run.state == "running"]

    def _start(self, at: float, data: dict[str, Any]) -> None:
        run = Run(data["run"], data["playbook"], data["version"], data["incident"], data["targets"], at)
        self.runs[run.id] = run
        self.approvals.pop(data["plan"], None)
        if len(self.runs) > MAX_RUNS:
            del self.runs[next(iter(self.runs))]
