"""Compares an alert with the clusters of recent entries: the hot path of the correlator."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, log
from typing import Final

from aiops.engine.correlate.candidate import Candidate
from aiops.engine.correlate.cooccurrence import BOTH_NEW, Cooccurrence
from aiops.engine.correlate.declined import Declined, declined
from aiops.engine.correlate.distance import FAR, DistanceRatio
from aiops.engine.correlate.hops import Hops
from aiops.engine.correlate.join_evidence import SEALED, Join
from aiops.engine.correlate.kinds import UNKNOWN, KindRatio, class_of
from aiops.engine.correlate.lessons import Lessons, Row
from aiops.engine.correlate.open_clusters import OpenClusters
from aiops.engine.correlate.pace import RETURN_S
from aiops.engine.correlate.returns import Returns
from aiops.engine.correlate.scoring import (
    Limits,
    dead_partner,
    novelty,
    pace,
    quiet,
    returning,
    rhythm,
    silence,
    size,
)
from aiops.engine.correlate.state import Cluster, Entry

# A placed cluster that is silent for so long takes no more strangers: start-ups pause for ten minutes.
PAUSE_S: Final = 900.0
# A graph has held when what is beyond its reach is against a join by so many nats.
APART: Final = -2.0
# What the return of a stream to a cluster that has no other is worth at least, if it keeps its pause: an hourly job
# that fails has no other alert by which the trouble could be known again. Enough to join at any size.
ALONE: Final = 3.0
# A pause is kept if it is as long as the one before but for a quarter: jobs and back-offs that have settled.
KEPT: Final = 0.25
# Entries of a cluster by which lessons are recalled where an explanation is about one that was not compared.
MAX_RECALLED: Final = 16
# Below any score; a constant, where `-inf` would be looked up.
NEVER: Final = -1e300


class Comparison:
    """Finds the best cluster of an alert; `found` holds the best entry of each cluster that was compared.

    Cost: at most `Weights.candidates` + 3 entries an alert.
    """

    def __init__(self, limits: Limits, cooccurrence: Cooccurrence, hops: Hops, held: OpenClusters) -> None:
        self.limits = limits
        self.weights = limits.weights
        self.cooccurrence = cooccurrence
        self.hops = hops
        self.held = held
        self.distance = DistanceRatio()
        self.kinds = KindRatio()
        self.returns = Returns()
        self.lessons = Lessons()
        # What people taught of the alert in hand, None for nothing.
        self._row: Row | None = None
        self.found: list[Entry] = []
        # How many alerts were compared, by which clusters know what they were given for this one.
        self._round = 0
        # Of the alert in hand: how far it is from all open clusters by its place, 0 to 1, and its hops to the
        # cluster that time alone gives it, -1 for none, and how well it fits its kinds.
        self.strangeness = 0.0
        self._active = -1
        self._kinds = UNKNOWN
        # What the rhythm adds at best.
        self._most = limits.weights.rhythm * limits.weights.rhythm_cap

    def best(self, candidate: Candidate) -> Entry | None:
        """Return the entry with the highest score, which its cluster holds.

        None where nothing can be compared.
        """
        self._compare(candidate)
        if candidate.site is not None:
            self._measure(candidate)
        else:
            self.strangeness, self._active, self._kinds = 0.0, -1, -1
        best, score = None, NEVER
        for entry in self.found:
            if entry.cluster.score > score:
                best, score = entry, entry.cluster.score
        return best

    def declined(self, taken: Cluster | None, candidate: Candidate, cut: str = "") -> Declined | None:
        """Return the best scored cluster but the one that was taken; None if there is none.

        If none was taken and all were too unlike to be scored to the end, return the one active last.
        """
        best, score = None, NEVER
        for entry in self.found:
            if entry.cluster is not taken and entry.cluster.score > score:
                best, score = entry, entry.cluster.score
        if best is None and taken is None and self.found:
            best = self.found[0]
        if best is None:
            return None
        join = self.explain(best, candidate)
        # It was sealed only now, after the comparison.
        join.sealed = join.sealed and not cut
        return declined(best.cluster.id, join, cut)

    def explain(self, entry: Entry, candidate: Candidate) -> Join:
        """Return the terms of joining through an entry, also one that was too unlike to be scored."""
        cluster = entry.cluster
        if candidate.site is not None and entry.site is not None:
            self._placed_base(cluster, candidate)
        return self.evidence(entry, candidate)

    def evidence(self, entry: Entry, candidate: Candidate) -> Join:
        """Return why an alert joins a cluster whose score was compared; the terms sum to the score."""
        weights, cluster, ts = self.weights, entry.cluster, candidate.ts
        join = Join()
        join.type, join.entity = entry.type, entry.entity
        join.distance = self._hops(candidate, entry)
        join.is_placed = candidate.site is not None and entry.site is not None
        join.is_placed = join.is_placed and not self._is_apart(join.distance, entry, candidate)
        join.known = candidate.name in cluster.entries
        join.sealed, join.count, join.streams = cluster.sealed, cluster.count, len(cluster.entries)
        join.gap_s, join.silent_s = ts - entry.last, ts - cluster.last
        join.timing = weights.rhythm * min(weights.rhythm_cap, rhythm(entry, ts))
        join.npmi = self.cooccurrence.npmi(candidate.type, entry.type)
        join.is_same_type = candidate.type == entry.type
        join.is_new = self.cooccurrence.is_new(candidate.type, entry.type)
        # What is not placed is not weighed against it, and may be the first one after a restart.
        join.rate = candidate.rate if candidate.is_measured and candidate.site is not None else 0.0
        join.pace_s = 0.0 if cluster.pace is None or not cluster.pace.ticks else cluster.pace.gap_s
        if join.is_placed:
            join.size = size(weights, cluster, True) if join.known else self._novelty(cluster)
            if cluster.phases is not None:
                join.phases, join.alerts, join.strangers = (
                    cluster.phases.count,
                    cluster.phases.alerts,
                    cluster.phases.strangers,
                )
            join.goes_on = pace(cluster, candidate.rate, candidate.trust)
            join.silence = -quiet(cluster, ts, candidate.tail)
            if candidate.pattern is not None and candidate.pattern.cluster is not cluster:
                join.elsewhere = candidate.elsewhere
            if not join.known:
                join.near = 0.0 if join.distance < 0 else self.distance.ratios[join.distance]
                kinds = self._kinds_of(candidate, entry)
                join.together = 0.0 if kinds < 0 else self.kinds.ratios[kinds]
        else:
            self._evidence_apart(join, entry, candidate)
        self._evidence_taught(join, entry, candidate)
        if join.known and candidate.site is not None and cluster.based == self._round:
            self._return(join, cluster, candidate)
        return join

    def _evidence_taught(self, join: Join, entry: Entry, candidate: Candidate) -> None:
        """Set what people taught of the alert's stream with the cluster of an entry, and the lesson to name."""
        row, cluster, name = self._row, entry.cluster, candidate.name
        if row is None or join.known:
            return
        entries = self.entries(candidate) if cluster.taught_in == self._round else list(cluster.entries.values())
        entries = [each for each in entries if each.cluster is cluster][:MAX_RECALLED]
        if cluster.taught_in != self._round:
            self._recall(row, entries, candidate)
        join.taught = taught = cluster.taught
        if not taught:
            return
        best, most = entries[0], 0.0
        for each in entries:
            weight = self.lessons.weigh(row, name, each.name) * (1.0 if taught > 0.0 else -1.0)
            if weight > most:
                best, most = each, weight
        join.precedent = self.lessons.precedent(name, best.name, taught)

    def _evidence_apart(self, join: Join, entry: Entry, candidate: Candidate) -> None:
        """Set the terms of a pair of which one is not placed."""
        weights, cluster, ts = self.weights, entry.cluster, candidate.ts
        join.size = size(weights, cluster, join.known)
        join.dead_partner = -weights.partner * dead_partner(cluster, ts) if cluster.majors else 0.0
        join.prior = -weights.unplaced
        join.together = weights.together * join.npmi
        join.silence = -weights.silence * silence(cluster, ts)
        join.same_entity = self._same(entry, candidate)
        join.is_same = entry.entity == candidate.entity
        if candidate.is_rare and entry.rare:
            join.rare = weights.rare if join.is_same else weights.rare_elsewhere

    def _return(self, join: Join, cluster: Cluster, candidate: Candidate) -> None:
        """Let a join be the return of the stream to its own cluster, if that is worth more than the rest."""
        returns = self._returning(cluster, candidate)
        rest = join.goes_on + join.silence + join.near + join.timing + join.dead_partner + join.elsewhere
        rest += join.prior + join.together + join.same_entity + join.rare
        seal = SEALED if join.sealed and not join.is_placed else 0.0
        if returns - seal > rest:
            join.is_placed = join.is_return = True
            join.returns, join.interval_s = returns, candidate.key.pause
            join.gap_s = candidate.ts - cluster.entries[candidate.name].last

    def entries(self, candidate: Candidate) -> list[Entry]:
        """Return what is compared: the entries active last, and those of the workload and of the stream.

        A flood fills the recent entries within a second, and what it drowns would lose its own story. A stream that is
        not placed is not led back into a flood, though: the next scan of the same host is another scan.
        """
        found: list[Entry] = []
        entry = self.held.recent.newest
        is_placed = candidate.site is not None
        idle_s = self.limits.idle_s if not is_placed or self.limits.idle_s > PAUSE_S else PAUSE_S
        edge, left, oldest = candidate.ts, self.weights.candidates, candidate.ts - idle_s
        while entry is not None and left > 0 and entry.last >= oldest:
            found.append(entry)
            edge = entry.last
            entry = entry.older
            left -= 1
        other, own = self.held.latest.get(candidate.workload), candidate.key.entry
        if other is not None and oldest <= other.last < edge:
            found.append(other)
        if own is not None and not own.cluster.background:
            if is_placed:
                # It may be the latest of its workload, and too old for others.
                if own not in found:
                    found.append(own)
            elif own is not other and oldest <= own.last < edge and not own.cluster.frequent:
                found.append(own)
        pattern = candidate.pattern
        if pattern is not None and pattern is not own and pattern not in found:
            found.append(pattern)
        return found

    def _compare(self, candidate: Candidate) -> None:
        """Find the best entry of each cluster, and its score."""
        weights, threshold, ts = self.weights, self.limits.threshold, candidate.ts
        is_placed = candidate.site is not None
        candidate.distances = self.hops.distances(candidate.site) if candidate.site else None
        most = self._most
        self._round = round_ = self._round + 1
        found = self.found
        found.clear()
        entries, taught = self.entries(candidate), 0.0
        row = self._row = self.lessons.row(candidate.name, ts)
        if row is not None:
            self._recall(row, entries, candidate)
        for entry in entries:
            cluster = entry.cluster
            if cluster.round != round_:
                cluster.round, cluster.slot, cluster.score = round_, len(found), NEVER
                found.append(entry)
            if row is not None:
                taught = cluster.taught
            hops = self._hops(candidate, entry)
            if is_placed and entry.site is not None and not self._is_apart(hops, entry, candidate):
                score = self._placed(hops, entry, candidate) + taught
            else:
                score = self._unplaced(entry, candidate, taught)
            known = cluster.score
            if score + most <= (threshold if known < threshold else known):
                continue
            surprise = rhythm(entry, ts)
            score += weights.rhythm * (surprise if surprise < weights.rhythm_cap else weights.rhythm_cap)
            if score > known:
                cluster.score = score
                found[cluster.slot] = entry
        for entry in found:
            cluster = entry.cluster
            cluster.score_on = cluster.score
            if cluster.based != round_:
                cluster.returns = NEVER
            elif cluster.returns > cluster.score:
                cluster.score = cluster.returns

    def _recall(self, row: Row, entries: Iterable[Entry], candidate: Candidate) -> None:
        """Note for each cluster the mean of what people taught of the alert's stream and its entries."""
        round_, name = self._round, candidate.name
        for entry in entries:
            cluster = entry.cluster
            if cluster.taught_in != round_:
                cluster.taught_in, cluster.taught, cluster.taught_by = round_, 0.0, 0
            if name in cluster.entries:
                continue
            value = self.lessons.weigh(row, name, entry.name)
            if value:
                cluster.taught_by += 1
                cluster.taught += (value - cluster.taught) / cluster.taught_by

    def _is_apart(self, hops: int, entry: Entry, candidate: Candidate) -> bool:
        """Return true for a pair that a graph that has held puts far apart: only kinds can tie it."""
        return hops == FAR and self.distance.ratios[FAR] <= APART and candidate.name not in entry.cluster.entries

    def _placed(self, hops: int, entry: Entry, candidate: Candidate) -> float:
        """Return the score of joining through an entry but for its rhythm, where both are placed."""
        cluster = entry.cluster
        self._placed_base(cluster, candidate)
        if hops >= 0 and (cluster.hops < 0 or hops < cluster.hops):
            cluster.hops = hops
        if candidate.name in cluster.entries:
            return cluster.base
        kinds = self._kinds_of(candidate, entry)
        if kinds > cluster.kinds:
            cluster.kinds = kinds
        score = cluster.base
        if hops >= 0:
            score += self.distance.ratios[hops]
        return score + self.kinds.ratios[kinds] if kinds >= 0 else score

    def _kinds_of(self, candidate: Candidate, entry: Entry) -> int:
        """Return how well the alert's kind goes with that of an entry on another workload."""
        return UNKNOWN if entry.workload == candidate.workload else self._class(candidate, entry.type)

    def _class(self, candidate: Candidate, type_: str) -> int:
        """Return how well the alert's kind goes with another."""
        if type_ == candidate.type:
            return UNKNOWN
        npmi = self._npmi(candidate, type_)
        return UNKNOWN if npmi == BOTH_NEW else class_of(npmi)

    def _npmi(self, candidate: Candidate, type_: str) -> float:
        npmi = candidate.answers.get(type_)
        return self.cooccurrence.query(candidate.answers, candidate.type, type_) if npmi is None else npmi

    def _unplaced(self, entry: Entry, candidate: Candidate, taught: float) -> float:
        """Return the score of joining through an entry but for its rhythm, where one is not placed.

        `NEVER` where that cannot be enough.
        """
        weights = self.weights
        score = weights.together * self._npmi(candidate, entry.type) + self._same(entry, candidate) - weights.unplaced
        if candidate.is_rare and entry.rare:
            score += weights.rare if entry.entity == candidate.entity else weights.rare_elsewhere
        score += taught
        # The best score it could reach: nothing against it, and the best timing there is.
        if score + self._most <= self.limits.threshold:
            return NEVER
        cluster = entry.cluster
        if cluster.based_apart != self._round:
            cluster.based_apart = self._round
            cluster.base_apart = self._unplaced_base(cluster, candidate)
        return cluster.base_apart + score

    def _same(self, entry: Entry, candidate: Candidate) -> float:
        return self.weights.entity if entry.entity == candidate.entity else 0.0

    def _hops(self, candidate: Candidate, entry: Entry) -> int:
        """Return the hops to an entry, `FAR` beyond the map; -1 where one has no place in the graph."""
        distances, other = candidate.distances, entry.site
        return distances.get(other, FAR) if distances is not None and other else -1

    def _unplaced_base(self, cluster: Cluster, candidate: Candidate) -> float:
        """Return the terms that do not depend on the entry, for pairs of which one is not placed."""
        weights, ts = self.weights, candidate.ts
        base = size(weights, cluster, candidate.name in cluster.entries) - weights.silence * silence(cluster, ts)
        return base - weights.partner * dead_partner(cluster, ts) if cluster.majors else base

    def _placed_base(self, cluster: Cluster, candidate: Candidate) -> None:
        """Work out the terms that do not depend on the entry, for placed pairs."""
        if cluster.based == self._round:
            return
        cluster.based = self._round
        ts = candidate.ts
        cluster.returns, cluster.hops, cluster.kinds = NEVER, -1, UNKNOWN
        seal = SEALED if cluster.sealed else 0.0
        base = pace(cluster, candidate.rate, candidate.trust) - quiet(cluster, ts, candidate.tail) - seal
        if candidate.name in cluster.entries:
            own = size(self.weights, cluster, True)
            base += own
            cluster.returns = self._returning(cluster, candidate) + own - seal
        else:
            base += self._novelty(cluster)
        if candidate.pattern is not None and candidate.pattern.cluster is not cluster:
            base += candidate.elsewhere
        cluster.base = base

    def _returning(self, cluster: Cluster, candidate: Candidate) -> float:
        """Return what it is worth that a stream returns to its own cluster."""
        key, ts = candidate.key, candidate.ts
        found = returning(key, len(self.held.keys), candidate.elapsed_s, ts)
        if found >= ALONE or key.pause <= 0.0 or len(cluster.entries) > 1 or ts - key.last < RETURN_S:
            return found
        return ALONE if abs(log((ts - key.last) / key.pause)) < KEPT else found

    def _novelty(self, cluster: Cluster) -> float:
        if cluster.phases is None:
            return novelty(self.weights, cluster)
        return self.weights.novelty * self.returns.novelty(cluster.phases)

    def learn(self, candidate: Candidate) -> None:
        """Learn what distances and kinds show from a placed alert that was compared."""
        distances = candidate.distances
        sites = self.distance.decoy() if self._active >= 0 else None
        if sites is not None and distances is not None:
            self.distance.sample(self._active, min([distances.get(site, FAR) for site in sites]))
        types = self.kinds.decoy() if self._kinds >= 0 else None
        if types is not None:
            other = max([self._class(candidate, type_) for type_ in types])
            if other >= 0:
                self.kinds.sample(self._kinds, other)

    def _measure(self, candidate: Candidate) -> None:
        """Note how strange a new stream's place is, and how far from the cluster that time gives it."""
        self.strangeness, self._active, self._kinds = 0.0, -1, -1
        nearest, is_known = -1, False
        best: Cluster | None = None
        for entry in self.found:
            cluster = entry.cluster
            if cluster.based != self._round:
                continue
            if candidate.name in cluster.entries:
                is_known = True
            if cluster.hops >= 0 and (nearest < 0 or cluster.hops < nearest):
                nearest = cluster.hops
            if best is None or cluster.base > best.base:
                best = cluster
        if best is None:
            return
        if best.base > 0.0 and candidate.name not in best.entries:
            self._kinds, self._active = best.kinds, best.hops
        if not is_known and nearest >= 0 and self.distance.ratios[nearest] < 0.0:
            self.strangeness = 1.0 - exp(self.distance.ratios[nearest])
