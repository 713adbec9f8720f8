"""Watches an engine process one alert, and describes what it decided and compared."""

from __future__ import annotations

import re
from collections.abc import Collection

from msgspec.structs import replace

from aiops.backtest.driver import step
from aiops.backtest.explained import (
    Against,
    Compared,
    Explanation,
    Outcome,
    age_text,
    not_compared,
    sentence,
    surge_text,
)
from aiops.engine.correlate.join_evidence import Join
from aiops.engine.correlate.trace import Consideration, Trace
from aiops.engine.engine import Engine
from aiops.engine.events import Placed
from aiops.engine.incidents.storm_grouping import GROUPED
from aiops.records import Logged, Skipped
from aiops.wording import duration, located, plural

_CLUSTER = re.compile(r"c([0-9]{1,18})")


class Witness:
    """Watches the engine process one alert."""

    def __init__(self, engine: Engine, against: str | None, requested: Collection[int]) -> None:
        self.engine = engine
        self.against = against
        self.requested = set(requested) | self._numbers()
        self.trace = Trace(self.requested)

    def see(self, record: Logged) -> Explanation:
        """Process the record; return its explanation."""
        engine = self.engine
        engine.correlate.trace = self.trace
        try:
            events = step(engine, [record])
        finally:
            engine.correlate.trace = None
        # The last one: what passing time placed again came before.
        placed = [each for each in events if isinstance(each, Placed) and each.seq == engine.seq - 1]
        return self._explanation(record, placed[-1])

    def _numbers(self) -> set[int]:
        """Return the correlator's clusters of the incident in question, as far as it is known now."""
        if self.against is None:
            return set()
        if (named := _CLUSTER.fullmatch(self.against)) is not None:
            return {int(named[1])}
        state = self.engine.incidents.by_id.get(self.against)
        cluster = self.engine.clusters.of(state.cluster) if state is not None else None
        return {cluster.number, *cluster.aliases} if cluster is not None else set()

    def _explanation(self, record: Logged, placed: Placed) -> Explanation:
        if isinstance(record, Skipped):
            return Explanation(
                record.id, "", "", None, "", record.ts, placed.seq, "rejected", placed.disposition,
                f"c{placed.cluster}", reason=placed.reason, text=f"The engine could not process it: {placed.reason}.",
            )  # fmt: skip
        arrival, trace, outcome = self.engine.arrival, self.trace, self._outcome(placed)
        stream = arrival.stream
        found = Explanation(
            placed.id, stream.name, stream.entity, stream.service, stream.fingerprint, arrival.now, placed.seq, outcome,
            placed.disposition, f"c{placed.cluster}", placed.incident, placed.reason,
            threshold=self.engine.correlate.limits.threshold,
        )  # fmt: skip
        if outcome == "joined":
            found.chosen = next(
                self._compared(one) for one in trace.considered if one.cluster == arrival.result.cluster
            )
        elif not trace.compared or outcome == "repeat":
            self._remember(found)
        found.others = [
            self._compared(one)
            for one in trace.considered
            if not one.on_request and (found.chosen is None or f"c{one.cluster}" != found.chosen.cluster)
        ]
        found.text = sentence(found, self._cut())
        found.against = self._against(found) if self.against is not None else None
        return found

    def _cut(self) -> str:
        """Return why the best cluster was ended, with the figures; empty if it was not."""
        trace = self.trace
        if not trace.cut:
            return ""
        best = trace.considered[0]
        return surge_text(best.recent, best.usual) if trace.cut == "surge" else age_text(best.age_s, trace.rate)

    def _outcome(self, placed: Placed) -> Outcome:
        arrival, trace = self.engine.arrival, self.trace
        if arrival.verdict == "duplicate" or arrival.verdict == "resolved" or arrival.verdict == "orphan":
            return arrival.verdict
        if arrival.silence is not None:
            return "suppressed"
        result = arrival.result
        if placed.disposition == "duplicate":
            return "repeat"
        if result.background is not None:
            return "habit"
        if not trace.compared:
            return "flood"
        if placed.reason == GROUPED:
            return "grouped"
        if result.new_cluster and result.cluster in self.engine.clusters.alias:
            return "returned"
        if result.new_cluster:
            return "cut" if trace.cut else "opened"
        return "joined"

    def _remember(self, found: Explanation) -> None:
        """Add by which terms the stream came where it is, as its member keeps them."""
        stream = self.engine.arrival.stream
        home = self.engine.clusters.home(stream)
        member = home.members.get(stream.member) if home is not None else None
        if home is not None and member is not None and member.join is not None:
            found.chosen = self._described(home.number, member.join)
            found.joined_at = member.first_at

    def _compared(self, one: Consideration) -> Compared:
        return replace(self._described(one.cluster, one.join), was_compared=not one.on_request)

    def _described(self, number: int, join: Join) -> Compared:
        state = self.engine.clusters.of(number)
        incident = state.incident if state is not None else None
        evidence = join.evidence()
        score = sum(each.value for each in evidence)
        return Compared(f"c{number}", incident, self._title(number, join), score, evidence, join.silent_s)

    def _title(self, number: int, join: Join) -> str:
        cluster = self.engine.correlate.held.find(number)
        if cluster is None or not cluster.entries:
            return f"with {located(join.type, join.entity)}"
        first, others = next(iter(cluster.entries.values())), len(cluster.entries) - 1
        more = f" and {plural(others, 'more stream')}" if others else ""
        return f"{located(first.type, first.entity)}{more}"

    def _against(self, found: Explanation) -> Against | None:
        """Return the answer about the incident in question; None while it is not known yet."""
        name = self.against or ""
        if found.incident == name or found.cluster == name:
            return Against(name, "It is in this incident.")
        if not self.requested:
            return None
        known = [self._compared(one) for one in self.trace.considered if one.cluster in self.requested]
        if not known:
            return Against(name, self._closed())
        best = max(known, key=lambda each: each.score)
        fits = f"Its score is {best.score:+.2f}, and more than {found.threshold:.2f} nats are needed."
        if not best.was_compared:
            return Against(name, f"{not_compared(best)} {fits}", best)
        if best.score > (found.threshold or 0.0) and found.chosen is not None:
            fits = f"It fits ({best.score:+.2f}), but less well than {found.chosen.label} ({found.chosen.score:+.2f})."
        return Against(name, fits, best)

    def _closed(self) -> str:
        """Return why a cluster that is known has no terms."""
        if not self.trace.compared:
            return "This message was compared with no cluster."
        state = next((one for each in self.requested if (one := self.engine.clusters.of(each)) is not None), None)
        if state is None:
            return "Its cluster was not open: nothing joins a closed one."
        joined_at = max((member.first_at for member in state.members.values()), default=state.opened_at)
        ago = duration(max(0.0, self.engine.timeline.now - joined_at))
        # Repeats count in the incident, wherever the correlator would place them.
        quiet = f"its last new stream had come {ago} before, and repeats of firing alerts keep no cluster open"
        return f"Its cluster was closed: {quiet}."


def incident_of(engine: Engine, found: Explanation) -> str | None:
    """Return the incident that the cluster of an alert belongs to now."""
    cluster = engine.clusters.of(int(found.cluster[1:]))
    return cluster.incident if cluster is not None else None
