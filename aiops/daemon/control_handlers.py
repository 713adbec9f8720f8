"""Handlers of the control socket for endpoints, silences and guarded runs.

Whoever may write to that socket is the daemon's own user or root, and may move kill switches. Approvals are not taken
here: they need a token, which vouches for the name of the approver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct

from aiops.daemon.control import Handler
from aiops.daemon.parts import Delivery
from aiops.daemon.runs import Runs
from aiops.engine.silence_preview import Preview
from aiops.engine.silences.actions import parse_silence
from aiops.engine.silences.silences import Silence
from aiops.errors import AiopsError, UsageError
from aiops.model_state import digest_of
from aiops.records import Action, Incident
from aiops.respond.history import Mode
from aiops.store import incidents
from aiops.store.incidents import Stored
from aiops.store.store import Store
from aiops.views.beside import Knowing, beside_of
from aiops.views.engine_report import engine_report
from aiops.views.lessons import LessonsList
from aiops.views.models_report import models_report
from aiops.views.playbook_page import playbook_page
from aiops.views.waiting_runs import waiting_runs
from aiops.views.whole import whole


class Host(Knowing, Protocol):
    """The daemon, as the handlers see it."""

    @property
    def store(self) -> Store:
        """The store, for reading incidents."""
        ...

    @property
    def runs(self) -> Runs | None:
        """Guarded runs; None where they are not enabled or cannot be made."""
        ...

    @property
    def delivery(self) -> Delivery | None:
        """The dispatcher of notifications, if there is one."""
        ...

    @property
    def clock(self) -> Callable[[], float]:
        """The host's clock as Unix seconds."""
        ...

    def preview(self, silence: Silence) -> Preview:
        """Match a silence with what the engine knows now."""
        ...

    def lessons(self) -> LessonsList:
        """The lessons of people on grouping."""
        ...

    def health(self) -> Mapping[str, Any]:
        """The health."""
        ...

    def figures(self) -> Mapping[str, Any]:
        """The figures of the engine's page."""
        ...

    def model_state(self, slot: str, role: str) -> tuple[str, str]:
        """Algorithm and state of a model."""
        ...


class PlanRequest(Struct):
    """A dry run of `playbook`, or of the first suggestion; with `executable` only if it has steps to run."""

    incident: str
    playbook: str | None = None
    executable: bool = False


class WholeRequest(Struct):
    """All of an incident's page, with the suggestion `playbook`, by default the first."""

    incident: str
    playbook: str = ""


class PlaybookRequest(Struct):
    """A playbook, filled in for an incident if one is named."""

    name: str
    incident: str | None = None


class ModelRequest(Struct):
    """The state of the model that serves in a slot, of its shadow or its canary."""

    slot: str
    role: Literal["serving", "shadow", "canary"] = "serving"


class RunsRequest(Struct):
    """The last runs and the kill switches."""

    limit: int = 100


class RunRequest(Struct):
    """A run with its requests and answers."""

    run: str


class SwitchRequest(Struct):
    """Move a kill switch."""

    scope: str
    engaged: bool
    actor: str
    reason: str = ""


class RollbackRequest(Struct):
    """Roll back a run whose rollback waits; with `close`, end it without one."""

    run: str
    actor: str
    close: bool = False
    reason: str = ""


class PromotionRequest(Struct):
    """The promotion of a playbook, or of each that could run."""

    playbook: str | None = None


class LevelRequest(Struct):
    """Promote or demote a playbook."""

    playbook: str
    mode: Mode
    actor: str
    reason: str = ""


class AcceptRequest(Struct):
    """Accept an audit trail that was cut."""

    actor: str
    reason: str = ""


class EnableRequest(Struct):
    """Notify a disabled endpoint again."""

    endpoint: str
    actor: str
    reason: str = ""


def handlers_of(host: Host) -> dict[str, Handler]:
    """Return the handlers of endpoints, silences and guarded runs, by the name of the request."""
    found = {
        "preview": _preview_handler(host),
        "engine": _engine_handler(host),
        "watch": lambda request: {"watch": host.health()["watch"]},
        "playbook": _playbook_handler(host),
        "lessons": _lessons_handler(host),
        **_run_handlers(host),
    }
    found |= {"whole": _whole_handler(host), **_model_handlers(host)}
    return {**found, **_endpoint_handlers(host.delivery)} if host.delivery is not None else found


def _endpoint_handlers(delivery: Delivery) -> dict[str, Handler]:

    def listed(request: dict[str, Any]) -> dict[str, Any]:
        return {"endpoints": {name: dict(state) for name, state in delivery.endpoints().items()}}

    def enable(request: dict[str, Any]) -> dict[str, Any]:
        wanted = msgspec.convert(request, EnableRequest)
        return {"enabled": delivery.enable(wanted.endpoint, wanted.actor, wanted.reason)}

    def test(request: dict[str, Any]) -> dict[str, Any]:
        wanted = msgspec.convert(request, EnableRequest)
        return {"answer": msgspec.to_builtins(delivery.test(wanted.endpoint, wanted.actor))}

    return {"endpoints": listed, "enable": enable, "test": test}


def _preview_handler(host: Host) -> Handler:
    def preview(request: dict[str, Any]) -> dict[str, Any]:
        silence = parse_silence(msgspec.convert(request.get("action"), Action), host.clock())
        return {"preview": msgspec.to_builtins(host.preview(silence))}

    return preview


