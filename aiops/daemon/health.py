"""What the daemon says of itself: health for people and probes, metrics for Prometheus."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from aiops import __version__
from aiops.daemon.containment import contained_families, contained_warnings, skipped_health
from aiops.engine.events import DISPOSITIONS
from aiops.journal.retention import measure
from aiops.records import Severity
from aiops.store import incidents
from aiops.telemetry.metrics import Family, render

if TYPE_CHECKING:
    from aiops.daemon.daemon import Daemon


# Warnings of one kind: a person looks into the audit for more.
MAX_WARNED = 5
# What sources say of the present, by the key of their health, with the metric's name after `aiops_source_`.
_SOURCE_GAUGES = {
    "paused": ("paused", "1 while a source waits because the engine is full."),
    "partitions": ("partitions", "Partitions that a source reads."),
    "offset": ("offset_bytes", "How far a file was read."),
    "waiting": ("waiting_requests", "Requests that are decoded or wait for the disk."),
    "held": ("held_messages", "Messages that wait for their turn in the order of time."),
    "held_bytes": ("held_bytes", "Bytes of requests that are held in memory."),
}


def health(daemon: Daemon) -> dict[str, Any]:
    """`{"status": ok | degraded | failed | starting | stopping, "ready": bool, "reason": str, …}`."""
    pump = daemon.pump
    # Which numbers only grow is for the metrics to know.
    sources = {
        name: {key: one for key, one in told.items() if key != "counts"}
        for name, told in daemon.sources.health().items()
    }
    unwell = [f"source {name}: {one.get('detail', '')}" for name, one in sources.items() if not one.get("ok", False)]
    extra = {key: told() for key, told in daemon.extra_health.items()}
    unwell += [f"{key}: {one.get('detail', '')}" for key, one in extra.items() if not one.get("ok", True)]
    reasons = [reason for reason in (pump.reason, *daemon.problems) if reason]
    return {
        "status": daemon.status,
        "ready": daemon.status == "ok",
        "reason": "; ".join(reasons),
        "warnings": [
            *(f"silence {name} is not in force: {why}" for name, why in _set_aside(pump.accounts)),
            *unwell,
            *contained_warnings(daemon),
            *daemon.scrubber.problems,
            *([_left_out(daemon)] if daemon.store.left_out else []),
            *([daemon.snapshots.error] if daemon.snapshots.error else []),
        ],
        "version": __version__,
        # What is older by more than a few minutes comes late; null while nothing was processed.
        "engine_time": round(pump.engine_at, 3) if pump.engine_at >= 0.0 else None,
        "uptime_s": round(daemon.monotonic() - daemon.started_at, 3),
        "conserved": pump.accounts.get("conserved", True),
        "sources": sources,
        "journal": {
            "frame": daemon.writer.number,
            "record": daemon.writer.seq,
            "committed_at": pump.metrics.journaled_at,
        },
        "snapshot": {"age_s": round(daemon.snapshots.age_s, 3), "bytes": daemon.snapshots.state_bytes},
        "inbox": {"records": daemon.inbox.depth()},
        "skipped": skipped_health(daemon),
        "models": {stage: asdict(one) for stage, one in sorted(daemon.models().items())},
        **extra,
    }


def _left_out(daemon: Daemon) -> str:
    count = daemon.store.left_out
    events = "1 event" if count == 1 else f"{count} events"
    return f"the store could not take {events}, whatever the disk: {daemon.store.left_out_reason}"


def _set_aside(accounts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The last few silences that are not in force, with the reason."""
    return list(accounts.get("silences_set_aside", {}).items())[-MAX_WARNED:]


def metrics_text(daemon: Daemon) -> str:
    """All metrics in the text format of Prometheus."""
    families = [
        *_records(daemon),
        *contained_families(daemon),
        *_latencies(daemon),
        *_sources(daemon),
        *_disk(daemon),
        *_store(daemon),
    ]
    for extra in daemon.extra_metrics:
        families.extend(extra())
    return render(families)


def _records(daemon: Daemon) -> list[Family]:
    accounts = daemon.pump.accounts
    records = Family("aiops_records_total", "counter", "Records in the log, by kind, since its beginning.")
    for kind, count in sorted(accounts.get("records", {}).items()):
        records.add(count, kind=kind)
    placed = Family("aiops_alerts_total", "counter", "Alerts by disposition, since the beginning of the log.")
    dispositions = {**dict.fromkeys(DISPOSITIONS, 0), **accounts.get("dispositions", {})}
    dispositions["rejected"] += daemon.pump.meta.rejected
    for disposition, count in dispositions.items():
        placed.add(count, disposition=disposition)
    state = Family("aiops_state", "gauge", "1 for the state that the daemon is in.")
    for name in ("starting", "ok", "degraded", "stopping", "failed"):
        state.add(float(daemon.status == name), state=name)
    return [
        Family("aiops_build_info", "gauge", "Always 1; the version is a label.").add(1, version=__version__),
        state,
        records,
        placed,
        Family("aiops_conserved", "gauge", "1 while every record has exactly one disposition.").add(
            float(accounts.get("conserved", True))
        ),
        Family("aiops_open_incidents", "gauge", "Incidents that are not over.").add(accounts.get("open_incidents", 0)),
        Family("aiops_storm", "gauge", "1 while alerts that stand alone are gathered, as too many incidents open.").add(
            float(accounts.get("storm", False))
        ),
        Family("aiops_streams", "gauge", "Alert streams that the engine knows.").add(accounts.get("streams", 0)),
        Family("aiops_clusters", "gauge", "Clusters that the engine holds.").add(accounts.get("clusters", 0)),
        Family("aiops_silences_set_aside", "gauge", "Silences that were refused, and so suppress nothing.").add(
            len(accounts.get("silences_set_aside", {}))
        ),
        _models(daemon),
    ]


