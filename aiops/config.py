"""The configuration of the daemon and of everything else that reads `aiops.toml`.

Every key is documented here.

Sections are validated whole: an unknown key, a wrong type or a value out of range is an error that names its position.
Secrets are never values of this file: keys that end in `_env` name the environment variable that holds one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from aiops import config_file
from aiops.engine.config import EngineConfig
from aiops.engine.heartbeats.expectations import Expectations
from aiops.errors import UsageError
from aiops.respond.config import RespondConfig
from aiops.routing.config import InhibitionConfig, InhibitRule, Route, TimeInterval
from aiops.routing.rules import read_rules
from aiops.routing.tree import Tree
from aiops.store.retention import KeepConfig
from aiops.topology import Topology
from aiops.workloads import Workloads
from aiops.zones import zone

Seconds = Annotated[float, Meta(ge=0, le=10 * 366 * 86_400)]
Positive = Annotated[float, Meta(gt=0, le=10 * 366 * 86_400)]
Count = Annotated[int, Meta(ge=1, le=100_000_000)]
Bytes = Annotated[int, Meta(ge=65_536, le=1 << 50)]
# Names are labels of metrics, keys of offsets and parts of delivery keys.
PluginName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$(?!\n)")]
_DAY_S = 86_400.0
# A minute without a tick is a pause (`heartbeats/absences`), and a busy machine delays some.
MAX_TICK_S = 12.0


class StateConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The directory of the daemon's durable state."""

    # Empty: $XDG_STATE_HOME/aiops, or ~/.local/state/aiops.
    directory: str = ""

    def path(self) -> Path:
        """Return the state directory."""
        if self.directory:
            return Path(self.directory).expanduser()
        root = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
        return Path(root).expanduser() / "aiops"


class JournalConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The log of all records. Data that a restart needs is kept regardless of the bounds."""

    segment_bytes: Bytes = 64 << 20
    # A quarter: long enough to test a change of configuration on real history.
    keep_s: Positive = 90 * _DAY_S
    keep_bytes: Bytes = 20 << 30


class SnapshotConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The schedule of snapshots, which bounds the time of a restart."""

    # A snapshot is due once processing the records after the last one would take this long.
    fold_s: Positive = 1.0
    # It is also due after this long, if any record arrived.
    every_s: Positive = 300.0
    # The largest share of time spent on snapshots, however large the state is.
    max_share: Annotated[float, Meta(gt=0, le=1)] = 0.1


class InboxConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The queue between the sources and the journal; when it is full, sources must wait."""

    # Two seconds of work at 30,000 alerts a second: a longer queue only delays every answer.
    max_records: Count = 60_000
    # Records of one journal frame: processing a frame delays the acknowledgement of the next one.
    max_frame_records: Count = 4_096
    # A tick is recorded when this long has passed since the last one.
    tick_s: Positive = 1.0


class HttpConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The API, the incident pages and the HTTP ingest."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8640
    # The address that people use, for example https://ops.example.org/aiops; empty: no links in messages.
    external_url: str = ""
    # Browsers and programs that follow changes live (`GET /api/v1/stream`); more are answered 503.
    max_streams: Annotated[int, Meta(ge=0, le=50_000)] = 500
    # Options of the HTTP server and its ingest, documented there.
    options: dict[str, Any] = field(default_factory=dict)


class SourceConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A source: `type` is a registered name (`aiops connectors list`), `options` are its own."""

    name: PluginName
    type: str
    options: dict[str, Any] = field(default_factory=dict)


DEFAULT_ZONE = "UTC"


class NotifyConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings that all notifications share."""

    # The time zone of times in messages, by name (`Europe/Berlin`).
    time_zone: str = DEFAULT_ZONE


# A critical incident is notified at once. A warning that resolves within a minute need not wake anybody.
DEFAULT_SETTLE_S = {"critical": 0.0, "high": 10.0, "warning": 60.0, "info": 60.0, "ok": 60.0}


class EndpointConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A receiver of notifications: `type` is a registered sink, `options` are its own."""

    name: PluginName
    type: str
    options: dict[str, Any] = field(default_factory=dict)
    # The time that an opened incident, or a new alert of it, settles before a notification, by severity; a severity
    # that is left out keeps its default.
    settle_s: dict[str, Seconds] = field(default_factory=dict)
    # Incidents below it, and alerts below it that join one, are not notified.
    min_severity: str = "warning"
    # Updates at the rate of `update_every_s` since an incident was opened or reopened. After that a person is working
    # on it, and news is sent at most every 15 minutes. A rise of the severity is never held back.
    max_updates: Annotated[int, Meta(ge=0, le=1_000)] = 20
    # News of one incident is collected into one message for this long after the previous message.
    update_every_s: Seconds = 15.0
    # A reminder of an open, unacknowledged incident is sent after this long without a message; 0: never.
    repeat_interval_s: Seconds = 0.0
    # True if the end of an incident is notified.
    send_resolved: bool = True
    # An end that nobody decided is held for this long, and is not sent if the incident returns. For pagers that call
    # again when an incident is triggered after its end: a quarter of an hour covers most crash loops. 0: sent at once.
    hold_resolved_s: Seconds = 0.0
    # Messages a second, and the number that may be sent at once after a pause; the limits of PagerDuty (2) and Slack
    # (1) are near.
    rate_per_s: Annotated[float, Meta(gt=0, le=10_000)] = 2.0
    burst: Count = 10
    # A message that could not be delivered for this long waits for a person.
    max_age_s: Positive = 72 * 3600.0
    # The endpoint that is notified instead of this one when delivery fails.
    fallback: str | None = None
    # The time zone of times in its messages; empty: that of `notify.time_zone`.
    time_zone: str = ""

    def settles(self, severity: str) -> float:
        """Return the seconds that an incident or alert of a severity settles."""
        return self.settle_s.get(severity, DEFAULT_SETTLE_S[severity])


class ReplayConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Replays that people start on the page or by the API; `aiops replay` has no such bounds."""

    # Off: the page and the API refuse to replay.
    enabled: bool = True
    # A replay that takes longer is ended. It gets only the processor time that nothing else wants.
    max_s: Annotated[float, Meta(gt=0, le=86_400)] = 600.0
    # The address space of its process, which has 300 MB before the first record.
    memory_bytes: Annotated[int, Meta(ge=512 << 20, le=1 << 40)] = 2 << 30
    # Records of a stretch of the journal, or of an archive; 400,000 took 250 MB and 2 min.
    max_records: Count = 1_000_000
    # The size of an archive that is uploaded, and of what it holds unpacked.
    max_upload_bytes: Bytes = 64 << 20
    max_unpacked_bytes: Bytes = 1 << 30


class ModelsConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Training of the models beside the daemon. It makes candidates, and promotes none."""

    # When to train: `never` (drift is reported anyway), on `drift` of inputs or outcomes, or by `schedule` as well.
    retrain: Literal["never", "drift", "schedule"] = "never"
    # With `schedule`: a training at this interval.
    retrain_every_s: Positive = 7 * _DAY_S
    # The least time between two trainings: what changed must come in before it can be learned.
    retrain_pause_s: Positive = _DAY_S
    # The time and the address space of the training of one model.
    train_max_s: Annotated[float, Meta(gt=0, le=86_400)] = 3_600.0
    train_memory_bytes: Annotated[int, Meta(ge=512 << 20, le=1 << 40)] = 4 << 30


class LogConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Structured logs on standard error, one JSON object a line."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class TracingConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """OpenTelemetry traces of the daemon's work, over OTLP; they need the extra `otel`."""

    enabled: bool = False
    # The collector's address for traces, with its path.
    endpoint: str = "http://127.0.0.1:4318/v1/traces"
    # The environment variable with headers of the export, `name=value,name=value`; empty: none.
    headers_env: str = ""
    # Certificates (PEM) to trust instead of the system's.
    ca_file: str = ""
    service_name: Annotated[str, Meta(min_length=1, max_length=200)] = "aiops"
    # The share of traces that begin here. A sender's traceparent that is sampled is traced in any case.
    sample_ratio: Annotated[float, Meta(ge=0, le=1)] = 1.0
    # The time limit of one export, retries included.
    timeout_s: Annotated[float, Meta(gt=0, le=300)] = 10.0
    # Spans are sent at this interval, or sooner if many wait.
    every_s: Annotated[float, Meta(gt=0, le=3_600)] = 5.0
    # Spans that wait, about 2 kB each; more are dropped and counted.
    max_waiting: Annotated[int, Meta(ge=1, le=1_000_000)] = 4_096


