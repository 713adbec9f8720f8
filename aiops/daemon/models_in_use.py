"""The models in use: name, version and digest by stage, for health and metrics."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from aiops import registry
from aiops.config import Config
from aiops.daemon.model_times import ModelTimes
from aiops.daemon.pump import Pump
from aiops.detectors.plugins import group_of
from aiops.engine.config import ModelConfig
from aiops.engine.engine import Engine
from aiops.model_state import DETECT, NONE
from aiops.ports import Identified
from aiops.telemetry.metrics import Family
from aiops.trainers import GROUP as TRAINERS


class ModelInUse(Struct, frozen=True):
    """A model: its registered name, the version of its distribution, and a digest of its data.

    Equal digests are equal data (rules, words, playbooks, fitted numbers), without what the model learned since. The
    digest of a model that a record brought is that of its state then. `version_id` names it in the registry, and is
    empty for a model of the configuration. `since` is engine time in Unix seconds, `by` the person, `previous` what a
    rollback brings back. `shadow` and `canary` are the trials (`aiops.engine.serving.trial`); `times` are by role.
    """

    model: str
    version: str
    digest: str
    version_id: str = ""
    since: float | None = None
    by: str = ""
    previous: str = ""
    shadow: dict[str, Any] | None = None
    canary: dict[str, Any] | None = None
    times: dict[str, Any] = field(default_factory=dict)


# What a slot has that the configuration names no model for.
_ABSENT = ModelInUse("", "", "")


class ModelsInUse:
    """The models of a pump's engine: those of the configuration, and those that records brought."""

    def __init__(self, config: Config, pump: Pump) -> None:
        self._configured = models_of(config, pump.engine)
        self._pump = pump

    def by_stage(self) -> dict[str, ModelInUse]:
        """Return the models in use, by stage."""
        accounts, times = self._pump.accounts, self.times
        found = {**self._configured, **detector_of(accounts)}
        for slot, one in accounts.get("serving", {}).items():
            if slot in found or one["algorithm"] not in ("", NONE):
                found[slot] = _served(slot, found.get(slot, _ABSENT), one, times.of(slot) if times is not None else {})
        return found

    @property
    def times(self) -> ModelTimes | None:
        """The times of their calls; None for an engine that nobody measures."""
        engine = self._pump.engine
        meter = engine.ranking.models.meter if isinstance(engine, Engine) else None
        return meter if isinstance(meter, ModelTimes) else None

    def families(self) -> list[Family]:
        """Return the metrics of what serves and of the trials."""
        serving = Family("aiops_model_serving_info", "gauge", "Always 1; what serves in a slot, and who promoted it.")
        trials = Family("aiops_model_trial_incidents", "gauge", "Incidents of a shadow or canary, by what was counted.")
        faults = Family("aiops_model_trial_faults", "gauge", "Faults of a shadow or canary since it began.")
        for slot, one in sorted(self.by_stage().items()):
            serving.add(1, slot=slot, id=one.version_id, by=one.by)
            for role, trial in (("shadow", one.shadow), ("canary", one.canary)):
                if trial is not None:
                    faults.add(trial["faults"], slot=slot, role=role)
                    _count(trials, trial, slot, role)
        times = self.times
        return [serving, trials, faults, *([times.family(self._configured)] if times is not None else [])]


def _count(family: Family, trial: Mapping[str, Any], slot: str, role: str) -> None:
    """Add the counts of a trial; `decides` is the model whose decision was used."""
    for part, decides in (("beside", "serving"), ("decided", role)):
        for result, count in trial[part].items():
            family.add(count, slot=slot, role=role, decides=decides, result=result)


def _served(slot: str, model: ModelInUse, one: Mapping[str, Any], times: dict[str, Any]) -> ModelInUse:
    """Return a model with what is known of its serving."""
    known = {name: one[name] for name in ("version_id", "since", "by", "previous", "shadow", "canary")}
    if one["version_id"]:
        version = _version(*_registered(slot, one["algorithm"]))
        known |= {"model": one["algorithm"], "digest": one["digest"], "version": version}
    return replace(model, **known, times=times)


def _registered(slot: str, algorithm: str) -> tuple[str, str]:
    """Return the entry point of an algorithm; of one of the engine itself, that of its slot's trainer."""
    if algorithm in registry.names(registry.MODELS):
        return registry.MODELS, algorithm
    return (group_of(algorithm), algorithm) if slot == DETECT else (TRAINERS, slot)


def models_of(config: Config, engine: object) -> dict[str, ModelInUse]:
    """Return the models that an engine was built with, by stage."""
    if not isinstance(engine, Engine):
        return {}
    models = engine.ranking.models
    stages: tuple[tuple[str, ModelConfig, object], ...] = (
        ("causes", config.causes, models.ranker),
        ("playbooks", config.playbooks, models.suggester),
        ("similar", config.similar, models.similar),
    )
    return {stage: _in_use(named, model) for stage, named, model in stages if model is not None}


def detector_of(accounts: Mapping[str, Any]) -> dict[str, ModelInUse]:
    """Return the detector that a record promoted, under the stage `detect`; empty before the first."""
    found = accounts.get("detector")
    return {} if found is None else {"detect": ModelInUse(found[0], _version(group_of(found[0]), found[0]), found[1])}


def _in_use(named: ModelConfig, model: object) -> ModelInUse:
    digest = model.digest if isinstance(model, Identified) else _digest(named)
    return ModelInUse(named.use, _version(registry.MODELS, named.use), digest)


def _digest(named: ModelConfig) -> str:
    """Return a digest of the options of a model that has no digest of its own."""
    return hashlib.sha256(msgspec.json.encode(named.options, order="sorted")).hexdigest()[:16]


@cache
def _version(group: str, name: str) -> str:
    return registry.version(group, name)