def _models(daemon: Daemon) -> Family:
    family = Family("aiops_model_info", "gauge", "Always 1; the model in use, by stage.")
    for stage, one in sorted(daemon.models().items()):
        family.add(1, stage=stage, model=one.model, version=one.version, digest=one.digest)
    return family


def _latencies(daemon: Daemon) -> list[Family]:
    metrics = daemon.pump.metrics
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


def _sources(daemon: Daemon) -> list[Family]:
    up = Family("aiops_source_up", "gauge", "1 while a source is well.")
    falls = Family("aiops_source_falls_total", "counter", "Times that a source ended by a fault and was started again.")
    lag = Family("aiops_source_lag", "gauge", "Messages that a source has still to read, by place.")
    counts = Family("aiops_source_events_total", "counter", "What a source counts of itself.")
    unknown = _unknown_words()
    gauges = {key: Family(f"aiops_source_{end}", "gauge", text) for key, (end, text) in _SOURCE_GAUGES.items()}
    for name, told in daemon.sources.health().items():
        up.add(float(bool(told.get("ok"))), source=name)
        falls.add(float(told.get("falls", 0)), source=name)
        for place, count in _numbers(told.get("lag")):
            lag.add(count, source=name, place=place)
        for field, words in told.get("unknown", {}).items():
            for word, count in _numbers(words) if field in unknown else ():
                unknown[field].add(count, source=name, word=word)
        growing = told.get("counts", ())
        for key, count in _numbers(told):
            if key in growing:
                counts.add(count, source=name, event=key)
            elif key in gauges:
                gauges[key].add(count, source=name)
    return [up, falls, lag, counts, *unknown.values(), *gauges.values()]


def _unknown_words() -> dict[str, Family]:
    """Sources count words that they do not know, of a bounded number, by field."""
    return {
        "status": Family("aiops_status_unknown_total", "counter", "Alerts whose status is no known word: they fire."),
        "severity": Family(
            "aiops_severity_unknown_total", "counter", "Alerts whose severity is no known word: they are warnings."
        ),
    }


def _numbers(value: Any) -> list[tuple[str, float]]:
    if not isinstance(value, dict):
        return []
    return [(str(key), float(one)) for key, one in value.items() if isinstance(one, int | float)]


def _disk(daemon: Daemon) -> list[Family]:
    metrics = daemon.pump.metrics
    found = measure(daemon.journal_directory)
    now = daemon.clock()
    oldest = found[0].written_at if found else now
    families = [
        Family("aiops_inbox_records", "gauge", "Records that wait for the journal.").add(daemon.inbox.depth()),
        Family("aiops_journal_bytes", "gauge", "Size of the journal.").add(sum(one.bytes for one in found)),
        Family("aiops_journal_oldest_age_seconds", "gauge", "Age of the oldest segment.").add(max(0.0, now - oldest)),
        Family("aiops_journal_age_seconds", "gauge", "Time since the last commit.").add(
            max(0.0, now - metrics.journaled_at) if metrics.journaled_at else 0.0
        ),
        Family("aiops_disk_errors_total", "counter", "Commits that the disk refused.").add(metrics.disk_errors),
        Family("aiops_snapshot_age_seconds", "gauge", "Time since the last snapshot.").add(daemon.snapshots.age_s),
        Family("aiops_snapshot_bytes", "gauge", "Size of the last snapshot's state.").add(daemon.snapshots.state_bytes),
        Family("aiops_snapshots_failed_total", "counter", "Snapshots that could not be written.").add(
            daemon.snapshots.failed
        ),
        Family("aiops_recovery_seconds", "gauge", "How long the last start took to fold.").add(
            daemon.recovered.seconds
        ),
    ]
    try:
        free = shutil.disk_usage(daemon.directory).free
    except OSError:
        return families
    return [*families, Family("aiops_disk_free_bytes", "gauge", "Free space of the state directory.").add(free)]


def _store(daemon: Daemon) -> list[Family]:
    outbox = Family("aiops_outbox_rows", "gauge", "Messages by endpoint and state.")
    age = Family("aiops_outbox_oldest_age_seconds", "gauge", "Age of the oldest message that is due and not delivered.")
    stored = Family("aiops_incidents", "gauge", "Incidents in the store by status and severity.")
    letters = Family(
        "aiops_dead_letters_total", "counter", "Input that became no record, and records that were set aside."
    )
    try:
        for (endpoint, state), count in sorted(daemon.outbox.counts().items()):
            outbox.add(count, endpoint=endpoint, state=state)
        age.add(daemon.outbox.oldest_age_s(daemon.clock()))
        for (status, severity), count in sorted(incidents.counts(daemon.store.database.reader).items()):
            stored.add(count, status=status, severity=Severity(severity).label)
    except sqlite3.Error:
        # A page without these numbers tells more than no page: the rest says that the disk is ill.
        pass
    letters.add(daemon.pump.meta.rejected + daemon.pump.accounts.get("skipped", 0))
    return [outbox, age, stored, letters]
