"""Certainty by decisions: how often what nothing else refused would have been on the cause.

A trial is a decision that every guard permits but the measured certainty. What counts for a run is how often those are
right (the risk on what is selected: Y. Geifman and R. El-Yaniv, "Selective classification for deep neural networks",
NIPS 2017), and not how often any first suspect is. People judge a trial when they review its incident. One incident is
one outcome, wrong if any trial in it was. The share of incidents that nobody reviewed bounds what the count can show:
if people review what went well, it shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from aiops.ports import AlertFact
from aiops.records import Cause, RootCause
from aiops.respond.run_states import Trial
from aiops.score.least_rate import MAX_OUTCOMES, MIN_OUTCOMES, lower
from aiops.score.ranking import cause_case
from aiops.topology import Topology
from aiops.wording import plural

# With fewer of its incidents reviewed, which ones people chose may matter more than what they found.
MIN_REVIEWED = 0.5
# A playbook's own outcomes are too few for a bound: of its last ones their plain share must reach what is required.
OWN, MIN_OWN = 20, 5


class Record(Struct):
    """The latest incidents with a trial: of `incidents`, `reviewed` have an outcome.

    `right` of these were right. `bound` is the least rate of right ones, None if too few are reviewed. `own_right` of
    the last `own` outcomes of one playbook were right.
    """

    incidents: int = 0
    reviewed: int = 0
    right: int = 0
    own: int = 0
    own_right: int = 0

    @property
    def bound(self) -> float | None:
        """Return the least rate of right decisions."""
        if self.reviewed < MIN_OUTCOMES or self.reviewed < MIN_REVIEWED * self.incidents:
            return None
        return lower(self.right, self.reviewed - self.right)

    def lack(self, least: float) -> str:
        """Return what the record lacks for runs at a certainty of `least`; empty if it suffices."""
        counts = f"of {plural(self.reviewed, 'reviewed decision')} that nothing else refused {self.right} were right"
        if self.bound is None:
            needed = f"{self.reviewed} of {plural(self.incidents, 'incident')} with such a decision were reviewed"
            return f"{needed}, at least {MIN_OUTCOMES} and half of them are needed"
        # No comparison with a bound that is no number is true.
        if not self.bound >= least:
            return f"{counts}: at least {self.bound:.0%}, {least:.0%} is required"
        if self.own < MIN_OWN:
            return f"{counts}, but only {self.own} of them were on this playbook as it is now, {MIN_OWN} are needed"
        if self.own_right < least * self.own:
            return f"{counts}, but of the last {self.own} on this playbook only {self.own_right}"
        return ""


def record_of(trials: Iterable[Trial], bodies: Mapping[str, str], playbook: str = "") -> Record:
    """Return the record of a catalogue: `bodies` has the digest of each playbook as it is now.

    Trials of another content count for nothing.
    """
    incidents: dict[str, list[Trial]] = {}
    for one in trials:
        if bodies.get(one.playbook) == one.body:
            incidents.setdefault(one.incident, []).append(one)
    found = Record()
    for each in reversed(incidents.values()):
        if found.reviewed == MAX_OUTCOMES:
            break
        found.incidents += 1
        if (outcome := _outcome(each)) is not None:
            found.reviewed, found.right = found.reviewed + 1, found.right + outcome
        own = _outcome([one for one in each if one.playbook == playbook])
        if own is not None and found.own < OWN:
            found.own, found.own_right = found.own + 1, found.own_right + own
    return found


def latest_bodies(trials: Iterable[Trial]) -> dict[str, str]:
    """Return the digest of each playbook at its last trial, for a reader without the catalogue."""
    return {one.playbook: one.body for one in trials}


def review(
    targets: Sequence[str], cause: str, is_noise: bool, facts: Sequence[AlertFact], topology: Topology
) -> bool | None:
    """Judge targets by a person's review of the incident: the confirmed `cause`, or that it was noise.

    Each target must be that cause, or belong to it. None without a review.
    """
    if is_noise:
        return False
    return all(_is_of(target, cause, facts, topology) for target in targets) if cause else None


def _is_of(target: str, cause: str, facts: Sequence[AlertFact], topology: Topology) -> bool:
    if any(fact.entity == target and fact.workload == cause for fact in facts):
        return True
    return any(cause_case([Cause(target)], RootCause(cause, "service"), topology.service_of).right)


def _outcome(trials: Sequence[Trial]) -> bool | None:
    if any(one.right is False for one in trials):
        return False
    return True if trials and all(one.right for one in trials) else None
