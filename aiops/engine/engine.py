"""The engine: a pure fold over the log. `state, events = step(state, records)`.

No clock, no randomness, no I/O, no thread. The same records give the same events whatever the batches, the process or
the hash seed; a snapshot taken after any record continues as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from aiops.engine.clock import Timeline
from aiops.engine.config import EngineConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.dedup.deduplicator import Dedup
from aiops.engine.detect.stage import Detect, Scorers
from aiops.engine.events import Event, Notice
from aiops.engine.incidents.clusters import Clusters
from aiops.engine.incidents.lifecycle import MAX_DUE, MAX_DUE_EACH, Incidents
from aiops.engine.model_faults import Faults
from aiops.engine.operator_actions import Actions
from aiops.engine.pipeline import Placer
from aiops.engine.rank import Models, Ranking
from aiops.engine.silences.ending import Waking
from aiops.engine.silences.silences import Silences
from aiops.engine.snapshot import Strings, Thaw, parts
from aiops.errors import UsageError
from aiops.records import Action, Alert, Change, Incident, Logged, Metric, Skipped, Tick
from aiops.topology import Topology
from aiops.wording import duration

# Snapshots of another layout are not read; the host folds the journal instead.
SNAPSHOT_VERSION = 5

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
        self.timeline = Timeline()
        self.kinds: dict[str, int] = {}
        # Records that could not be processed and were set aside, of all kinds.
        self.skipped = 0
        self.dedup = Dedup(config.dedup)
        self.faults = Faults()
        self.detect = Detect(config.detect, scorers, self.faults)
        self.correlate = Correlator(config.correlate, self.topology)
        self.clusters = Clusters(config.incidents.max_members)
        self.ranking = Ranking(config.incidents, models or Models(), faults=self.faults)
        self.silences = Silences()
        self.incidents = Incidents(
            config.incidents, self.clusters, self.ranking.assess, self.ranking.learn, self.silences
        )
        self.placer = Placer(
            config.incidents, self.dedup, self.detect, self.correlate, self.clusters, self.incidents, self.silences
        )
        self.waking = Waking(self.placer)
        self.actions = Actions(self.incidents, self.ranking, self.waking, self.detect, self.topology)

    def step(self, batch: Sequence[Logged]) -> list[Event]:
        """Fold a batch of records, in order; the events that they cause."""
        out: list[Event] = []
        for record in batch:
            seq = self.seq
            self.seq = seq + 1
            if type(record) is Alert:
                at = self.timeline.at(record.ts)
                if at > self.timeline.now:
                    self._advance(at, seq, out)
                elif self.timeline.back_to >= 0.0:
                    self._set_back(seq, out)
                elif min(self.incidents.next_due(), self.placer.next_due()) <= self.timeline.now:
                    self._advance(self.timeline.now, seq, out)
                self.placer.alert(record, seq, at, self.timeline.now, out)
            else:
                self._other(record, seq, out)
            if self.faults.texts:
                self._report_faults(seq, out)
        return out

    def _report_faults(self, seq: int, out: list[Event]) -> None:
        out.extend(Notice(seq, "plugin", text) for text in self.faults.texts)
        self.faults.texts.clear()

    def _other(self, record: Logged, seq: int, out: list[Event]) -> None:
        if isinstance(record, Skipped):
            self._skip(record, seq, out)
            return
        kind = type(record).__name__.lower()
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if isinstance(record, Incident):
            # History or truth: scored by the host, never seen by the engine.
            return
        trusted = isinstance(record, Tick | Action)
        at = self.timeline.host(record.ts) if isinstance(record, Tick) else self.timeline.at(record.ts)
        if self.timeline.back_to >= 0.0:
            self._set_back(seq, out)
        if isinstance(record, Tick) and not record.passes:
            return
        if at > self.timeline.now and (trusted or at == record.ts):
            self._advance(at, seq, out, MAX_DUE if isinstance(record, Tick) else MAX_DUE_EACH)
        now = self.timeline.now
        if isinstance(record, Metric):
            alert = self.detect.metric(record, at)
            if alert is not None:
                self.placer.alert(alert, seq, min(alert.ts, now), now, out, derived=True)
        elif isinstance(record, Change):
            self.ranking.change(record)
        elif isinstance(record, Action):
            self.actions.apply(record, seq, now, out)

    def _set_back(self, seq: int, out: list[Event]) -> None:
        """Set the time back: what the stages hold for later than that counts as of now."""
        timeline = self.timeline
        ahead_s = timeline.now - timeline.back_to
        timeline.set_back()
        for stage in self._stages().values():
            stage.set_back(timeline.now)
        what = "the host's clock" if timeline.tick >= 0.0 else "the records that followed"
        out.append(Notice(seq, "clock", f"engine time was {duration(ahead_s)} ahead of {what}, and was set back"))

    def _skip(self, record: Skipped, seq: int, out: list[Event]) -> None:
        """Account for a record that cannot be processed: no time passes, and nothing else changes."""
        self.skipped += 1
        if record.of == "alert":
            self.placer.rejected(record.id, seq, record.reason, out)
        else:
            self.kinds[record.of] = self.kinds.get(record.of, 0) + 1
        out.append(Notice(seq, "skipped", f"record {seq} ({record.of} {record.id}) was set aside: {record.reason}"))

    def _advance(self, now: float, seq: int, out: list[Event], most: int = MAX_DUE_EACH) -> None:
        """Let time pass: episodes, clusters and incidents that were due end first, at most so many of each."""
        self.timeline.now = now
        self.placer.expire(now, seq, out, most)
        if self.silences.next_end <= now:
            self.waking.ended(now, seq, out)
        if self.silences.next_start <= now and self.silences.begun(now):
            self.incidents.recheck(held=False)
        if self.placer.muted.waking:
            self.waking.run(now, seq, out, most)
        if self.incidents.unchecked:
            self.incidents.check(now, seq, out, most)
        if self.incidents.next_due() <= now:
            self.incidents.run_due(now, seq, out, most)
        if self.dedup.forgotten and not self.placer.told_forgotten:
            self.placer.told_forgotten = True
            text = f"more than {self.config.dedup.max_streams} alert streams: the ones silent for longest are forgotten"
            out.append(Notice(seq, "cap", text))

    def present(self, name: str) -> tuple[Incident, int, int] | None:
        """An incident as it is now, its version, and the number of the last record; None for one not remembered."""
        incident = self.incidents.by_id.get(name)
        cluster = self.clusters.of(incident.cluster) if incident is not None else None
        if incident is None or cluster is None:
            return None
        return self.incidents.record(incident, cluster, self.timeline.now), incident.version, self.seq - 1

    def finish(self) -> list[Event]:
        """Let so much time pass that all that is open ends by itself; for the end of an archive, not of a daemon."""
        out: list[Event] = []
        # Each round ends what the one before left firing: streams, then held ones, then their incidents.
        for _ in range(4):
            self._advance(self.timeline.now + 2 * self.config.dedup.stale_s, self.seq, out, ALL)
        self._report_faults(self.seq, out)
        return out

    def accounts(self) -> dict[str, Any]:
        """How many records of each kind came, where the alerts went, and whether the sums agree."""
        dispositions = dict(self.placer.dispositions)
        alerts = self.placer.alerts
        placed = sum(dispositions.values())
        others = sum(self.kinds.values())
        return {
            "records": {"alert": alerts, **self.kinds},
            "dispositions": dispositions,
            "derived": self.placer.derived,
            "conserved": placed == alerts and alerts + others == self.seq,
            "open_incidents": self.incidents.open_count,
            "clock_ahead_s": self.timeline.ahead_s(),
            "set_backs": self.timeline.set_backs,
            "set_back_at": self.timeline.set_back_at,
            "storm": self.placer.gatherer.storms.active,
            "streams": len(self.dedup.streams),
            "clusters": len(self.clusters.by_number),
            "silences_set_aside": dict(self.silences.set_aside),
            "detector": self.detect.in_place,
            "skipped": self.skipped,
            "faults": dict(self.faults.counts),
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
            "timeline": self.timeline,
            "kinds": self.kinds,
            "skipped": self.skipped,
            "faults": self.faults.counts,
        }
        stages = self._stages()
        return parts(first, stages.items(), len(stages))

    def restore(self, snapshot: bytes) -> None:
        """Take the state of a `snapshot`; raise `UsageError` for one of another version."""
        # One stage after the other: all of it at once as plain values takes twice the memory of the state.
        try:
            state = msgspec.msgpack.decode(snapshot, type=dict[str, msgspec.Raw])
        except msgspec.MsgspecError:
            state = {}
        self._restore_first(state)
        strings = Strings()
        for name, stage in self._stages().items():
            stage.load(strings.stage(name, state.pop(name)))

    def restore_parts(self, pieces: Iterator[bytes]) -> None:
        """Take the state of `snapshot_parts`, in the same pieces; raise `UsageError` where they are others.

        After an error the engine is of no use.
        """
        stages = self._stages()
        thaw = Thaw(pieces, len(stages))
        try:
            self._restore_first(thaw.first())
            for _ in stages:
                name, state = thaw.stage()
                stages[name].load(state)
        except (msgspec.MsgspecError, StopIteration, LookupError) as error:
            raise UsageError(f"damaged snapshot ({error!r}); state is rebuilt from the journal") from None

    def _restore_first(self, state: Mapping[str, msgspec.Raw]) -> None:
        version = msgspec.msgpack.decode(state["version"]) if "version" in state else None
        if version != SNAPSHOT_VERSION:
            which = f"unsupported snapshot version {version}" if type(version) is int else "snapshot without a version"
            raise UsageError(f"{which} (this build reads {SNAPSHOT_VERSION}); state is rebuilt from the journal")
        self.seq = msgspec.msgpack.decode(state["seq"])
        self.timeline = msgspec.msgpack.decode(state["timeline"], type=Timeline)
        self.kinds = msgspec.msgpack.decode(state["kinds"])
        self.skipped = msgspec.msgpack.decode(state["skipped"])
        self.faults.counts.update(msgspec.msgpack.decode(state["faults"]))

    def _stages(self) -> Mapping[str, Any]:
        return {
            "dedup": self.dedup,
            "detect": self.detect,
            "correlate": self.correlate,
            "clusters": self.clusters,
            "incidents": self.incidents,
            "ranking": self.ranking,
            "silences": self.silences,
            "placer": self.placer,
        }


def step(state: Engine, batch: Sequence[Logged]) -> list[Event]:
    """The fold as a function: `state` moves on, the events come back."""
    return state.step(batch)
