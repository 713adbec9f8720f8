"""Inhibition: an opening is held while another alert, which makes it needless, fires.

An incident is inhibited for an endpoint if each of its firing streams is inhibited. A stream is inhibited by a rule of
the configuration (`aiops.routing.rules`), or by the topology: an incident on what it depends on is open, was notified
to the same endpoint, and is at least as severe. What cannot be known is not inhibited.

Only openings are held. Nothing here changes a decision of the engine: it reads which streams fire, and keeps an index
of those that may inhibit others. Cost: the source matchers of all rules for each stream that begins to fire.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged, StreamLabels
from aiops.engine.incidents.clusters import MemberState, streams_in, streams_of
from aiops.records import parse_severity
from aiops.routing.rules import Rule
from aiops.store.held import Hold
from aiops.store.outbox_transaction import OutboxTransaction
from aiops.topology import Topology

# Edges along which a fault of the target is felt at the source; a part does not fail with the whole.
KINDS: Final = frozenset(("calls", "runs_on", "uses", "depends_on"))
BY_TOPOLOGY: Final = "topology"
# An opening that leaves within this time counts as notified: the longest settling time by default is a minute.
ABOUT_S: Final = 300.0
# Inhibition by what is itself inhibited is followed over so many alerts; a longer chain inhibits nothing.
MAX_CHAIN: Final = 64


class Target(Struct, frozen=True):
    """An incident whose opening may be held: its level and its streams.

    `is_known` is false if streams fire that are not kept one by one.
    """

    incident: str
    severity: int
    streams: Sequence[StreamLabels]
    is_known: bool = True


class Inhibition(Protocol):
    """Decides if the opening of an incident is held for an endpoint."""

    def start(self, engine: Engine, firing: Iterable[MemberState]) -> None:
        """Begin with an engine and all that fires in it."""
        ...

    def update(self, fired: Mapping[str, MemberState | None]) -> bool:
        """Take in what began, got worse or stopped; return True if other alerts may inhibit."""
        ...

    def hold(self, outbox: OutboxTransaction, endpoint: str, target: Target, now: float) -> Hold | None:
        """Return why an opening is held; None if it is not."""
        ...


class NoInhibition:
    """Inhibition without rules: nothing is held."""

    def start(self, engine: Engine, firing: Iterable[MemberState]) -> None:
        """Begin with nothing."""

    def update(self, fired: Mapping[str, MemberState | None]) -> bool:
        """Take in nothing."""
        return False

    def hold(self, outbox: OutboxTransaction, endpoint: str, target: Target, now: float) -> Hold | None:
        """Return None."""
        return None


NOTHING_INHIBITED: Final = NoInhibition()


def of_event(event: IncidentChanged) -> Target:
    """Return the incident of a change as a target."""
    firing = [one for one in event.streams if one.is_firing]
    level = int(parse_severity(event.incident.severity))
    return Target(event.incident.id, level, firing, event.incident.firing_count <= len(firing))


def of_engine(engine: Engine, incident: str) -> Target | None:
    """Return an open incident as a target, as the engine holds it now; None if it is not open."""
    state = engine.incidents.by_id.get(incident)
    cluster = engine.clusters.of(state.cluster) if state is not None and state.status != "resolved" else None
    if state is None or cluster is None:
        return None
    firing = [one for one in streams_of(cluster) if one.is_firing]
    return Target(incident, state.severity, firing, cluster.firing <= len(firing))


def is_quiet(target: Target) -> bool:
    """Return True if nothing of an incident fires: nobody is to be notified of it now."""
    return target.is_known and not target.streams


class Inhibitor:
    """The inhibition of a configuration; for the thread that runs the engine."""

    def __init__(self, rules: Sequence[Rule], topology: Topology | None = None) -> None:
        """`topology` is that by which what depends on something is inhibited; None: by rules alone."""
        self._rules = list(rules)
        self._topology = topology
        self._engine: Engine | None = None
        # By rule and the values that must be equal; by node; and by fingerprint, to find them again.
        self._by_rule: dict[tuple[int, tuple[str, ...]], dict[str, StreamLabels]] = {}
        self._by_node: dict[str, dict[str, StreamLabels]] = {}
        self._members: dict[str, MemberState] = {}
        self._places: dict[str, list[dict[str, StreamLabels]]] = {}

    def start(self, engine: Engine, firing: Iterable[MemberState]) -> None:
        """Begin with an engine and all that fires in it."""
        self._engine = engine
        for index in (self._by_rule, self._by_node, self._members, self._places):
            index.clear()
        self.update({one.fingerprint: member for member in firing for one in streams_in(member) if one.is_firing})

    def update(self, fired: Mapping[str, MemberState | None]) -> bool:
        """Take in what began, got worse or stopped; see `Inhibition`."""
        changed = False
        for fingerprint, member in fired.items():
            changed = self._put(fingerprint, member) or changed
        return changed

    def hold(self, outbox: OutboxTransaction, endpoint: str, target: Target, now: float) -> Hold | None:
        """Return why an opening is held: the reason of its first stream, if all streams have one."""
        if self._engine is None or not target.is_known or not target.streams:
            return None
        question = _Question(outbox, endpoint, target, now)
        first: Hold | None = None
        for stream in target.streams:
            found = self._of_stream(question, stream)
            if found is None:
                return None
            first = first or found
        return first

    def _put(self, fingerprint: str, member: MemberState | None) -> bool:
        known = self._places.pop(fingerprint, [])
        for place in known:
            place.pop(fingerprint, None)
        self._members.pop(fingerprint, None)
        if member is None:
            return bool(known)
        stream = next((one for one in streams_in(member) if one.fingerprint == fingerprint), None)
        if stream is None or not stream.is_firing:
            # Its labels are not kept, or another stream of the member fires.
            return bool(known)
        places = [
            self._by_rule.setdefault((rule.number, rule.equal(stream)), {})
            for rule in self._rules
            if rule.is_source(stream)
        ]
        places += [self._by_node.setdefault(node, {}) for node in self._nodes(stream)]
        if not places:
            return bool(known)
        for place in places:
            place[fingerprint] = stream
        self._places[fingerprint], self._members[fingerprint] = places, member
        return True

    def _of_stream(self, question: _Question, stream: StreamLabels) -> Hold | None:
        return self._by_rules(question, stream) or self._by_topology(question, stream)

    def _by_rules(self, question: _Question, stream: StreamLabels) -> Hold | None:
        seen = {stream.fingerprint}
        for rule, source in self._sources(stream):
            if self._has_root(source, seen):
                incident = self._incident(source)
                return Hold(f"{source.name} on {source.entity}", rule.name, question.now, incident, source.fingerprint)
        return None

    def _has_root(self, source: StreamLabels, seen: set[str]) -> bool:
        """Return True if a source is not inhibited itself, or by one that is not, and so on.

        What inhibits itself in a circle inhibits nothing: else nobody would be notified of any of it.
        """
        if source.fingerprint in seen or len(seen) >= MAX_CHAIN:
            return False
        seen.add(source.fingerprint)
        is_root = True
        for _, above in self._sources(source):
            if self._has_root(above, seen):
                return True
            is_root = False
        return is_root

    def _sources(self, stream: StreamLabels) -> Iterator[tuple[Rule, StreamLabels]]:
        """Yield the alerts that inhibit one by a rule."""
        for rule in self._rules:
            sources = self._by_rule.get((rule.number, rule.equal(stream))) if rule.is_target(stream) else None
            if not sources:
                continue
            # An alert that matches both sides is not inhibited by one for which the same is true, itself included.
            is_both = rule.is_source(stream)
            for source in sources.values():
                if not (is_both and rule.is_target(source)):
                    yield rule, source

    def _by_topology(self, question: _Question, stream: StreamLabels) -> Hold | None:
        topology = self._topology
        if topology is None:
            return None
        own = self._nodes(stream)
        for node in own:
            for below, kind in topology.depends_on.get(node, {}).items():
                if kind not in KINDS or below in own:
                    continue
                for source in self._by_node.get(below, {}).values():
                    found = self._by_incident(question, source)
                    if found is not None:
                        return found
        return None

    def _by_incident(self, question: _Question, source: StreamLabels) -> Hold | None:
        """Return the hold by the incident of an alert below, or by the one that holds that incident in turn."""
        incident = self._incident(source)
        if incident is None or incident == question.target.incident:
            return None
        if self._outweighs(question, incident):
            return Hold(f"{source.name} on {source.entity}", BY_TOPOLOGY, question.now, incident, source.fingerprint)
        above = question.hold_of(incident)
        if above is None or above.incident in (None, question.target.incident) or above.rule != BY_TOPOLOGY:
            return None
        assert above.incident is not None
        if self._outweighs(question, above.incident):
            return Hold(above.by, BY_TOPOLOGY, question.now, above.incident, above.fingerprint)
        return None

    def _outweighs(self, question: _Question, incident: str) -> bool:
        """Return True if an incident is open, at least as severe, and known to the endpoint."""
        state = self._engine.incidents.by_id.get(incident) if self._engine is not None else None
        if state is None or state.status == "resolved" or state.severity < question.target.severity:
            return False
        return question.outbox.is_announced(question.endpoint, incident, question.now + ABOUT_S)

    def _incident(self, source: StreamLabels) -> str | None:
        """Return the open incident that an alert belongs to, if any."""
        engine, member = self._engine, self._members.get(source.fingerprint)
        cluster = engine.clusters.of(member.cluster) if engine is not None and member is not None else None
        if engine is None or cluster is None or cluster.incident is None:
            return None
        return cluster.incident if engine.incidents.is_open(cluster.incident) else None

    def _nodes(self, stream: StreamLabels) -> list[str]:
        """Return the nodes of the topology that an alert is about: its entity, workload and service."""
        topology = self._topology
        if topology is None:
            return []
        # Not `service_of`: a host's alert is not one of a service that runs on it.
        names = (stream.entity, stream.workload, stream.service or "")
        return [name for name in dict.fromkeys(names) if name in topology.nodes]


class _Question(Struct, frozen=True):
    """A target and an endpoint, with the outbox that knows what the endpoint was notified of."""

    outbox: OutboxTransaction
    endpoint: str
    target: Target
    now: float

    def hold_of(self, incident: str) -> Hold | None:
        """Return the hold of another incident for the same endpoint."""
        held = self.outbox.history(self.endpoint, incident).held
        return None if held is None else msgspec.json.decode(held, type=Hold)
