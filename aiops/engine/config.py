"""What an operator can set of the engine. Every key is documented here; the reference page is made from it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.detect.config import DetectConfig

Seconds = Annotated[float, Meta(gt=0, le=30 * 86_400)]
Count = Annotated[int, Meta(ge=1, le=10_000_000)]


class DedupConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Fingerprints and episodes."""

    # Labels that change while the thing that alerts stays the same; they do not make an identity.
    ignore_labels: tuple[str, ...] = ("value", "z", "timestamp", "event_id", "trace_id", "span_id", "request_id")
    # A stream that never says "resolved" is over after this much silence: five times a usual repeat interval of 3 min.
    quiet_s: Seconds = 900.0
    # A stream that does say "resolved" stays firing much longer: tools repeat themselves as rarely as every 4 hours.
    stale_s: Seconds = 24 * 3600.0
    # Hysteresis of flapping: held from this many firings inside the window on, let go after a calm.
    flap_count: Count = 4
    flap_window_s: Seconds = 1800.0
    flap_calm_s: Seconds = 900.0
    # 200,000 streams take about 150 MB: twice the 100,000 active alerts that the daemon is built for.
    max_streams: Count = 200_000
    # An exact copy is known at least this many alerts back, at most twice as many: more than a Kafka consumer reads
    # again after a crash.
    max_recent: Count = 65_536


class IncidentConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes an incident, and when it ends."""

    # Below this, a cluster is background until a more severe alert joins it.
    min_severity: str = "warning"
    # A warning or two wait this long for company or for their own end before anybody is told; 0 tells at once. Most
    # warnings are over in half an hour. Alerts whose tool states no severity do not wait.
    lone_warning_s: Annotated[float, Meta(ge=0, le=86_400)] = 1800.0
    # An incident ends when nothing of it has fired for this long: shorter, and every restart opens a second one.
    resolve_after_s: Seconds = 300.0
    # The same alert again within this time after the end continues the old incident.
    reopen_s: Seconds = 900.0
    # First ranking after opening: most alerts of a fault arrive within half a minute.
    rank_after_s: Seconds = 30.0
    # Re-ranking backs off to this while an incident goes on changing.
    rank_at_most_every_s: Seconds = 600.0
    # Streams kept with their evidence; a larger incident goes on counting without them.
    max_members: Count = 2_000
    # Ended incidents kept for reopening and feedback.
    max_closed: Count = 1_000
    # More incidents opened within the window than this are a storm, which nobody can read: from then on alerts that
    # stand alone are gathered in a few incidents. One every three seconds is twice the busiest minutes of archives;
    # 0 never gathers.
    storm_incidents: Annotated[int, Meta(ge=0, le=100_000)] = 100
    # The window of `storm_incidents`.
    storm_window_s: Seconds = 300.0
    # How long before the onset a change can be suspected.
    change_window_s: Seconds = 3600.0


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
    detect: DetectConfig = field(default_factory=DetectConfig)
    correlate: CorrelateConfig = field(default_factory=CorrelateConfig)
    incidents: IncidentConfig = field(default_factory=IncidentConfig)
    causes: CausesConfig = field(default_factory=CausesConfig)
    playbooks: PlaybooksConfig = field(default_factory=PlaybooksConfig)
    similar: SimilarConfig = field(default_factory=SimilarConfig)
