"""The engine: a pure fold over the log. `state, events = step(state, records)`.

No clock, no randomness, no I/O, no thread. The same records give the same events whatever the batches, the process or
the hash seed; a snapshot taken after any record continues as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from aiops.engine.arrival import Arrival, Moment
from aiops.engine.clock import Timeline
from aiops.engine.config import EngineConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.dedup.deduplicator import Dedup
from aiops.engine.dedup.starts import Starts
from aiops.engine.detect.stage import Detect, Scorers
from aiops.engine.drift.stage import Drift
from aiops.engine.events import Event, Notice
from aiops.engine.heartbeats.heartbeats import Heartbeats
from aiops.engine.incidents.clusters import Clusters
from aiops.engine.incidents.lifecycle import MAX_DUE, MAX_DUE_EACH, Incidents
from aiops.engine.incidents.snoozes import Snoozes
from aiops.engine.model_faults import Faults
from aiops.engine.model_slots import slots_of
from aiops.engine.operator_actions import Actions
from aiops.engine.pipeline import Pipeline
from aiops.engine.rank import Models, ranking_of
from aiops.engine.serving.stage import Serving
from aiops.engine.silence_expiry import SilenceExpiry
from aiops.engine.silences.silences import Silences
from aiops.engine.snapshot import Reader, load_whole, parts
from aiops.errors import UsageError
from aiops.records import Action, Alert, Change, Incident, Logged, Metric, Severity, Skipped, Tick
from aiops.topology import Topology
from aiops.wording import duration
from aiops.workloads import Workloads

# Snapshots of another layout are not read; the host folds the journal instead. Those from `FIRST_VERSION` on lack some
# of the last stages alone, of which nothing is known then.
SNAPSHOT_VERSION = 8
FIRST_VERSION = 6
# The version that brought a stage, for stages that the first one lacks.
SINCE = {"handling": 7, "starts": 7, "drift": 8, "noise": 8, "heartbeats": 8, "serving": 8}

# What reading a damaged snapshot raises: its bytes, their types, links to nothing, numbers that a stage cannot take.
DAMAGED = (msgspec.MsgspecError, StopIteration, LookupError, TypeError, ValueError, ArithmeticError)

# At the end of an archive nobody waits for the next record.
ALL = 1_000_000_000


class Engine:
    """The state of the fold, and its step.

    `models` are the plugged-in ranker, suggester and memory; `scorers` build detectors from the numbers that a
    `swap_model` record carries.
    """

    def __init__(
        self,
        config: EngineConfig | None = None,
        topology: Topology | None = None,
        models: Models | None = None,
        scorers: Scorers | None = None,
    ) -> None:
        self.config = config = config or EngineConfig()
        self.topology = topology or Topology()
        self.seq = 0
        # The number of the first record: not 0 if the records before it were lost.
        self.first = 0
        self.timeline = Timeline()
        self.kinds: dict[str, int] = {}
        # Records that could not be processed and were set aside, of all kinds.
        self.skipped = 0
        self.dedup = Dedup(config.dedup, Workloads(config.workloads))
        self.starts = Starts(self.dedup)
        self.faults = Faults()
        self.detect = Detect(config.detect, scorers, self.faults)
        self.correlate = Correlator(config.correlate, self.topology, workloads=self.dedup.workloads)
        self.clusters = Clusters(config.incidents.max_members)
        self.drift = Drift()
        self.ranking = ranking_of(config.incidents, models or Models(), self.faults, self.drift.outcomes)
        self.silences = Silences()
        self.incidents = Incidents(
            config.incidents, self.clusters, self.ranking.assess, self.ranking.learn, self.silences
        )
        self.handling = self.incidents.handling
        self.noise = self.incidents.noise
        slots = slots_of(self.detect, self.ranking, self.noise, self.correlate.lessons)
        self.serving = Serving(slots, self.ranking.trials)
        self.snoozes = Snoozes(self.incidents)
        self.pipeline = Pipeline(self.dedup, self.detect, self.correlate, self.incidents, self.drift)
        self.silence_expiry = SilenceExpiry(self.pipeline)
        self.heartbeats = Heartbeats(config.heartbeats)
        self.actions = Actions(self.silence_expiry, self.ranking, self.serving, self.topology)
        # What the record in hand carries through the stages; a host that explains it reads this after the step.
        self.arrival = Arrival()

    def begin_at(self, number: int) -> None:
        """Begin with the record of that number: those before it are lost."""
        self.seq = self.first = number

    def step(self, batch: Sequence[Logged]) -> list[Event]:
        """Process a batch of records, in order; return the events that they cause."""
        arrival = self.arrival
        out = arrival.out = []
        for record in batch:
            arrival.seq = self.seq
            self.seq += 1
            if type(record) is Alert:
                self._alert(record, arrival)
            else:
                self._other(record, arrival)
            if self.faults.texts:
                self._report_faults(arrival)
            if self.drift.raised:
                self.drift.report_alarms(arrival)
            if self.heartbeats.texts:
                self._report_heartbeats(arrival)
        arrival.out = []
        return out

    def _alert(self, alert: Alert, arrival: Arrival) -> None:
        timeline = self.timeline
        at = timeline.at(alert.ts)
        if at > timeline.now:
            self._advance(at, arrival)
        elif timeline.back_to >= 0.0:
            self._set_back(arrival)
        elif min(self.incidents.next_due(), self.pipeline.expiry.next_due()) <= timeline.now:
            self._advance(timeline.now, arrival)
        arrival.now = timeline.now
        arrival.begin(alert, at)
        arrival.is_sign = arrival.severity <= Severity.INFO and self.heartbeats.is_sign(alert)
        self.pipeline.process(arrival)
        self.heartbeats.see(arrival)

    def _report_heartbeats(self, moment: Moment) -> None:
        moment.out.extend(Notice(moment.seq, "heartbeat", text) for text in self.heartbeats.texts)
        self.heartbeats.texts.clear()

    def _report_faults(self, moment: Moment) -> None:
        moment.out.extend(Notice(moment.seq, "plugin", text) for text in self.faults.texts)
        self.faults.texts.clear()

    def _other(self, record: Logged, arrival: Arrival) -> None:
        if isinstance(record, Skipped):
            self._skip(record, arrival)
            return
        kind = type(record).__name__.lower()
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if isinstance(record, Incident):
            # History or truth: scored by the host, never seen by the engine.
            return
        trusted = isinstance(record, Tick | Action)
        at = self.timeline.host(record.ts, record.passes) if isinstance(record, Tick) else self.timeline.at(record.ts)
        if self.timeline.back_to >= 0.0:
            self._set_back(arrival)
        if isinstance(record, Tick):
            self.heartbeats.clock(record)
            if not record.passes:
                return
        if at > self.timeline.now and (trusted or at == record.ts):
            self._advance(at, arrival, MAX_DUE if isinstance(record, Tick) else MAX_DUE_EACH)
        arrival.now = self.timeline.now
        self.drift.inputs.pass_to(arrival.now)
        if isinstance(record, Metric):
            self._metric(record, at, arrival)
        elif isinstance(record, Change):
            self.ranking.change(record)
        elif isinstance(record, Action):
            self.actions.apply(record, arrival)
        else:
            self._derive(self.heartbeats.due(arrival.now), arrival)

    def _derive(self, alert: Alert | None, arrival: Arrival) -> None:
        """Process an alert that the engine makes itself, of a record that is none."""
        if alert is not None:
            arrival.begin(alert, min(alert.ts, arrival.now))
            arrival.is_derived = True
            self.pipeline.process(arrival)

    def _metric(self, metric: Metric, at: float, arrival: Arrival) -> None:
        self._derive(self.detect.metric(metric, at), arrival)

    def _set_back(self, moment: Moment) -> None:
        """Set the time back: later times in the stages count as now."""
        timeline = self.timeline
        ahead_s = timeline.now - timeline.back_to
        timeline.set_back()
        for stage in self._stages().values():
            stage.set_back(timeline.now)
        what = "the host's clock" if timeline.tick >= 0.0 else "the records that followed"
        text = f"engine time was {duration(ahead_s)} ahead of {what}, and was set back"
        moment.out.append(Notice(moment.seq, "clock", text))

    def _skip(self, record: Skipped, moment: Moment) -> None:
        """Account for a record that cannot be processed: no time passes, and nothing else changes."""
        self.skipped += 1
        if record.of == "alert":
            self.pipeline.reject(record.id, record.reason, moment)
        else:
            self.kinds[record.of] = self.kinds.get(record.of, 0) + 1
        text = f"record {moment.seq} ({record.of} {record.id}) was set aside: {record.reason}"
        moment.out.append(Notice(moment.seq, "skipped", text))

    def _advance(self, to: float, moment: Moment, most: int = MAX_DUE_EACH) -> None:
        """Advance the time. What is due on the way is done at its own time, in order, at most so much.

        Clock records on the way would change nothing: what is decided follows from the times of the records, and not
        from how often the time was looked at. After a pause more is due than after a moment, and more is done.
        """
        now, due = self.timeline.now, self._next_due()
        if due > to and not self.incidents.unchecked and not self.dedup.forgotten:
            # Mostly: nothing is due.
            self.timeline.now = moment.now = to
            return
        if now >= 0.0 and due < to:
            most = max(most, min(MAX_DUE, MAX_DUE_EACH + int(MAX_DUE * (to - now))))
            while most > 1 and (at := max(due, now)) < to:
                most -= 1
                self._pass(at, moment, 1)
                now, due = at, self._next_due()
        self._pass(to, moment, most)

    def _next_due(self) -> float:
        """Return when passing time alone changes something."""
        silences, pipeline = self.silences, self.pipeline
        return min(
            self.incidents.next_due(),
            pipeline.expiry.next_due(),
            pipeline.storms.next_due(),
            silences.next_end,
            silences.next_start,
            self.handling.next_wake,
        )

    def _pass(self, now: float, moment: Moment, most: int) -> None:
        """Set the time: episodes, clusters and incidents that were due end first, at most so many of each."""
        self.timeline.now = moment.now = now
        self.pipeline.expiry.run(moment, most)
        silences = self.silences
        # Checked here, as it is needed for each alert: `silence_expiry` is not compiled.
        begins_or_ends = silences.next_end <= now or silences.next_start <= now
        if begins_or_ends or self.pipeline.muted.waking or self.incidents.unchecked:
            self.silence_expiry.run_due(moment, most)
        if self.handling.next_wake <= now:
            self.snoozes.run_due(moment)
        if self.incidents.next_due() <= now:
            self.incidents.run_due(moment, most)
        if self.dedup.forgotten and not self.pipeline.cap_reported:
            self.pipeline.cap_reported = True
            text = f"more than {self.config.dedup.max_streams} alert streams: the ones silent for longest are forgotten"
            moment.out.append(Notice(moment.seq, "cap", text))

    def present(self, name: str) -> tuple[Incident, int, int] | None:
        """An incident as it is now, its version, and the number of the last record.

        None for one not remembered.
        """
        incident = self.incidents.by_id.get(name)
        cluster = self.clusters.of(incident.cluster) if incident is not None else None
        if incident is None or cluster is None:
            return None
        return self.incidents.records.make(incident, cluster, self.timeline.now), incident.version, self.seq - 1

    def finish(self) -> list[Event]:
        """Advance the time until everything open ends; for the end of an archive, not of a daemon."""
        moment = Moment(self.seq, self.timeline.now)
        # Each round ends what the one before left firing: streams, then held ones, then their incidents, which may stay
        # open over a pause.
        step_s = 2 * self.config.dedup.stale_s + self.config.incidents.return_window_s
        for _ in range(4):
            self._pass(self.timeline.now + step_s, moment, ALL)
        self._report_faults(moment)
        self.heartbeats.finish(self.timeline.tick >= 0.0)
        self._report_heartbeats(moment)
        return moment.out

    def accounts(self) -> dict[str, Any]:
        """Return the records by kind and the alerts by disposition; `conserved` is true if the sums agree."""
        dispositions = dict(self.pipeline.dispositions)
        alerts = self.pipeline.alerts
        placed = sum(dispositions.values())
        others = sum(self.kinds.values())
        return {
            "records": {"alert": alerts, **self.kinds},
            "dispositions": dispositions,
            "derived": self.pipeline.derived,
            "conserved": placed == alerts and alerts + others == self.seq - self.first,
            "open_incidents": self.incidents.open_count,
            "clock_ahead_s": self.timeline.ahead_s(),
            "set_backs": self.timeline.set_backs,
            "set_back_at": self.timeline.set_back_at,
            "storm": self.pipeline.storms.active,
            "streams": len(self.dedup.streams),
            "clusters": len(self.clusters.by_number),
            "silences_set_aside": dict(self.silences.set_aside),
            "detector": self.detect.in_place,
            "noise": self.noise.figures(),
            "heartbeats": self.heartbeats.accounts(),
            "serving": self.serving.report(),
            "skipped": self.skipped,
            "faults": dict(self.faults.counts),
            "drift": self.drift.report(),
            "calibration": self.ranking.measured(),
        }

    def snapshot(self) -> bytes:
        """The whole state; equal states give equal bytes."""
        return b"".join(self.snapshot_parts())

    def snapshot_parts(self) -> Iterator[bytes]:
        """The pieces that `snapshot` puts together, for a host that packs each before it takes the next.

        Nothing may be folded until all are taken.
        """
        first = {
            "version": SNAPSHOT_VERSION,
            "seq": self.seq,
            "first": self.first,
            "timeline": self.timeline,
            "kinds": self.kinds,
            "skipped": self.skipped,
            "faults": self.faults.counts,
        }
        return parts(first, self._stages())

    def restore(self, snapshot: bytes) -> None:
        """Take the state of a `snapshot`; raise `UsageError` for one of another version."""
        try:
            state = msgspec.msgpack.decode(snapshot, type=dict[str, msgspec.Raw])
            version = self._restore_first(state)
            load_whole(state, self._stages_of(version), version)
        except DAMAGED as error:
            raise _damaged(error) from None

    def restore_parts(self, pieces: Iterator[bytes]) -> None:
        """Take the state of `snapshot_parts`, in the same pieces; raise `UsageError` where they are others.

        After an error the engine is of no use.
        """
        stages = self._stages()
        reader = Reader(pieces, len(stages))
        try:
            version = self._restore_first(reader.first())
            reader.read_as(version)
            for _ in self._stages_of(version):
                reader.stage(stages)
        except DAMAGED as error:
            raise _damaged(error) from None

    def _restore_first(self, state: Mapping[str, msgspec.Raw]) -> int:
        """Take what stands before the stages; return the version."""
        version = msgspec.msgpack.decode(state["version"]) if "version" in state else None
        if type(version) is not int or not FIRST_VERSION <= version <= SNAPSHOT_VERSION:
            which = f"unsupported snapshot version {version}" if type(version) is int else "snapshot without a version"
            raise UsageError(f"{which} (this build reads {SNAPSHOT_VERSION}); state is rebuilt from the journal")
        self.seq = msgspec.msgpack.decode(state["seq"])
        # Earlier versions did not keep it.
        self.first = msgspec.msgpack.decode(state["first"]) if "first" in state else 0
        self.timeline = msgspec.msgpack.decode(state["timeline"], type=Timeline)
        self.kinds = msgspec.msgpack.decode(state["kinds"])
        self.skipped = msgspec.msgpack.decode(state["skipped"])
        self.faults.counts.update(msgspec.msgpack.decode(state["faults"]))
        return version

    def _stages_of(self, version: int) -> Mapping[str, Any]:
        """Return the stages that a snapshot of a version has."""
        return {name: stage for name, stage in self._stages().items() if SINCE.get(name, 0) <= version}

    def _stages(self) -> Mapping[str, Any]:
        return {
            "dedup": self.dedup,
            "detect": self.detect,
            "correlate": self.correlate,
            "clusters": self.clusters,
            "incidents": self.incidents,
            "ranking": self.ranking,
            "silences": self.silences,
            "pipeline": self.pipeline,
            # Those of `SINCE`, which earlier snapshots lack.
            "handling": self.handling,
            "starts": self.starts,
            "drift": self.drift,
            "noise": self.noise,
            "heartbeats": self.heartbeats,
            "serving": self.serving,
        }


def _damaged(error: Exception) -> UsageError:
    return UsageError(f"damaged snapshot ({error!r}); state is rebuilt from the journal")


def step(state: Engine, batch: Sequence[Logged]) -> list[Event]:
    """Process a batch as a function: `state` advances, the events are returned."""
    return state.step(batch)
