"""Build an engine from a configuration, with its plugins."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from aiops import registry
from aiops.detectors import plugins
from aiops.engine.config import EngineConfig, ModelConfig
from aiops.engine.detect.stage import Scorers
from aiops.engine.engine import Engine
from aiops.engine.rank import Models
from aiops.engine.serving.trial import Meter, unmeasured
from aiops.errors import UsageError
from aiops.ports import Detector, Ranker
from aiops.topology import Topology


def build_engine(
    config: EngineConfig, topology: Topology, models: Models | None = None, meter: Meter = unmeasured
) -> Engine:
    """Return an engine with given models, or with those of a configuration.

    `meter` measures the calls of the latter. Raise `UsageError` for an unknown name.
    """
    return Engine(config, topology, models or build_models(config, topology, meter), scorers())


def build_models(config: EngineConfig, topology: Topology, meter: Meter = unmeasured) -> Models:
    """Return the new models of a configuration, without anything learned."""
    return Models(
        ranker=_model(config.causes, topology),
        suggester=_model(config.playbooks, topology),
        similar=_model(config.similar, topology),
        make=partial(_made, _configured(config), topology),
        names={slot: named.use for slot, named in _configured(config).items()},
        meter=meter,
    )


def _configured(config: EngineConfig) -> dict[str, ModelConfig]:
    return {"causes": config.causes, "playbooks": config.playbooks, "similar": config.similar}


def _made(configured: Mapping[str, ModelConfig], topology: Topology, slot: str, algorithm: str) -> Any:
    """Return a new model for a slot; the options of the configuration are those of its own model alone."""
    known = registry.names(registry.MODELS)
    if algorithm not in known:
        raise UsageError(f"$.args.algorithm: expected one of {', '.join(known)}; got {algorithm[:100]!r}")
    named = configured[slot]
    return _model(named if named.use == algorithm else ModelConfig(algorithm), topology)


def build_ranker(config: EngineConfig, topology: Topology) -> Ranker | None:
    """Return a new cause ranker, without anything learned."""
    ranker: Ranker | None = _model(config.causes, topology)
    return ranker


def _model(config: ModelConfig, topology: Topology) -> Any:
    if not config.use:
        return None
    return registry.load(registry.MODELS, config.use)(topology, config.options)


def save_statistics(engine: Engine) -> bytes:
    """Return the statistics that an engine learned of its streams as JSON, without clusters."""
    return msgspec.json.encode({"correlate": engine.correlate.dump_statistics()})


def load_statistics(engine: Engine, path: Path) -> None:
    """Load statistics into a new engine; raise `UsageError` for a file that holds none."""
    try:
        state = msgspec.json.decode(path.read_bytes())
        engine.correlate.load_statistics(state["correlate"])
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError, IndexError) as error:
        raise UsageError(f"{path}: expected statistics that a replay wrote with --learned: {error}") from None


class Registered(dict[str, Any]):
    """Scorers by their registered name, loaded when a `swap_model` record first names one.

    Their modules import numeric libraries, which take a second to load and which most runs never need.
    """

    def get(self, name: str, default: Any = None) -> Any:
        """Return the factory that turns a model's state into a `Detector`."""
        if not plugins.is_registered(name):
            return default

        def build(state: Any) -> Detector:
            return plugins.load(name).from_state(state)

        return build

    def __iter__(self) -> Any:
        return iter(plugins.names())


def scorers() -> Scorers:
    """Return all registered detectors."""
    return Registered()
