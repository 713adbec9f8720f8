"""Openings that wait or are due without a change of their incident, looked at each second.

What inhibits an opening may begin or end, and a stream that joins may lead to another endpoint although its name and
place are no news.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from math import inf

import msgspec

from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.engine.incidents.clusters import streams_of
from aiops.notify.inhibition import NOTHING_INHIBITED, Inhibition, Target, is_quiet, of_engine
from aiops.notify.policy import EndpointPolicy
from aiops.notify.routes import Destination
from aiops.records import LABELS
from aiops.store.held import Hold, Waiting
from aiops.store.outbox import SETTLING, Entry
from aiops.store.outbox_transaction import OutboxTransaction
from aiops.store.store import Store

# What ends is noticed as soon as page and API show it.
EVERY_S = 1.0
# Incidents of one review that may have got a stream for another endpoint; the others wait for the next one.
MAX_REROUTED = 200


class HeldOpenings:
    """Holds openings that are inhibited by now, releases those that no longer are, adds late ones.

    For the thread that runs the engine. Cost: nothing without routes and rules; else a read of the openings that wait,
    once a second, and the routes of incidents whose streams began to fire.
    """

    def __init__(self, policy: EndpointPolicy) -> None:
        self._policy = policy
        self._engine: Engine | None = None
        self._inhibition: Inhibition = NOTHING_INHIBITED
        self._is_watching = False
        self._due_at = -inf
        self._is_changed = True
        # Clusters in which a stream began to fire since the last review.
        self._grown: dict[int, None] = {}
        # The routes and rules of the last review: others may change all that waits.
        self._seen: object = None

    def observe(self, engine: object) -> None:
        """Take in what a frame changed; call before its decisions are stored."""
        if not isinstance(engine, Engine):
            return
        inhibition = self._policy.inhibition
        is_needed = inhibition is not NOTHING_INHIBITED or self._policy.routes.count > 0
        if engine is not self._engine or inhibition is not self._inhibition or is_needed is not self._is_watching:
            self._engine, self._inhibition, self._is_watching = engine, inhibition, is_needed
            self._is_changed = True
            if is_needed:
                inhibition.start(engine, engine.clusters.watch_firing())
            else:
                engine.clusters.unwatch_firing()
        elif is_needed:
            fired = engine.clusters.take_fired()
            self._is_changed = inhibition.update(fired) or self._is_changed
            if self._policy.routes.count:
                self._grown.update((member.cluster, None) for member in fired.values() if member is not None)

    def review(self, store: Store, now: float) -> int:
        """Review what waits, if a second has passed; return how many openings may leave now.

        Raise `sqlite3.Error` if the disk refuses: then nothing has changed, and the next call tries again.
        """
        if now < self._due_at or self._engine is None:
            return 0
        self._due_at = now + EVERY_S
        rules = (self._policy.routes, self._policy.inhibition)
        released = store.review(self, now, everything=rules != self._seen or self._is_changed)
        self._seen, self._is_changed = rules, False
        grown = list(islice(self._grown, MAX_REROUTED))
        events = list(self._present(self._engine, grown, now))
        added = store.add_late(self, events, now) if events else 0
        for number in grown:
            del self._grown[number]
        return released + added

    def late_entries(self, outbox: OutboxTransaction, event: IncidentChanged, now: float) -> Iterator[Entry]:
        """Return the openings that the present state of an incident lacks."""
        return self._policy.late_entries(outbox, event, now)

    def reconsider(self, outbox: OutboxTransaction, waiting: Waiting, now: float) -> bool:
        """Hold, release or keep one opening; return True if it may leave earlier than before."""
        whole = of_engine(self._engine, waiting.incident) if self._engine is not None else None
        if whole is None:
            # Its end is a change, which withdraws it.
            return False
        streams = self._policy.routes.leading_to(waiting.endpoint, whole.streams)
        target = msgspec.structs.replace(whole, streams=streams)
        if waiting.held is not None and is_quiet(target):
            return False
        hold = self._policy.inhibition.hold(outbox, waiting.endpoint, target, now)
        if hold is not None:
            _keep(outbox, waiting, hold, now)
            return False
        return self._free(outbox, waiting, whole, now)

    def _free(self, outbox: OutboxTransaction, waiting: Waiting, target: Target, now: float) -> bool:
        aim = self._aim(waiting.endpoint, target)
        if aim is None:
            # The endpoint was removed; its messages wait until it is there again.
            return False
        if not (aim.opens or aim.follows):
            outbox.withdraw(waiting.endpoint, waiting.incident, SETTLING, now)
            return False
        due_at = aim.released_at(LABELS[target.severity], waiting.created_at, now)
        if waiting.held is not None:
            return outbox.release(waiting.endpoint, waiting.incident, due_at, now)
        if due_at < waiting.due_at:
            return outbox.hasten(waiting.endpoint, waiting.incident, due_at, now)
        return False

    def _aim(self, endpoint: str, target: Target) -> Destination | None:
        found = self._policy.routes.destinations(target.streams)
        return next((one for one in found if one.config.name == endpoint), None)

    def _present(self, engine: Engine, clusters: list[int], now: float) -> Iterator[IncidentChanged]:
        """Yield the present state of the open incidents of clusters, as changes without news."""
        for number in clusters:
            cluster = engine.clusters.of(number)
            state = engine.incidents.of(cluster) if cluster is not None else None
            if cluster is None or state is None or state.status == "resolved":
                continue
            found = engine.present(state.id)
            if found is not None:
                incident, version, seq = found
                event = IncidentChanged(seq, now, "updated", incident, version, [], state.named.mentions())
                event.streams, event.unkept = streams_of(cluster), cluster.overflow + cluster.unlabelled
                yield event


def _keep(outbox: OutboxTransaction, waiting: Waiting, hold: Hold, now: float) -> None:
    before = msgspec.json.decode(waiting.held, type=Hold) if waiting.held is not None else None
    if before is not None:
        hold = msgspec.structs.replace(hold, since=before.since)
    if hold != before:
        outbox.hold(waiting.endpoint, waiting.incident, msgspec.json.encode(hold), now)
