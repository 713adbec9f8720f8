"""The engine for people: where each alert went, sources, speed, clocks, models, automation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct, field

from aiops.respond.history import GLOBAL, WAITING, Run, SwitchMove
from aiops.store import audit
from aiops.store.store import Store

NOT_MEASURED = "not measured"
_DAY_S = 86_400.0
# The stages of a model in use, in the order of the page, and what stands for one that is not there.
STAGES = {"causes": "none", "playbooks": "none", "similar": "none", "detect": "none trained"}


class Arrived(Struct):
    """Arrivals of a source or tool since the start; `minutes` are 60, the present one last."""

    name: str
    count: int
    last_at: float
    minutes: list[int]
    rejected: int = 0


class Stage(Struct):
    """The frames that a stage has processed since the start, and their mean time in seconds."""

    count: int
    mean_s: float


class Disk(Struct):
    """Sizes in bytes; `oldest_at` is the age of the journal's first segment. None: it could not be read."""

    journal_bytes: int | None = None
    oldest_at: float | None = None
    free_bytes: int | None = None


class Unconfigured(Struct):
    """A setting that is missing, what that costs, and the page of the docs about it."""

    what: str
    costs: str
    see: str


class Figures(Struct):
    """The daemon's figures.

    Times are Unix seconds of the host's clock; `placed` counts the log from its beginning.
    """

    at: float
    started_at: float
    placed: dict[str, int]
    alerts: Arrived
    records: dict[str, int] = field(default_factory=dict)
    tools: list[Arrived] = []
    sources: list[Arrived] = []
    stages: dict[str, Stage] = field(default_factory=dict)
    disk: Disk = field(default_factory=Disk)
    open_incidents: int = 0
    storm: bool = False
    streams: int = 0
    silences: int = 0
    silences_scheduled: int = 0
    ceiling: str = ""
    runs_problem: str = ""
    unconfigured: list[Unconfigured] = []


class Conservation(Struct):
    """One sum: each alert received has exactly one disposition.

    `missing` is what the sum lacks, 0 if it holds.

    `reasons` are why input was rejected, as far as the dead letters are kept (`kept`).
    """

    received: int
    incident: int
    duplicate: int
    background: int
    suppressed: int
    rejected: int
    missing: int
    holds: bool
    kept: int = 0
    reasons: list[audit.LetterReason] = []


class SourceLine(Struct):
    """A configured source: its health, what it brought, and what it has still to read, by place."""

    name: str
    ok: bool
    detail: str
    falls: int
    lag: dict[str, float] | None = None
    arrived: Arrived | None = None
    clock_ahead_s: float | None = None


class Clock(Struct):
    """Engine time against the host's clock; `engine_at` is null before the first record."""

    engine_at: float | None
    wall_at: float
    ahead_s: float
    ok: bool
    detail: str
    set_backs: int


class ModelLine(Struct):
    """A model in use by stage; empty `digest`: there is none. `drift` is a phrase on what was measured."""

    stage: str
    model: str
    version: str = ""
    digest: str = ""
    drift: str = NOT_MEASURED


class Automation(Struct):
    """Guarded runs: `stopped` is true while the global kill switch is engaged, `moved` is its last move.

    `problem` is why nothing can be run at all.
    """

    ceiling: str
    stopped: bool
    problem: str = ""
    moved: SwitchMove | None = None
    runs_today: int = 0
    waiting: int = 0


class Engine(Struct):
    """All that the engine's page shows."""

    status: str
    ready: bool
    reason: str
    warnings: list[str]
    version: str
    figures: Figures
    conservation: Conservation
    sources: list[SourceLine]
    journal: dict[str, Any]
    snapshot: dict[str, Any]
    inbox: int
    clock: Clock
    models: list[ModelLine]
    automation: Automation
    undelivered: int = 0
    # The watch on the models; see `aiops.views.model_watch`. Empty before the engine has counted.
    watch: dict[str, Any] = {}


class RunsRead(Protocol):
    """Guarded runs, as the report reads them."""

    def switches(self) -> Mapping[str, bool]:
        """Return the kill switches by scope."""
        ...

    def moves(self) -> Mapping[str, SwitchMove]:
        """Return the last move of each."""
        ...

    def listed(self, limit: int = 100) -> Sequence[Run]:
        """Return runs, last started first."""
        ...


