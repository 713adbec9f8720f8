"""The models in use: name, version and digest by stage, for health and metrics."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from aiops import registry
from aiops.config import Config
from aiops.daemon.pump import Pump
from aiops.detectors.plugins import group_of
from aiops.engine.config import ModelConfig
from aiops.engine.engine import Engine
from aiops.ports import Identified


class ModelInUse(Struct, frozen=True):
    """A model: its registered name, the version of its distribution, and a digest of its data.

    Equal digests are equal data (rules, words, playbooks, fitted numbers), without what the model learned since.
    """

    model: str
    version: str
    digest: str


class ModelsInUse:
    """The models of a pump's engine: those of the configuration, and the detector that was promoted last."""

    def __init__(self, config: Config, pump: Pump) -> None:
        self._configured = models_of(config, pump.engine)
        self._pump = pump

    def by_stage(self) -> dict[str, ModelInUse]:
        """Return the models in use, by stage."""
        return {**self._configured, **detector_of(self._pump.accounts)}


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
