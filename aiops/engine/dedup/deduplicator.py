"""Deduplication: fingerprints, exact copies, repeats, episodes, leases, flapping.

A stream's episode runs from firing to resolved, in the order of receipt. The sender's times are of its own clock, which
may be minutes off, and are compared with each other only: `starts_at` names the episode, and an end that moves on with
each message is a lease, wherever it lies.
"""

from __future__ import annotations

import heapq
import sys
from collections import OrderedDict
from math import exp, inf
from typing import Any, ClassVar, Final, TypedDict

from aiops.engine.arrival import Arrival
from aiops.engine.dedup.config import DedupConfig
from aiops.engine.dedup.episode import FORGOTTEN, EpisodeState, episode_of, followed
from aiops.engine.dedup.stream import HELD, Stream, describe, entity_of, identity_entity, identity_of, new_stream
from aiops.engine.interning import Identity, Shared
from aiops.records import Alert
from aiops.workloads import Workloads

# Firings closer together than this are one occasion: most faults ring their bells again and again for a while.
HABIT_GAP_S: Final = 900.0
# A stream's occasions are forgotten over a day: what is usual at night or on Mondays stays usual.
HABIT_MEMORY_S: Final = 86_400.0
# What fired of late is no news of an incident. Longer than most faults last, shorter than a working day; with a day
# instead, causes are named less often once there is history (top-3 on cloudbed-1 .79 against .74).
RECENT_MEMORY_S: Final = 7_200.0
# Labels that mappings make of annotations, for playbooks to read. Annotations describe an alert and may be edited while
# it fires; they do not identify it (Prometheus' data model).
ANNOTATIONS = frozenset({"runbook_url"})
# A firing with the start of an episode that was resolved this recently comes from a replica that has not received the
# end: three group intervals of Alertmanager, and as long as Prometheus repeats an end. Later it is news.
REPLICA_S: Final = 900.0
# The same for messages that name no start: one that overtook another is rarely later than this.
OVERTAKEN_S: Final = 60.0
# An end so long ago on arrival is more than the way of a message.
LAPSED_S: Final = 5.0
# An end moves on with the clock if it does by what passed between two messages, give or take half, and engine time
# moves in steps of some seconds.
LAPSED_SHARE, LAPSED_STEP_S = 0.5, 5.0
# Twice in a row is a lease: the ends that two replicas send may look like one step, and then go back.
LAPSED_MOVES: Final = 2
# The assumed lease of an end that is meaningless in this clock; Prometheus renews it at least every minute.
LEASE_S: Final = 300.0
# An end further away is not the end of a lease but that of a tool which knows none, or of a broken clock.
MAX_LEASE_S = 7 * 86_400.0
# Entries of the queue that are not the stream's valid one are dropped when there are more than twice the streams.
SLACK: Final = 64

# A copy is known by stream, time, status and id.
Copy = tuple[int, float, str, str]


class DedupState(TypedDict):
    """The state of `Dedup` in snapshots."""

    streams: list[Stream]
    next: int
    forgotten: int
    recent: list[Copy]
    older: list[Copy]
    due: list[tuple[float, int]]