class EngineHost(Protocol):
    """The daemon, as the report reads it."""

    @property
    def store(self) -> Store:
        """The store."""
        ...

    @property
    def runs(self) -> Any:
        """Guarded runs (`RunsRead`), or None."""
        ...

    def health(self) -> Mapping[str, Any]:
        """The health."""
        ...

    def figures(self) -> Mapping[str, Any]:
        """The figures."""
        ...


def engine_report(host: EngineHost) -> Engine:
    """Return the daemon's figures and health, as its page shows them."""
    health = host.health()
    figures = msgspec.convert(dict(host.figures()), Figures)
    return Engine(
        status=str(health.get("status", "ok")),
        ready=bool(health.get("ready")),
        reason=str(health.get("reason", "")),
        warnings=list(health.get("warnings", ())),
        version=str(health.get("version", "")),
        figures=figures,
        conservation=_conservation(host, figures, bool(health.get("conserved", True))),
        sources=_sources(health, figures),
        journal=dict(health.get("journal", {})),
        snapshot=dict(health.get("snapshot", {})),
        inbox=int(health.get("inbox", {}).get("records", 0)),
        clock=_clock(health, figures),
        models=_models(health),
        automation=_automation(host.runs, figures),
        undelivered=sum(host.store.outbox.undelivered().values()),
        watch=dict(health.get("watch", {})),
    )


def _conservation(host: EngineHost, figures: Figures, conserved: bool) -> Conservation:
    placed = figures.placed
    five = {name: placed.get(name, 0) for name in ("incident", "duplicate", "background", "suppressed", "rejected")}
    missing = placed.get("received", 0) - sum(five.values())
    reader = host.store.database.reader
    return Conservation(
        received=placed.get("received", 0),
        **five,
        missing=missing,
        holds=missing == 0 and conserved,
        kept=audit.letter_count(reader),
        reasons=audit.letter_reasons(reader),
    )


def _sources(health: Mapping[str, Any], figures: Figures) -> list[SourceLine]:
    arrived = {one.name: one for one in figures.sources}
    offsets = health.get("clock", {}).get("sources", {})
    found = []
    for name, one in health.get("sources", {}).items():
        lag = one.get("lag")
        places = {str(place): float(count) for place, count in lag.items()} if isinstance(lag, Mapping) else None
        ok, detail, falls = bool(one.get("ok")), str(one.get("detail", "")), int(one.get("falls", 0))
        found.append(SourceLine(name, ok, detail, falls, places, arrived.get(name), offsets.get(name)))
    return found


def _clock(health: Mapping[str, Any], figures: Figures) -> Clock:
    one = health.get("clock", {})
    return Clock(
        health.get("engine_time"),
        figures.at,
        float(one.get("engine_ahead_s", 0.0)),
        bool(one.get("ok", True)),
        str(one.get("detail", "")),
        int(one.get("set_backs", 0)),
    )


def _models(health: Mapping[str, Any]) -> list[ModelLine]:
    known = health.get("models", {})
    drift = {one["slot"]: one["drift"] for one in health.get("watch", {}).get("models", ())}
    lines = []
    for stage, absent in STAGES.items():
        one = known.get(stage)
        lines.append(
            ModelLine(stage, absent)
            if one is None
            else ModelLine(stage, one["model"], one["version"], one["digest"], drift.get(stage, NOT_MEASURED))
        )
    return lines


def _automation(runs: RunsRead | None, figures: Figures) -> Automation:
    if runs is None:
        return Automation(figures.ceiling, True, figures.runs_problem or "runs are disabled (`respond.enabled`)")
    listed = runs.listed(1_000)
    return Automation(
        figures.ceiling,
        bool(runs.switches().get(GLOBAL, True)),
        moved=runs.moves().get(GLOBAL),
        runs_today=sum(1 for run in listed if run.started_at > figures.at - _DAY_S),
        waiting=sum(1 for run in listed if run.rollback in WAITING),
    )
