"""Records what became of each alert, for the history of alerts.

Episodes are written in their present state: at once if they began, ended or moved, and else every ten seconds. Nothing
of that is lost with the process, as the state is the engine's, which is processed again from the last snapshot. Counts
are added up, and belong to the transaction of their frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from aiops.daemon.frame_processing import HostedEngine
from aiops.engine.dedup.episode import EpisodeState, episode_of
from aiops.engine.dedup.stream import Stream, entity_of
from aiops.engine.engine import Engine
from aiops.engine.events import ClusterMerged, ClusterPromoted, ClusterSplit, Event, IncidentChanged, Placed
from aiops.engine.incidents.clusters import MemberState
from aiops.journal import Frame
from aiops.records import LABELS, Alert, Change, Metric, Severity, Skipped, parse_severity
from aiops.store.frame_alerts import Begun, EpisodeRow, FrameAlerts, KeptChange, Move

# What is shown of a running episode is at most so old.
EVERY_S = 10.0
# Characters of a text, and bytes of the labels of one stream, that the history keeps.
MAX_TEXT, MAX_LABELS = 500, 4_096
# Workloads of entities that are remembered.
MAX_WORKLOADS = 20_000
_SILENCED = "silence "
UNKNOWN = int(Severity.WARNING)


class AlertRecorder:
    """Collects the alerts of frames from the engine; for the pump's thread alone."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        # Numbers of streams whose running episode has more alerts than were written.
        self._behind: dict[int, None] = {}
        self._written_at = monotonic()
        self._workloads: dict[str, str] = {}

    @staticmethod
    def watched(make: Callable[[], HostedEngine]) -> Callable[[], HostedEngine]:
        """Have every engine that `make` builds collect what changes."""

        def made() -> HostedEngine:
            engine = make()
            if isinstance(engine, Engine):
                engine.dedup.watch()
            return engine

        return made

    def record(self, frame: Frame, events: Sequence[Event], engine: object) -> FrameAlerts:
        """Return what a frame adds to the history; the engine has just processed it."""
        found = FrameAlerts()
        if not isinstance(engine, Engine):
            return found
        placed = self._counted(frame, events, engine, found)
        self._episodes(frame, placed, engine, found)
        if len(placed) != len(events):
            _moved(events, engine, found)
        if Change in set(map(type, frame.records)):
            found.changes = list(_changes(frame))
        if self._monotonic() - self._written_at >= EVERY_S:
            self._catch_up(engine, found)
        return found

    def skip(self, engine: object) -> None:
        """Take note of a frame whose alerts are in the history already, except for its repeats."""
        if isinstance(engine, Engine):
            streams, _ = engine.dedup.take_touched()
            self._behind.update(dict.fromkeys(stream.number for stream in streams))

    def rest(self, engine: object) -> list[EpisodeRow]:
        """Return the present state of running episodes, which the store needs before a snapshot."""
        return list(self._rows(engine)) if isinstance(engine, Engine) else []

    def _counted(self, frame: Frame, events: Sequence[Event], engine: Engine, found: FrameAlerts) -> dict[int, Placed]:
        """Count the alerts of a frame; return where each was placed, by the number of its record."""
        first, records, now, minutes = frame.first_seq, frame.records, engine.timeline.now, found.minutes
        placed: dict[int, Placed] = {}
        totals: dict[str, int] = {}
        for event in events:
            if type(event) is not Placed:
                continue
            placed[event.seq] = event
            record = records[event.seq - first]
            if isinstance(record, Alert | Skipped):
                totals[event.disposition] = totals.get(event.disposition, 0) + 1
            if event.incident is None:
                continue
            if isinstance(record, Alert):
                if record.status == "resolved":
                    # The end of an alert is none: a timeline would show it as a mark of its severity.
                    continue
                service = record.service or self._workload(record, engine)
                key = (
                    event.incident,
                    int(min(record.ts, now) // 60),
                    record.name,
                    service,
                    int(parse_severity(record.severity)),
                )
            elif isinstance(record, Metric):
                # The engine made an alert of it, which is no input and part of its incident.
                key = (event.incident, int(min(record.ts, now) // 60), record.name, record.entity, UNKNOWN)
            elif (member := _member(event, engine)) is not None:
                # The same, of a stream that went silent.
                key = (event.incident, int(now // 60), member.name, member.entity, member.severity)
            else:
                continue
            minutes[key] = minutes.get(key, 0) + 1
        minute = int(frame.meta.at // 60)
        found.totals = {(minute, disposition): count for disposition, count in totals.items()}
        return placed

    def _workload(self, alert: Alert, engine: Engine) -> str:
        """Return the workload of an alert that names no service."""
        entity = entity_of(alert)
        found = self._workloads.get(entity)
        if found is None:
            if len(self._workloads) >= MAX_WORKLOADS:
                self._workloads.clear()
            found = self._workloads[entity] = engine.dedup.workloads.of(entity, None)
        return found

    def _episodes(self, frame: Frame, placed: dict[int, Placed], engine: Engine, found: FrameAlerts) -> None:
        streams, past = engine.dedup.take_touched()
        for state in past:
            if state.seq in placed:
                found.begun.append(_begun(frame, state.stream, placed[state.seq], engine))
            found.states.append(_row(state, engine))
        for stream in streams:
            is_new = stream.begun >= frame.first_seq
            if is_new and stream.begun in placed:
                found.begun.append(_begun(frame, stream, placed[stream.begun], engine))
            if is_new or not (stream.firing or stream.held):
                found.states.append(_row(episode_of(stream), engine))
            else:
                self._behind[stream.number] = None
        for seq, event in placed.items() if any(reason == "rejected" for _, reason in found.totals) else ():
            if event.disposition == "rejected":
                found.begun.append(_rejected(frame, frame.records[seq - frame.first_seq], event))

    def _catch_up(self, engine: Engine, found: FrameAlerts) -> None:
        found.states += self._rows(engine)
        self._behind.clear()
        self._written_at = self._monotonic()

    def _rows(self, engine: Engine) -> Iterator[EpisodeRow]:
        for number in self._behind:
            stream = engine.dedup.of(number)
            if stream is not None:
                yield _row(episode_of(stream), engine)


def _member(event: Placed, engine: Engine) -> MemberState | None:
    """Return the member that an alert of the engine itself became."""
    home = engine.clusters.of(engine.clusters.moved.get(event.member, event.cluster))
    return None if home is None else home.members.get(event.member)


def _made(record: object, event: Placed, engine: Engine) -> Alert | None:
    """Return the alert of a record; of one that the engine made itself, what its member holds."""
    if isinstance(record, Alert):
        return record
    member = None if isinstance(record, Metric) else _member(event, engine)
    if member is None:
        return None
    severity = LABELS[member.severity]
    return Alert(ts=0.0, name=member.name, severity=severity, labels=member.labels, message=member.message)


def _begun(frame: Frame, stream: Stream, event: Placed, engine: Engine) -> Begun:
    record = frame.records[event.seq - frame.first_seq]
    reason = event.reason
    is_silenced = event.disposition == "suppressed" and reason is not None and reason.startswith(_SILENCED)
    alert = _made(record, event, engine)
    return Begun(
        event.seq,
        stream.fingerprint,
        stream.name,
        stream.entity,
        stream.workload,
        stream.service,
        stream.source,
        UNKNOWN if alert is None else parse_severity(alert.severity),
        "{}" if alert is None else _labels(alert.labels),
        None if alert is None or alert.message is None else alert.message[:MAX_TEXT],
        None if alert is None else alert.url,
        record.id if isinstance(record, Alert | Metric) else event.id,
        event.disposition,
        str(reason)[len(_SILENCED) :] if is_silenced else None,
        reason,
    )


def _rejected(frame: Frame, record: object, event: Placed) -> Begun:
    """Return the row of an alert that the engine could not process: its id and the reason are known."""
    source = record.source if isinstance(record, Skipped) else None
    name, reason = event.id[:MAX_TEXT], (event.reason or "")[:MAX_TEXT]
    stream = ("rejected", "(could not be processed)", "", "", None, source or None)
    return Begun(event.seq, *stream, UNKNOWN, "{}", None, None, name, "rejected", None, reason)


def _row(state: EpisodeState, engine: Engine) -> EpisodeRow:
    clusters, stream = engine.clusters, state.stream
    home = clusters.of(clusters.moved.get(state.member, state.cluster))
    incident = None if home is None else home.incident
    member = None if home is None else home.members.get(state.member)
    disposition = "suppressed" if state.is_silenced else "background"
    silence = engine.pipeline.muted.silence_of.get(stream.number)
    return EpisodeRow(
        state.seq,
        0 if member is None else member.severity,
        state.opened_at,
        state.last_at,
        state.ended_at,
        state.ended_by,
        state.count,
        disposition if incident is None else "incident",
        incident,
        state.cluster if home is None else home.number,
        state.member,
        silence,
        state.background,
    )


def _moved(events: Sequence[Event], engine: Engine, found: FrameAlerts) -> None:
    for event in events:
        if isinstance(event, ClusterPromoted):
            found.moves.append(Move(event.cluster, event.cluster, None, event.incident))
        elif isinstance(event, ClusterMerged | ClusterSplit):
            home = engine.clusters.of(event.target)
            members = event.members if isinstance(event, ClusterSplit) else None
            found.moves.append(Move(event.source, event.target, members, None if home is None else home.incident))
        elif isinstance(event, IncidentChanged) and event.incident.merged_into is not None:
            found.merged.append((event.incident.id, event.incident.merged_into))


def _changes(frame: Frame) -> Iterator[KeptChange]:
    for seq, one in enumerate(frame.records, frame.first_seq):
        if isinstance(one, Change):
            message = None if one.message is None else one.message[:MAX_TEXT]
            yield KeptChange(seq, one.ts, one.entity, one.service, one.name, message, one.url, _labels(one.labels))


def _labels(labels: dict[str, str]) -> str:
    """Return labels as JSON, the first ones that fit."""
    kept, size = {}, 0
    for key, value in labels.items():
        size += len(key) + min(len(value), MAX_TEXT)
        if size > MAX_LABELS:
            break
        kept[key] = value[:MAX_TEXT]
    return msgspec.json.encode(kept).decode()
