"""What the command line asks of endpoints and guarded runs over the control socket.

Whoever may write to that socket is the daemon's own user or root, and may move kill switches. Approvals are not taken
here: they need a token, so that they carry a name that somebody vouches for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from aiops.daemon.runs import Runs
from aiops.engine.silences.actions import parse_silence
from aiops.errors import AiopsError, UsageError
from aiops.records import Action, Incident
from aiops.store import incidents

if TYPE_CHECKING:
    from aiops.daemon.daemon import Daemon, Delivery


class AskPlan(Struct):
    """A dry run of `playbook`, or of the first that is suggested; `executable`: only where it has steps that run."""

    incident: str
    playbook: str | None = None
    executable: bool = False


class AskRuns(Struct):
    """The last runs and the kill switches."""

    limit: int = 100


class AskSwitch(Struct):
    """Move a kill switch."""

    scope: str
    engaged: bool
    actor: str
    reason: str = ""


class AskRollback(Struct):
    """Roll a run back whose rollback waits; `close`: say that nothing more of it is to be rolled back."""

    run: str
    actor: str
    close: bool = False
    reason: str = ""


class AskAccept(Struct):
    """Accept an audit trail that was cut."""

    actor: str
    reason: str = ""


class AskEnable(Struct):
    """Tell a disabled endpoint again."""

    endpoint: str
    actor: str
    reason: str = ""


def endpoint_answers(delivery: Delivery) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
    """What is answered about endpoints, by what is asked."""

    def listed(request: dict[str, Any]) -> dict[str, Any]:
        return {"endpoints": {name: dict(state) for name, state in delivery.endpoints().items()}}

    def enable(request: dict[str, Any]) -> dict[str, Any]:
        asked = msgspec.convert(request, AskEnable)
        return {"enabled": delivery.enable(asked.endpoint, asked.actor, asked.reason)}

    return {"endpoints": listed, "enable": enable}


def answers(daemon: Daemon) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
    """What is answered, by what is asked."""

    def plan(request: dict[str, Any]) -> dict[str, Any]:
        asked = msgspec.convert(request, AskPlan)
        incident, runs = _incident(daemon, asked.incident), _runs(daemon)
        name = asked.playbook or runs.executable(incident)
        if name is None and not asked.executable:
            name = _suggested(incident)
        return {"plan": msgspec.to_builtins(runs.plan(incident.id, name)) if name is not None else None}

    def listed(request: dict[str, Any]) -> dict[str, Any]:
        runs = _runs(daemon)
        found = runs.listed(max(1, min(msgspec.convert(request, AskRuns).limit, 10_000)))
        return {"runs": msgspec.to_builtins(found), "switches": runs.switches()}

    def switch(request: dict[str, Any]) -> dict[str, Any]:
        asked, runs = msgspec.convert(request, AskSwitch), _runs(daemon)
        runs.switch(asked.scope, asked.engaged, asked.actor, asked.reason)
        return {"switches": runs.switches()}

    def roll_back(request: dict[str, Any]) -> dict[str, Any]:
        asked, runs = msgspec.convert(request, AskRollback), _runs(daemon)
        run = runs.roll_back(asked.run, asked.actor, asked.reason, close=asked.close)
        return {"run": msgspec.to_builtins(run)}

    def accept(request: dict[str, Any]) -> dict[str, Any]:
        asked, runs = msgspec.convert(request, AskAccept), _runs(daemon)
        runs.accept_trail(asked.actor, asked.reason)
        return {"health": runs.health()}

    def preview(request: dict[str, Any]) -> dict[str, Any]:
        silence = parse_silence(msgspec.convert(request.get("action"), Action), daemon.clock())
        return {"preview": msgspec.to_builtins(daemon.preview(silence))}

    return {
        "preview": preview,
        "plan": plan,
        "runs": listed,
        "switch": switch,
        "rollback": roll_back,
        "accept-trail": accept,
    }


def _runs(daemon: Daemon) -> Runs:
    if daemon.runs is None:
        raise AiopsError("nothing can be run: respond.enabled is false, or the log of the daemon says why")
    return daemon.runs


def _incident(daemon: Daemon, name: str) -> Incident:
    stored = incidents.get(daemon.store.database.reader, name)
    if stored is None:
        raise UsageError(f"expected the id of an incident (`aiops incidents list`); got {name[:100]!r}")
    return stored.incident


def _suggested(incident: Incident) -> str:
    if not incident.playbooks:
        raise UsageError(f"{incident.id}: no playbook is suggested: name one with --playbook")
    return incident.playbooks[0].name
