"""Health for people and probes, and metrics for Prometheus."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from typing import Any

from msgspec.structs import asdict

from aiops.daemon.clock_health import clock_families, clock_health
from aiops.daemon.containment import contained_families, contained_warnings, skipped_health
from aiops.daemon.heartbeat_health import heartbeat_families, heartbeat_health
from aiops.daemon.model_watching import watch_families, watch_health
from aiops.daemon.models_in_use import ModelInUse, ModelsInUse
from aiops.daemon.parts import Core, Neighbours
from aiops.daemon.run_health import TRAIL_HELP
from aiops.daemon.status import STATUSES, DaemonStatus, Status
from aiops.engine.events import DISPOSITIONS
from aiops.journal.retention import measure
from aiops.records import Severity
from aiops.store import incidents
from aiops.telemetry.metrics import Family, render
from aiops.version import ALERTMANAGER_VERSION, __version__
from aiops.wording import plural, titled

# Warnings of one kind; the audit has the others.
MAX_WARNED = 5
# Gauges of sources, by the key of their health: the metric's name after `aiops_source_`, and its help.
_SOURCE_GAUGES = {
    "paused": ("paused", "1 while a source waits because the inbox is full."),
    "partitions": ("partitions", "Partitions that a source reads."),
    "offset": ("offset_bytes", "How far a file was read."),
    "waiting": ("waiting_requests", "Requests that are decoded or wait for the disk."),
    "held": ("held_messages", "Messages that wait for their turn in the order of time."),
    "held_bytes": ("held_bytes", "Bytes of requests that are held in memory."),
}


class Report:
    """The daemon's health and metrics; any thread may read them."""

    def __init__(self, core: Core, neighbours: Neighbours, status: DaemonStatus, models: ModelsInUse) -> None:
        self._core = core
        self._neighbours = neighbours
        self._status = status
        self._models = models
        self._started_at = core.clocks.monotonic()
        # Faults of models before this start, by port; health shows those since.
        self._faults_before: dict[str, int] = dict(core.pump.accounts.get("faults", {}))

    def health(self) -> dict[str, Any]:
        """Return `{"status": ok | degraded | failed | starting | stopping, "ready": bool, "reason": str, …}`."""
        core, pump, status = self._core, self._core.pump, self._status.value
        # Which numbers only grow is for the metrics to know.
        sources = {
            name: {key: one for key, one in found.items() if key != "counts"}
            for name, found in core.sources.health().items()
        }
        sections = self._sections()
        return {
            "status": status,
            "ready": status == "ok",
            "reason": pump.reason,
            "warnings": self._warnings(sources, sections),
            "version": __version__,
            # Records that are older by more than a few minutes come late; null before the first record.
            "engine_time": round(pump.engine_at, 3) if pump.engine_at >= 0.0 else None,
            "uptime_s": round(core.clocks.monotonic() - self._started_at, 3),
            "conserved": pump.accounts.get("conserved", True),
            # Records that `conserved` is about: those of the engine's last account.
            "accounted": sum(pump.accounts.get("records", {}).values()),
            "storm": bool(pump.accounts.get("storm", False)),
            "sources": sources,
            "journal": {
                "frame": core.state.writer.number,
                "record": core.state.writer.seq,
                "committed_at": pump.metrics.journaled_at,
            },
            "snapshot": {
                "age_s": round(core.state.snapshots.age_s, 3),
                "bytes": core.state.snapshots.state_bytes,
            },
            "inbox": {"records": core.inbox.depth()},
            "skipped": skipped_health(core),
            "models": {stage: asdict(one) for stage, one in sorted(self._models.by_stage().items())},
            **sections,
        }

    def _sections(self) -> dict[str, dict[str, Any]]:
        """Return the health of the parts that have a section of their own, by its key."""
        core, beside = self._core, self._neighbours
        found: dict[str, dict[str, Any]] = {}
        if core.state.store_problem:
            found["store"] = {"ok": False, "detail": core.state.store_problem}
        found["late"] = core.pump.lateness.health(core.clocks.wall())
        found["clock"] = clock_health(core)
        found["watch"] = watch_health(core, self._models.by_stage())
        found["heartbeats"] = heartbeat_health(core)
        if beside.left_out:
            found["left_out"] = {"ok": False, "detail": "; ".join(beside.left_out)}
        if beside.delivery is not None:
            found["delivery"] = beside.delivery.health()
        if beside.runs is not None:
            found["runs"] = beside.runs.health()
        elif beside.runs_problem:
            found["runs"] = {"ok": False, "detail": beside.runs_problem}
        if beside.collecting is not None:
            found["collect"] = beside.collecting.health()
        if beside.tracing is not None:
            found["tracing"] = beside.tracing.health()
        return found

    def _warnings(
        self, sources: Mapping[str, Mapping[str, Any]], sections: Mapping[str, Mapping[str, Any]]
    ) -> list[str]:
        core = self._core
        bad = [f"source {name}: {one.get('detail', '')}" for name, one in sources.items() if not one.get("ok", False)]
        bad += [f"{key}: {one.get('detail', '')}" for key, one in sections.items() if not one.get("ok", True)]
        return [
            *(f"{titled('silence', name)} is not in force: {why}" for name, why in _set_aside(core.pump.accounts)),
            *bad,
            *contained_warnings(core, self._faults_before),
            *_undelivered(core),
            *core.scrubber.problems,
            *([_left_out(core)] if core.state.store.left_out else []),
            *([core.state.snapshots.error] if core.state.snapshots.error else []),
        ]

    def metrics_text(self) -> str:
        """Return all metrics in the text format of Prometheus."""
        core, beside = self._core, self._neighbours
        families = [
            *_records(core, self._status.value),
            _models(self._models.by_stage()),
            *self._models.families(),
            *contained_families(core),
            *watch_families(core, self._models.by_stage()),
            *_latencies(core),
            *_sources(core),
            *_disk(core),
            *_store(core),
            *core.pump.lateness.metrics(core.sources.falls),
            *core.scrubber.families(),
            *clock_families(core),
            *heartbeat_families(core),
        ]
        for one in (beside.delivery, beside.runs, beside.collecting, beside.tracing):
            families.extend(one.metrics() if one is not None else ())
        if beside.runs is None and beside.runs_problem:
            families.append(Family("aiops_audit_trail_ok", "gauge", TRAIL_HELP).add(0.0))
        return render(families)


