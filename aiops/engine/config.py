"""The settings of the engine.

Every key is documented here; the reference page is made from it.
"""

from __future__ import annotations

from msgspec import Struct, field

from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.dedup.config import DedupConfig
from aiops.engine.detect.config import DetectConfig
from aiops.engine.heartbeats.config import HeartbeatConfig
from aiops.engine.incidents.config import IncidentConfig
from aiops.workloads import WorkloadsConfig

__all__ = [
    "CausesConfig",
    "CorrelateConfig",
    "DedupConfig",
    "DetectConfig",
    "EngineConfig",
    "HeartbeatConfig",
    "IncidentConfig",
    "ModelConfig",
    "PlaybooksConfig",
    "SimilarConfig",
    "WorkloadsConfig",
]


Options = dict[str, str | int | float | bool | list[str] | dict[str, str]]


class ModelConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A plugin by its registered name, with its options. An empty name switches the stage off."""

    use: str = ""
    options: Options = field(default_factory=dict)


class CausesConfig(ModelConfig, frozen=True, forbid_unknown_fields=True):
    """The cause ranker."""

    use: str = "causes"


class PlaybooksConfig(ModelConfig, frozen=True, forbid_unknown_fields=True):
    """The suggester of playbooks."""

    use: str = "playbooks"


class SimilarConfig(ModelConfig, frozen=True, forbid_unknown_fields=True):
    """The memory of similar incidents."""

    use: str = "similar"


class EngineConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that changes a decision. Two runs with equal values and equal records decide the same."""

    dedup: DedupConfig = field(default_factory=DedupConfig)
    workloads: WorkloadsConfig = field(default_factory=WorkloadsConfig)
    detect: DetectConfig = field(default_factory=DetectConfig)
    heartbeats: HeartbeatConfig = field(default_factory=HeartbeatConfig)
    correlate: CorrelateConfig = field(default_factory=CorrelateConfig)
    incidents: IncidentConfig = field(default_factory=IncidentConfig)
    causes: CausesConfig = field(default_factory=CausesConfig)
    playbooks: PlaybooksConfig = field(default_factory=PlaybooksConfig)
    similar: SimilarConfig = field(default_factory=SimilarConfig)