class Dedup:
    """All streams, bounded by `max_streams`: the stream silent for longest is forgotten first.

    Cost: about 1.5 µs an alert. Memory: about 700 bytes a stream.
    """

    STATE: ClassVar[Any] = DedupState

    def __init__(self, config: DedupConfig, workloads: Workloads | None = None) -> None:
        self.config = config
        self.workloads = workloads or Workloads()
        self.ignored = ANNOTATIONS | frozenset(config.ignore_labels)
        # Ordered dicts: taking the first of a plain one walks over all that were deleted before it.
        self.streams: OrderedDict[Identity, Stream] = OrderedDict()
        self.forgotten = 0
        # Forgotten streams that their clusters must still be notified of; empty between records.
        self.dropped: list[Stream] = []
        self._numbers: dict[int, Identity] = {}
        self._next = 0
        # Two generations: when the younger is full it becomes the older, and what was older is forgotten.
        self._recent: dict[Copy, None] = {}
        self._older: dict[Copy, None] = {}
        self._due: list[tuple[float, int]] = []
        self._shared = Shared()
        # Streams with an alert or an end since they were last taken, and episodes that were followed by another one
        # meanwhile; collected once a host watches, and no part of the state.
        self._touched: dict[int, Stream] | None = None
        self._past: list[EpisodeState] = []

    def watch(self) -> None:
        """Collect from now on which streams change."""
        if self._touched is None:
            self._touched = {}

    def take_touched(self) -> tuple[list[Stream], list[EpisodeState]]:
        """Return the streams that changed since the last call, and the episodes that they left behind."""
        if not self._touched and not self._past:
            return [], []
        streams, past = list((self._touched or {}).values()), self._past
        self._touched, self._past = {}, []
        return streams, past

    def touch(self, stream: Stream) -> None:
        """Note that a stream changed, for a host that watches."""
        if self._touched is not None:
            self._touched[stream.number] = stream

    def admit(self, arrival: Arrival) -> None:
        """Find the stream of an alert, end an expired previous episode, and decide the verdict."""
        stream = arrival.stream = self.stream(arrival.alert)
        if stream.due_at <= arrival.now and (stream.firing or stream.held) and self.settle(stream, arrival.now):
            arrival.ended_at = max(stream.resolved_at, stream.last_at)
        self.observe(arrival)
        if self._touched is not None:
            self._touched[stream.number] = stream
        if stream.silenced and stream.firing and arrival.verdict == "duplicate":
            # Nobody was notified of this episode; if its silence has ended, a repeat is news.
            arrival.verdict = "new"

    def stream(self, alert: Alert) -> Stream:
        """Return the stream of an alert; a new one if there is none."""
        identity = identity_of(alert, alert.entity or identity_entity(alert), self.ignored)
        stream = self.streams.get(identity)
        if stream is None:
            stream = self._open(identity, alert)
        elif alert.key and not stream.firing and alert.status == "firing":
            # A resolve may have come first, without a name; and a tool may word the same problem anew.
            describe(stream, alert, alert.entity or entity_of(alert), self._shared)
            self._name_workload(stream)
        return stream

    def of(self, number: int) -> Stream | None:
        """Return the stream of a number; None for one that was forgotten."""
        identity = self._numbers.get(number)
        return self.streams.get(identity) if identity is not None else None

    def _open(self, identity: Identity, alert: Alert) -> Stream:
        if len(self.streams) >= self.config.max_streams:
            self._forget_oldest()
        number = self._next
        self._next += 1
        stream = new_stream(number, identity, self._shared, alert, alert.entity or entity_of(alert))
        self._name_workload(stream)
        identity = stream.identity
        self.streams[identity] = stream
        self._numbers[number] = identity
        return stream

    def _name_workload(self, stream: Stream) -> None:
        stream.workload = self._shared.text(self.workloads.of(stream.entity, stream.service))

    def _forget_oldest(self) -> None:
        """Streams stand in the order in which their latest episode opened; take the first that does not fire.

        Looking at 64 keeps the cost of an attack with ever new labels flat; if all of them fire, the first goes.
        """
        victim = None
        for position, (identity, stream) in enumerate(self.streams.items()):
            if victim is None:
                victim = identity
            if not stream.firing and not stream.held:
                victim = identity
                break
            if position >= 64:
                break
        assert victim is not None
        stream = self.streams.pop(victim)
        self.dropped.append(stream)
        del self._numbers[stream.number]
        self.forgotten += 1
        if self._touched is not None:
            self._touched.pop(stream.number, None)
            self._past.append(episode_of(stream, FORGOTTEN))

    def observe(self, arrival: Arrival) -> None:
        """Decide the verdict on an alert of a known stream, and update the stream."""
        stream, alert = arrival.stream, arrival.alert
        stream.seen += 1
        if stream.begun < 0:
            # An end without a beginning, or a snapshot that did not know where its episode began.
            stream.begun, stream.before = arrival.seq, stream.seen - 1
        if alert.id and self._copy(stream, alert, arrival.at):
            arrival.verdict, arrival.reason = "duplicate", "exact copy"
        elif alert.status != "resolved":
            self._fire(arrival, False)
        elif alert.ends_at is not None and self._moves_on(stream, alert.ends_at, arrival.now):
            self._fire(arrival, True)
        else:
            self._resolve(arrival)

    def _copy(self, stream: Stream, alert: Alert, ts: float) -> bool:
        key = (stream.number, ts, alert.status, alert.id)
        recent = self._recent
        if key in recent or key in self._older:
            return True
        recent[key] = None
        if len(recent) >= self.config.max_recent:
            self._older, self._recent = recent, {}
        return False

    def _moves_on(self, stream: Stream, end: float, now: float) -> bool:
        """Return true if an end that lay in the past on arrival is the lease of a sender whose clock is late.

        Prometheus posts alerts with the end of their lease and no status. A real end stays where it is, or comes before
        the last lease.
        """
        if now - end <= LAPSED_S:
            return False
        known = stream.lapsed
        if known is None or end < known[0]:
            stream.lapsed = (end, now, 0)
            return False
        moves = known[2]
        if end == known[0]:
            return stream.firing and moves >= LAPSED_MOVES
        passed = now - known[1]
        fits = abs(end - known[0] - passed) <= max(LAPSED_STEP_S, LAPSED_SHARE * passed)
        moves = min(moves + 1, LAPSED_MOVES) if fits else 0
        stream.lapsed = (end, now, moves)
        return moves >= LAPSED_MOVES

    def _fire(self, arrival: Arrival, is_lapsed: bool) -> None:
        """Take in a firing.

        `is_lapsed` is one with the status resolved, with a lease of a sender's late clock.
        """
        stream, now = arrival.stream, arrival.now
        starts_at, ends_at = arrival.alert.starts_at, arrival.alert.ends_at
        if ends_at is not None or starts_at is not None:
            stream.has_life_cycle = True
        begins = not stream.firing
        if begins:
            late = None if is_lapsed else _late(stream, starts_at, arrival.at, now)
            if late is not None:
                arrival.verdict, arrival.reason = "duplicate", late
                return
            self._begin(arrival)
        else:
            self._repeat(arrival)
        if now > stream.last_at:
            stream.last_at = now
        if ends_at is not None:
            stream.lease_until = now + LEASE_S if is_lapsed else _lease(ends_at, arrival.at, now)
        if begins or ends_at is not None:
            # Any other firing moves the deadline on, which is seen when it comes.
            self._schedule(stream)

    def _repeat(self, arrival: Arrival) -> None:
        """Decide the verdict on a firing inside the running episode."""
        stream, starts_at = arrival.stream, arrival.alert.starts_at
        if starts_at is not None and stream.starts_at is not None and starts_at <= stream.starts_at:
            # Replicas name the start a little differently; the earlier one is not another episode.
            arrival.verdict, arrival.reason = "duplicate", "repeat of the firing alert"
            return
        if stream.lease_until is not None and arrival.now <= stream.lease_until:
            arrival.verdict, arrival.reason = "duplicate", "renews its lease"
        else:
            arrival.verdict = "repeat"
        if starts_at is not None:
            stream.starts_at = starts_at

    def _begin(self, arrival: Arrival) -> None:
        stream, now = arrival.stream, arrival.now
        if self._touched is not None and stream.begun >= 0 and stream.number in self._touched:
            # The host has not seen its end, which this alert writes over.
            self._past.append(followed(stream))
        stream.firing = True
        stream.starts_at = arrival.alert.starts_at
        stream.lease_until = None
        # To the end of the line: the order of `streams` is the order of their latest episodes.
        self.streams.move_to_end(stream.identity)
        if now - stream.habit_at >= HABIT_GAP_S:
            stream.habit = 1.0 + stream.habit * exp((stream.habit_at - now) / HABIT_MEMORY_S)
            stream.recent = 1.0 + stream.recent * exp((stream.habit_at - now) / RECENT_MEMORY_S)
            stream.habit_at = now
        stream.firings = (*stream.firings, now)[-self.config.flap_count :]
        if not stream.held and self._flaps(stream, now):
            stream.held = True
        if stream.held and stream.cluster >= 0:
            arrival.verdict, arrival.reason = "duplicate", HELD
        else:
            arrival.verdict = "new"
            stream.episode += 1
            stream.opened_at = arrival.at
            stream.begun, stream.before = arrival.seq, stream.seen - 1

    def _flaps(self, stream: Stream, ts: float) -> bool:
        firings = stream.firings
        return len(firings) >= self.config.flap_count and ts - firings[0] <= self.config.flap_window_s

    def _resolve(self, arrival: Arrival) -> None:
        stream, at, now = arrival.stream, arrival.at, arrival.now
        if stream.episode == 0 and not stream.firing:
            arrival.verdict, arrival.reason = "orphan", "resolved without having fired"
        elif not stream.firing:
            arrival.verdict, arrival.reason = "duplicate", "already resolved"
        elif _ended_before(stream, arrival.alert.starts_at, at, now):
            arrival.verdict, arrival.reason = "duplicate", "late: an earlier episode's end"
            return
        else:
            arrival.verdict, arrival.reason = "resolved", "resolved"
            stream.firing = False
            stream.ended_at, stream.ended_start = now, stream.starts_at
        stream.has_life_cycle = True
        stream.resolved_at = max(stream.resolved_at, at)
        stream.last_at = max(stream.last_at, now)
        if stream.held:
            # It is now waiting for calm, which comes sooner than the end of a firing.
            self._schedule(stream)

    def _deadline(self, stream: Stream) -> float:
        """Return the time at which a silent stream expires, or stops being held."""
        if not stream.firing:
            return stream.last_at + self.config.flap_calm_s
        if stream.lease_until is not None:
            return max(stream.lease_until, stream.opened_at)
        return stream.last_at + (self.config.stale_s if stream.has_life_cycle else self.config.quiet_s)

    def _schedule(self, stream: Stream) -> None:
        """See that the stream's entry in the queue comes no later than its deadline.

        Mostly it is there already.
        """
        deadline = self._deadline(stream)
        if deadline < stream.due_at:
            stream.due_at = deadline
            heapq.heappush(self._due, (deadline, stream.number))
            if len(self._due) > 2 * len(self.streams) + SLACK:
                self._tidy()

    def _tidy(self) -> None:
        """Drop the entries that an earlier one of their stream, or its end, has made void."""
        live = [(stream.due_at, stream.number) for stream in self.streams.values() if stream.due_at < inf]
        heapq.heapify(live)
        self._due = live

    def next_due(self) -> float:
        """Return when `expire` may have something to do; infinity when nothing is due."""
        return self._due[0][0] if self._due else inf

    def settle(self, stream: Stream, now: float) -> bool:
        """End an expired stream whose turn in `expire` has not come yet; return True if it ended."""
        ended = False
        while (stream.firing or stream.held) and self._deadline(stream) <= now:
            ended = self._end(stream, self._deadline(stream)) is not None
        return ended

    def expire(self, now: float, most: int = sys.maxsize) -> list[tuple[Stream, str]]:
        """Streams that ended by silence or by their lease, or came to rest after flapping, with the reason.

        Each stream has one valid entry in the queue, moved on when it is due and has fired since; at most so many
        entries are looked at.
        """
        ended: list[tuple[Stream, str]] = []
        while most > 0 and self._due and self._due[0][0] <= now:
            most -= 1
            at, number = heapq.heappop(self._due)
            identity = self._numbers.get(number)
            stream = self.streams.get(identity) if identity is not None else None
            if stream is None or at != stream.due_at:
                continue
            stream.due_at = inf
            if not (stream.firing or stream.held):
                continue
            deadline = self._deadline(stream)
            if deadline > now:
                self._schedule(stream)
                continue
            reason = self._end(stream, deadline)
            if reason:
                ended.append((stream, reason))
        return ended

    def _end(self, stream: Stream, deadline: float) -> str | None:
        """End what is due. A held stream that fires is first silent, then calm."""
        if stream.firing:
            reason = "its lease ran out" if stream.lease_until is not None else "silent for long"
            stream.firing = False
            stream.resolved_at = max(stream.resolved_at, deadline)
            self.touch(stream)
            # No message ended it: a firing with the same start continues it.
            stream.ended_at, stream.ended_start = -inf, None
            if stream.held:
                self._schedule(stream)
                return None
            return reason
        stream.held = False
        self.touch(stream)
        return "calm after flapping"

    def set_back(self, now: float) -> None:
        """Count times ahead of `now` as `now`: engine time was set back."""
        for stream in self.streams.values():
            if stream.last_at > now and stream.lease_until is not None:
                stream.lease_until = now + max(0.0, stream.lease_until - stream.last_at)
            stream.opened_at = min(stream.opened_at, now)
            stream.last_at = min(stream.last_at, now)
            stream.resolved_at = min(stream.resolved_at, now)
            stream.ended_at = min(stream.ended_at, now)
            stream.habit_at = min(stream.habit_at, now)
            stream.firings = tuple([min(at, now) for at in stream.firings])
            if stream.lapsed is not None and stream.lapsed[1] > now:
                stream.lapsed = None
            stream.due_at = self._deadline(stream) if stream.firing or stream.held else inf
        self._tidy()

    def dump(self) -> DedupState:
        """State for a snapshot."""
        return {
            "streams": list(self.streams.values()),
            "next": self._next,
            "forgotten": self.forgotten,
            "recent": list(self._recent),
            "older": list(self._older),
            "due": self._due,
        }

    def load(self, state: DedupState) -> None:
        """Take the state of a `dump`."""
        self.streams = OrderedDict((stream.identity, stream) for stream in state["streams"])
        self._numbers = {stream.number: stream.identity for stream in state["streams"]}
        self._next = state["next"]
        self.forgotten = state["forgotten"]
        self._recent = dict.fromkeys(state["recent"])
        self._older = dict.fromkeys(state["older"])
        self._due = state["due"]


def _late(stream: Stream, starts_at: float | None, ts: float, now: float) -> str | None:
    """Return why a firing belongs to the episode that was resolved last; None when it is a new one."""
    if starts_at is not None and stream.ended_start is not None:
        if starts_at <= stream.ended_start and now - stream.ended_at <= REPLICA_S:
            return "late: its episode was resolved"
    elif ts < stream.resolved_at and now - stream.ended_at <= OVERTAKEN_S:
        return "late: older than its resolution"
    return None


def _ended_before(stream: Stream, starts_at: float | None, ts: float, now: float) -> bool:
    """Return true if a resolution names an episode before the running one."""
    if starts_at is not None and stream.starts_at is not None:
        return stream.ended_start is not None and starts_at <= stream.ended_start < stream.starts_at
    return ts <= stream.resolved_at and now - stream.ended_at <= OVERTAKEN_S


def _lease(ends_at: float, ts: float, now: float) -> float | None:
    """The end of a lease in the engine's time.

    Of one that has ended on arrival, the rest by the sender's clock.
    """
    until = ends_at if ends_at > now else now + max(0.0, ends_at - ts)
    # The rest may be decades where the engine does not believe the sender's clock.
    return until if until - now <= MAX_LEASE_S else None