def _left_out(core: Core) -> str:
    count = core.state.store.left_out
    events = "1 event" if count == 1 else f"{count} events"
    return f"the store could not take {events}, whatever the disk: {core.state.store.left_out_reason}"


def _set_aside(accounts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the last few silences that are not in force, with the reason."""
    return list(accounts.get("silences_set_aside", {}).items())[-MAX_WARNED:]


def _records(core: Core, status: Status) -> list[Family]:
    accounts = core.pump.accounts
    records = Family("aiops_records_total", "counter", "Records in the log, by kind, since its beginning.")
    for kind, count in sorted(accounts.get("records", {}).items()):
        records.add(count, kind=kind)
    placed = Family("aiops_alerts_total", "counter", "Alerts by disposition, since the beginning of the log.")
    dispositions = {**dict.fromkeys(DISPOSITIONS, 0), **accounts.get("dispositions", {})}
    dispositions["rejected"] += core.pump.meta.rejected
    for disposition, count in dispositions.items():
        placed.add(count, disposition=disposition)
    state = Family("aiops_state", "gauge", "1 for the state that the daemon is in.")
    for name in STATUSES:
        state.add(float(status == name), state=name)
    return [
        Family("aiops_build_info", "gauge", "Always 1; the version is a label.").add(1, version=__version__),
        # karma reads from it which API a server has.
        Family("alertmanager_build_info", "gauge", "Always 1; the release of Alertmanager whose API is served.").add(
            1, version=ALERTMANAGER_VERSION
        ),
        state,
        records,
        placed,
        Family("aiops_conserved", "gauge", "1 while every record has exactly one disposition.").add(
            float(accounts.get("conserved", True))
        ),
        Family("aiops_open_incidents", "gauge", "Incidents that are not resolved.").add(
            accounts.get("open_incidents", 0)
        ),
        Family("aiops_storm", "gauge", "1 during a storm, while lone alerts are grouped by failure domain.").add(
            float(accounts.get("storm", False))
        ),
        Family("aiops_streams", "gauge", "Alert streams that the engine knows.").add(accounts.get("streams", 0)),
        Family("aiops_clusters", "gauge", "Clusters that the engine holds.").add(accounts.get("clusters", 0)),
        Family("aiops_silences_set_aside", "gauge", "Silences that were refused, and so suppress nothing.").add(
            len(accounts.get("silences_set_aside", {}))
        ),
    ]


def _models(models: Mapping[str, ModelInUse]) -> Family:
    family = Family("aiops_model_info", "gauge", "Always 1; the model in use, by stage.")
    for stage, one in sorted(models.items()):
        family.add(1, stage=stage, model=one.model, version=one.version, digest=one.digest)
    return family


def _latencies(core: Core) -> list[Family]:
    metrics = core.pump.metrics
    stages = Family("aiops_stage_seconds", "histogram", "Time of a batch in each stage.")
    for stage, histogram in (
        ("queue", metrics.queue),
        ("journal", metrics.journal),
        ("fold", metrics.step),
        ("store", metrics.store),
        ("whole", metrics.whole),
        ("snapshot", metrics.snapshot),
    ):
        stages.add_histogram(histogram, stage=stage)
    return [stages]


def _sources(core: Core) -> list[Family]:
    up = Family("aiops_source_up", "gauge", "1 while a source is healthy.")
    falls = Family("aiops_source_falls_total", "counter", "Times that a source failed and was restarted.")
    lag = Family(
        "aiops_source_lag", "gauge", "Messages that a source has still to read, by place (such as a partition)."
    )
    counts = Family("aiops_source_events_total", "counter", "Events that a source counts, by kind.")
    unknown = _unknown_words()
    gauges = {key: Family(f"aiops_source_{end}", "gauge", text) for key, (end, text) in _SOURCE_GAUGES.items()}
    for name, health in core.sources.health().items():
        up.add(float(bool(health.get("ok"))), source=name)
        falls.add(float(health.get("falls", 0)), source=name)
        for place, count in _numbers(health.get("lag")):
            lag.add(count, source=name, place=place)
        for field, words in health.get("unknown", {}).items():
            for word, count in _numbers(words) if field in unknown else ():
                unknown[field].add(count, source=name, word=word)
        growing = health.get("counts", ())
        for key, count in _numbers(health):
            if key in growing:
                counts.add(count, source=name, event=key)
            elif key in gauges:
                gauges[key].add(count, source=name)
    return [up, falls, lag, counts, *unknown.values(), *gauges.values()]


def _unknown_words() -> dict[str, Family]:
    """Return the metrics of unknown words, by field; sources count a bounded number of them."""
    return {
        "status": Family("aiops_status_unknown_total", "counter", "Alerts whose status is no known word: they fire."),
        "severity": Family(
            "aiops_severity_unknown_total", "counter", "Alerts whose severity is no known word: they are warnings."
        ),
        "ignored": Family("aiops_messages_ignored_total", "counter", "Messages that neither fire nor resolve."),
    }


def _numbers(value: Any) -> list[tuple[str, float]]:
    if not isinstance(value, dict):
        return []
    return [(str(key), float(one)) for key, one in value.items() if isinstance(one, int | float)]


def _disk(core: Core) -> list[Family]:
    metrics, snapshots = core.pump.metrics, core.state.snapshots
    found = measure(core.state.journal_directory)
    now = core.clocks.wall()
    oldest = found[0].written_at if found else now
    families = [
        Family("aiops_inbox_records", "gauge", "Records that wait for the journal.").add(core.inbox.depth()),
        Family("aiops_journal_bytes", "gauge", "Size of the journal.").add(sum(one.bytes for one in found)),
        Family("aiops_journal_oldest_age_seconds", "gauge", "Age of the oldest segment.").add(max(0.0, now - oldest)),
        Family("aiops_journal_age_seconds", "gauge", "Time since the last commit.").add(
            max(0.0, now - metrics.journaled_at) if metrics.journaled_at else 0.0
        ),
        Family("aiops_disk_errors_total", "counter", "Commits that the disk refused.").add(metrics.disk_errors),
        Family("aiops_snapshot_age_seconds", "gauge", "Time since the last snapshot.").add(snapshots.age_s),
        Family("aiops_snapshot_bytes", "gauge", "Size of the last snapshot's state.").add(
            core.state.snapshots.state_bytes
        ),
        Family("aiops_snapshots_failed_total", "counter", "Snapshots that could not be written.").add(snapshots.failed),
        Family("aiops_recovery_seconds", "gauge", "Time that the last start took to process the journal.").add(
            core.state.recovered.seconds
        ),
    ]
    try:
        free = shutil.disk_usage(core.state.directory).free
    except OSError:
        return families
    return [*families, Family("aiops_disk_free_bytes", "gauge", "Free space of the state directory.").add(free)]


def _undelivered(core: Core) -> list[str]:
    """Return a sentence for each endpoint with messages that nobody got."""
    try:
        found = core.state.store.outbox.undelivered()
    except sqlite3.Error:
        # The disk's own warning is the one that matters then.
        return []
    return [
        f"endpoint {name}: {plural(count, 'notification')} could not be delivered: see `aiops outbox list --status "
        "dead`, then `aiops outbox retry` or `drop`"
        for name, count in found.items()
    ]


def _store(core: Core) -> list[Family]:
    outbox = Family("aiops_outbox_rows", "gauge", "Messages by endpoint and state.")
    age = Family("aiops_outbox_oldest_age_seconds", "gauge", "Age of the oldest message that is due and not delivered.")
    stored = Family("aiops_incidents", "gauge", "Incidents in the store by status and severity.")
    dead_letters = Family(
        "aiops_dead_letters_total", "counter", "Input that became no record, and records that were set aside."
    )
    try:
        for (endpoint, state), count in sorted(core.state.store.outbox.counts().items()):
            outbox.add(count, endpoint=endpoint, state=state)
        age.add(core.state.store.outbox.oldest_age_s(core.clocks.wall()))
        for (status, severity), count in sorted(incidents.counts(core.state.store.database.reader).items()):
            stored.add(count, status=status, severity=Severity(severity).label)
    except sqlite3.Error:
        # The other metrics show that the disk has a fault: they must not be lost with these.
        pass
    dead_letters.add(core.pump.meta.rejected + core.pump.accounts.get("skipped", 0))
    return [outbox, age, stored, dead_letters]