def _whole_handler(host: Host) -> Handler:
    def show(request: dict[str, Any]) -> dict[str, Any]:
        wanted = msgspec.convert(request, WholeRequest)
        stored = _stored(host, wanted.incident)
        beside = beside_of(host, stored.incident)
        found = whole(host.store.database.reader, stored, beside, host.clock(), wanted.playbook)
        return {"whole": msgspec.to_builtins(found)}

    return show


def _playbook_handler(host: Host) -> Handler:
    def playbook(request: dict[str, Any]) -> dict[str, Any]:
        wanted = msgspec.convert(request, PlaybookRequest)
        incident = _incident(host, wanted.incident) if wanted.incident is not None else None
        found = playbook_page(host, wanted.name, incident)
        if found is None:
            raise UsageError(f"expected a playbook in use (`aiops playbooks list`); got {wanted.name[:100]!r}")
        return {"playbook": msgspec.to_builtins(found)}

    return playbook


def _model_handlers(host: Host) -> dict[str, Handler]:
    def models(request: dict[str, Any]) -> dict[str, Any]:
        return {"models": msgspec.to_builtins(models_report(host))}

    def model_state(request: dict[str, Any]) -> dict[str, Any]:
        wanted = msgspec.convert(request, ModelRequest)
        algorithm, state = host.model_state(wanted.slot, wanted.role)
        return {"algorithm": algorithm, "state": state, "digest": digest_of(algorithm, state)}

    return {"models": models, "model_state": model_state}


def _lessons_handler(host: Host) -> Handler:
    return lambda request: {"lessons": msgspec.to_builtins(host.lessons())}


def _engine_handler(host: Host) -> Handler:
    def engine(request: dict[str, Any]) -> dict[str, Any]:
        return {"engine": msgspec.to_builtins(engine_report(host))}

    return engine


def _run_handlers(host: Host) -> dict[str, Handler]:
    def plan(request: dict[str, Any]) -> dict[str, Any]:
        wanted = msgspec.convert(request, PlanRequest)
        incident, runs = _incident(host, wanted.incident), _runs(host)
        name = wanted.playbook or runs.executable(incident)
        if name is None and not wanted.executable:
            name = _suggested(incident)
        return {"plan": msgspec.to_builtins(runs.plan(incident.id, name)) if name is not None else None}

    def listed(request: dict[str, Any]) -> dict[str, Any]:
        runs = _runs(host)
        found = runs.listed(max(1, min(msgspec.convert(request, RunsRequest).limit, 10_000)))
        moved = msgspec.to_builtins(runs.moves())
        waiting = msgspec.to_builtins(waiting_runs(host))
        return {
            "runs": msgspec.to_builtins(found),
            "switches": runs.switches(),
            "moved": moved,
            "waiting": waiting,
        }

    def shown(request: dict[str, Any]) -> dict[str, Any]:
        wanted = msgspec.convert(request, RunRequest)
        record = _runs(host).record(wanted.run)
        if record is None:
            raise UsageError(f"expected the id of a run (`aiops playbooks runs`); got {wanted.run[:100]!r}")
        return {"record": msgspec.to_builtins(record)}

    def switch(request: dict[str, Any]) -> dict[str, Any]:
        wanted, runs = msgspec.convert(request, SwitchRequest), _runs(host)
        runs.switch(wanted.scope, wanted.engaged, wanted.actor, wanted.reason)
        return {"switches": runs.switches()}

    def roll_back(request: dict[str, Any]) -> dict[str, Any]:
        wanted, runs = msgspec.convert(request, RollbackRequest), _runs(host)
        run = runs.roll_back(wanted.run, wanted.actor, wanted.reason, close=wanted.close)
        return {"run": msgspec.to_builtins(run)}

    def accept(request: dict[str, Any]) -> dict[str, Any]:
        wanted, runs = msgspec.convert(request, AcceptRequest), _runs(host)
        runs.accept_trail(wanted.actor, wanted.reason)
        return {"health": runs.health()}

    return {
        "plan": plan,
        "runs": listed,
        "run": shown,
        "switch": switch,
        "rollback": roll_back,
        "accept-trail": accept,
        **_promotion_handlers(host),
    }


def _promotion_handlers(host: Host) -> dict[str, Handler]:
    def promotion(request: dict[str, Any]) -> dict[str, Any]:
        wanted, runs = msgspec.convert(request, PromotionRequest), _runs(host)
        found = runs.promotions() if wanted.playbook is None else [runs.promotion(wanted.playbook)]
        return {"promotions": msgspec.to_builtins(found)}

    def level(request: dict[str, Any]) -> dict[str, Any]:
        wanted = msgspec.convert(request, LevelRequest)
        found = _runs(host).set_level(wanted.playbook, wanted.mode, wanted.actor, wanted.reason)
        return {"promotion": msgspec.to_builtins(found)}

    return {"promotion": promotion, "level": level}


def _runs(host: Host) -> Runs:
    if host.runs is None:
        raise AiopsError("nothing can be run: respond.enabled is false, or the daemon's log and health have the reason")
    return host.runs


def _incident(host: Host, name: str) -> Incident:
    return _stored(host, name).incident


def _stored(host: Host, name: str) -> Stored:
    stored = incidents.get(host.store.database.reader, name)
    if stored is None:
        raise UsageError(f"expected the id of an incident (`aiops incidents list`); got {name[:100]!r}")
    return stored


def _suggested(incident: Incident) -> str:
    if not incident.playbooks:
        raise UsageError(f"{incident.id}: no playbook is suggested: name one with --playbook")
    return incident.playbooks[0].name
