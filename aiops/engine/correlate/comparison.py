"""Compares an alert with the clusters of recent entries: the hot path of the correlator."""

from __future__ import annotations

from typing import Final

from aiops.engine.correlate.candidate import Candidate
from aiops.engine.correlate.cooccurrence import Cooccurrence
from aiops.engine.correlate.hops import UNPLACED, Hops
from aiops.engine.correlate.join_evidence import Join
from aiops.engine.correlate.open_clusters import OpenClusters
from aiops.engine.correlate.scoring import Limits, at_distance, dead_partner, near, rhythm, silence, size
from aiops.engine.correlate.state import Cluster, Entry

# Below any score; a constant, where `-inf` would be looked up.
NEVER: Final = -1e300


class Comparison:
    """Finds the best cluster of an alert; `found` holds the best entry of each cluster that was compared.

    Cost: at most `Weights.candidates` + 2 entries an alert.
    """

    def __init__(self, limits: Limits, cooccurrence: Cooccurrence, hops: Hops, held: OpenClusters) -> None:
        self.limits = limits
        self.weights = limits.weights
        self.cooccurrence = cooccurrence
        self.hops = hops
        self.held = held
        self.found: list[Entry] = []
        # How many alerts were compared, by which clusters know what they were given for this one.
        self._round = 0
        # What the rhythm adds at best.
        self._most = limits.weights.rhythm * limits.weights.rhythm_cap

    def best(self, candidate: Candidate) -> Entry | None:
        """Return the entry with the highest score, which its cluster holds.

        None where nothing can be compared.
        """
        self._compare(candidate)
        best, score = None, NEVER
        for entry in self.found:
            if entry.cluster.score > score:
                best, score = entry, entry.cluster.score
        return best

    def evidence(self, entry: Entry, candidate: Candidate) -> Join:
        """Return why an alert whose stream is new to the cluster joins it; the terms sum to the score."""
        weights, cluster, ts = self.weights, entry.cluster, candidate.ts
        npmi = self.cooccurrence.npmi(candidate.type, entry.type)
        distance = self.hops.distance(candidate.site, entry.site)
        same = entry.entity == candidate.entity
        rare = 0.0
        if candidate.is_rare and entry.rare and candidate.site is None:
            rare = weights.rare if same else weights.rare_elsewhere
        join = Join()
        join.type, join.entity, join.npmi, join.distance = entry.type, entry.entity, npmi, distance
        join.together = weights.together * npmi
        join.same_entity = weights.entity if same else 0.0
        join.rare = rare
        join.near = 0.0 if distance is None else at_distance(weights, cluster.near, distance)
        join.sealed = cluster.sealed
        join.timing, join.gap_s = weights.rhythm * min(weights.rhythm_cap, rhythm(entry, ts)), ts - entry.last
        join.silence, join.silent_s = -weights.silence * silence(cluster, ts), ts - cluster.last
        join.dead_partner = -weights.partner * dead_partner(cluster, ts)
        join.size, join.count = size(weights, cluster, False), cluster.count
        join.is_new = self.cooccurrence.is_new(candidate.type, entry.type)
        join.rate = candidate.rate if candidate.is_measured else 0.0
        join.pace_s = 0.0 if cluster.pace is None or not cluster.pace.ticks else cluster.pace.gap_s
        return join

    def _entries(self, candidate: Candidate) -> list[Entry]:
        """Return the entries active last, and those of the entity and of the stream itself.

        A flood fills the recent entries within a second, and what it drowns would lose its own story. A stream is not
        led back into a flood, though: the next scan of the same host is another scan.
        """
        found: list[Entry] = []
        entry = self.held.recent.newest
        if entry is None:
            return found
        edge, left = entry.last, self.weights.candidates
        while entry is not None and left > 0:
            found.append(entry)
            edge = entry.last
            entry = entry.older
            left -= 1
        other, own = self.held.latest.get(candidate.entity), candidate.key.entry
        if other is not None and other.last < edge:
            found.append(other)
        if own is not None and own is not other and own.last < edge:
            cluster = own.cluster
            if not cluster.background and not cluster.frequent:
                found.append(own)
        return found

    def _compare(self, candidate: Candidate) -> None:
        """Find the best entry of each cluster, and its score."""
        weights, threshold, ts = self.weights, self.limits.threshold, candidate.ts
        answers = self.cooccurrence.answers_of(candidate.type)
        distances = self.hops.distances(candidate.site)
        oldest = ts - self.limits.idle_s
        together, most = weights.together, self._most
        self._round = round_ = self._round + 1
        found = self.found
        found.clear()
        for entry in self._entries(candidate):
            if entry.last < oldest:
                break
            npmi = answers.get(entry.type)
            if npmi is None:
                npmi = self.cooccurrence.query(answers, candidate.type, entry.type)
            cluster = entry.cluster
            if cluster.round != round_:
                cluster.round, cluster.slot, cluster.score = round_, len(found), NEVER
                found.append(entry)
            score = self._score(entry, candidate, together * npmi, distances)
            known = cluster.score
            if score + most <= (threshold if known < threshold else known):
                continue
            surprise = rhythm(entry, ts)
            score += weights.rhythm * (surprise if surprise < weights.rhythm_cap else weights.rhythm_cap)
            if score > known:
                cluster.score = score
                found[cluster.slot] = entry

    def _score(self, entry: Entry, candidate: Candidate, together: float, distances: dict[str, int] | None) -> float:
        """Return the score of joining through an entry but for its rhythm.

        `NEVER` where that cannot be enough.
        """
        weights = self.weights
        same = entry.entity == candidate.entity
        if distances is None or entry.site is None:
            # The best score it could reach: nothing against it, and the best timing there is.
            best = together
            if same:
                best += weights.entity
                if candidate.is_rare:
                    best += weights.rare
            elif candidate.is_rare:
                best += weights.rare_elsewhere
            if best + self._most <= self.limits.threshold:
                return NEVER
        cluster = entry.cluster
        if cluster.based != self._round:
            cluster.based = self._round
            self._base(cluster, candidate)
        score = cluster.base + together
        if same:
            score += weights.entity
            if candidate.is_rare and entry.rare and candidate.site is None:
                score += weights.rare
        elif candidate.is_rare and entry.rare and candidate.site is None:
            score += weights.rare_elsewhere
        if distances is not None and entry.site is not None:
            distance = distances.get(entry.site, -1 if candidate.site and entry.site else UNPLACED)
            if distance >= 0:
                score += at_distance(weights, cluster.near, distance)
        return score

    def _base(self, cluster: Cluster, candidate: Candidate) -> None:
        """Work out the terms that do not depend on the entry, and what nearness would add."""
        weights, ts = self.weights, candidate.ts
        base = size(weights, cluster, candidate.name in cluster.entries) - weights.silence * silence(cluster, ts)
        if cluster.majors:
            base -= weights.partner * dead_partner(cluster, ts)
        cluster.base = base
        cluster.near = 0.0
        if candidate.site is not None:
            cluster.near = near(weights, cluster, candidate.rate, self.limits.goes_on, ts)