class Config(EngineConfig, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`aiops.toml`: the engine's sections, and those of its host."""

    # Path of the dependency graph (JSON or YAML), from the folder of this file; empty: none.
    topology: str = ""
    state: StateConfig = field(default_factory=StateConfig)
    journal: JournalConfig = field(default_factory=JournalConfig)
    snapshot: SnapshotConfig = field(default_factory=SnapshotConfig)
    store: KeepConfig = field(default_factory=KeepConfig)
    inbox: InboxConfig = field(default_factory=InboxConfig)
    http: HttpConfig = field(default_factory=HttpConfig)
    sources: list[SourceConfig] = field(default_factory=list)
    endpoints: list[EndpointConfig] = field(default_factory=list)
    notify: NotifyConfig = field(default_factory=NotifyConfig)
    # Absent: every endpoint is notified of every incident of its `min_severity`.
    route: Route | None = None
    time_intervals: list[TimeInterval] = field(default_factory=list)
    inhibit_rules: list[InhibitRule] = field(default_factory=list)
    inhibition: InhibitionConfig = field(default_factory=InhibitionConfig)
    respond: RespondConfig = field(default_factory=RespondConfig)
    replay: ReplayConfig = field(default_factory=ReplayConfig)
    models: ModelsConfig = field(default_factory=ModelsConfig)
    log: LogConfig = field(default_factory=LogConfig)
    tracing: TracingConfig = field(default_factory=TracingConfig)
    # On SIGTERM, accepted work is finished within this time.
    drain_s: Positive = 10.0


def load_config(path: Path | None, sets: Sequence[str] = (), settings: Mapping[str, Any] | None = None) -> Config:
    """Load the configuration of a file, or the defaults.

    `sets` are assignments as text, `settings` values by dotted key. Raise `UsageError` with the position of what does
    not fit.
    """
    config = config_file.load(path, sets, Config, settings)
    if path is not None:
        _anchor(config.http.options, path.parent)
        for source in config.sources:
            _anchor(source.options, path.parent)
        config = msgspec.structs.replace(config, topology=_from(path.parent, config.topology))
    check(config, str(path) if path is not None else "configuration")
    return config


def _from(folder: Path, path: str) -> str:
    """Let a relative path start at the folder of the configuration that names it.

    One that exists only from the working directory stays as it is: it was so before.
    """
    return str(folder / path) if path and ((folder / path).exists() or not Path(path).exists()) else path


def _anchor(options: Any, folder: Path) -> None:
    """Let relative paths of mapping files start at the folder of the configuration that names them."""
    if isinstance(options, list):
        for one in options:
            _anchor(one, folder)
    elif isinstance(options, dict):
        for name, value in options.items():
            if name not in ("mapping", "use") or not isinstance(value, str):
                _anchor(value, folder)
            elif value.endswith((".yaml", ".yml")):
                options[name] = _from(folder, value)


def engine_digest(config: EngineConfig) -> str:
    """Return the digest of the settings that change decisions.

    Equal digests and equal records give equal decisions.
    """
    own = {name: getattr(config, name) for name in EngineConfig.__struct_fields__}
    return hashlib.sha256(msgspec.json.encode(own, order="sorted")).hexdigest()[:16]


def check(config: Config, place: str) -> None:
    """Raise `UsageError` for values that contradict each other, and for naming rules of no use."""
    try:
        Workloads(config.workloads)
    except UsageError as error:
        raise UsageError(f"{place}: $.{error}") from None
    _check_heartbeats(config, place)
    _check_zone(config.notify.time_zone, f"{place}: $.notify.time_zone")
    _unique([source.name for source in config.sources], f"{place}: $.sources")
    names = _unique([endpoint.name for endpoint in config.endpoints], f"{place}: $.endpoints")
    for number, endpoint in enumerate(config.endpoints):
        where = f"{place}: $.endpoints[{number}]"
        for word in (*endpoint.settle_s, endpoint.min_severity):
            if word not in DEFAULT_SETTLE_S:
                raise UsageError(f"{where}: expected a severity (critical, high, warning, info, ok); got {word!r}")
        if endpoint.fallback is not None and (endpoint.fallback not in names or endpoint.fallback == endpoint.name):
            raise UsageError(f"{where}.fallback: expected the name of another endpoint; got {endpoint.fallback!r}")
        if endpoint.time_zone:
            _check_zone(endpoint.time_zone, f"{where}.time_zone")
    _check_routing(config, names, place)


def _check_heartbeats(config: Config, place: str) -> None:
    try:
        Expectations(config.heartbeats)
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from None
    if config.heartbeats.expected and config.inbox.tick_s > MAX_TICK_S:
        raise UsageError(
            f"{place}: $.inbox.tick_s: expected at most {MAX_TICK_S:g} with `heartbeats.expected`; got "
            f"{config.inbox.tick_s:g}: a minute without ticks counts as time in which the daemon did not listen"
        )


def _check_zone(name: str, place: str) -> None:
    try:
        zone(name)
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from None


def _check_routing(config: Config, endpoints: set[str], place: str) -> None:
    read_rules(config.inhibit_rules, Topology(), f"{place}: ")
    if config.route is not None:
        Tree(config.route, config.time_intervals, sorted(endpoints), place=f"{place}: ")
    elif config.time_intervals:
        raise UsageError(
            f"{place}: $.time_intervals: no route uses them (there is no `[route]`); add one, or remove them"
        )


def _unique(names: list[str], place: str) -> set[str]:
    for number, name in enumerate(names):
        if name in names[:number]:
            raise UsageError(f"{place}[{number}].name: expected a unique name; {name!r} is used before")
    return set(names)
