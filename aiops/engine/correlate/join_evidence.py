"""The evidence by which a stream joined a cluster.

The numbers are kept as they were at that moment; sentences are made when they are read. Most members of a large
incident are never shown.
"""

from __future__ import annotations

from typing import Annotated, Final

from aiops.engine.correlate.hops import MAX_HOPS
from aiops.engine.correlate.lesson import Precedent
from aiops.engine.correlate.onset_rate import START_S
from aiops.engine.fields import SINCE_8, state
from aiops.records import Evidence
from aiops.wording import duration, located, plural

# Against a placed cluster that a surge or its age has ended: nothing joins it any more but by its own return. From 5 on
# all is the same, at 2 overlapping faults fall together.
SEALED: Final = 5.0
# Less is one moment: senders' clocks and networks differ by more.
MOMENT_S: Final = 0.05
# A term of one nat is odds of nearly three; what is less is no reason to name.
STRONG: Final = 1.0
# Types that go together by less than this share a busy hour (as for the ties of `splitting`).
OFTEN: Final = 0.2


@state(acyclic=True)
class Join:
    """The additive terms of one join (see `Weights`), in nats, and their inputs.

    `type` and `entity` are those of the entry that was joined through; `npmi` that of the two types. `is_placed`: both
    name a service or stand in the graph, and time is evidence (`goes_on`, `near`); else `prior` to `rare` are.
    `distance` is in hops, -1 where a graph lacks one of the two. `gap_s` is the time since the entry's last alert,
    `silent_s` since the cluster's; `count` and `streams` are those of the cluster, `known`: the alert's stream is among
    them, `is_same`: its entity is. `is_new`: nothing was known of the two types,
    `is_same_type`: they are one; `rate` is that of new things (1/s),
    `pace_s` the cluster's mean gap, both 0 until they are measured. `is_return`: the return of the stream to its own
    cluster (`returns`) was worth more than all other terms but `size`; `interval_s` is its pause before this
    one, 0 if it had none. `phases` is
    how often the cluster has returned, `alerts` and `strangers` are its alerts and new streams since the first time;
    `elsewhere` is what it means that the stream is due in another one, which returns. `taught` is what people's
    corrections show (`lessons`), with the `precedent` to name.
    """

    type: str
    entity: str
    npmi: float
    distance: int
    gap_s: float
    silent_s: float
    count: int
    streams: int
    known: bool
    is_placed: bool
    is_new: bool
    is_same_type: bool
    rate: float
    pace_s: float
    timing: float
    silence: float
    size: float
    dead_partner: float = 0.0
    sealed: bool = False
    goes_on: float = 0.0
    near: float = 0.0
    prior: float = 0.0
    together: float = 0.0
    same_entity: float = 0.0
    is_same: bool = False
    rare: float = 0.0
    is_return: bool = False
    returns: float = 0.0
    interval_s: float = 0.0
    phases: int = 0
    alerts: int = 0
    strangers: int = 0
    elsewhere: float = 0.0
    taught: Annotated[float, SINCE_8] = 0.0
    precedent: Annotated[Precedent | None, SINCE_8] = None

    def score(self) -> float:
        """Return the sum of the terms: the score that was compared."""
        return sum([each.value for each in self.evidence()])

    def strongest(self) -> float:
        """The largest term; those that are not named here are never positive."""
        if self.is_return:
            return self.returns
        # Inlined: a call of `max` makes an object of each number, and a large incident queries all its members.
        most = self.timing
        if self.goes_on > most:
            most = self.goes_on
        if self.near > most:
            most = self.near
        if self.together > most:
            most = self.together
        if self.same_entity > most:
            most = self.same_entity
        if self.taught > most:
            most = self.taught
        return self.rare if self.rare > most else most

    def evidence(self) -> list[Evidence]:
        """Return the terms with their sentences; the values sum to the score that was compared."""
        if self.is_return:
            found = [Evidence("returns", self.returns, self._returns())]
        elif self.is_placed:
            found = self._placed()
        else:
            found = self._unplaced()
        if self.taught and not self.is_return:
            text = self.precedent.sentence() if self.precedent is not None else "people corrected the like before"
            found.append(Evidence("taught", self.taught, text))
        if self.dead_partner and not self.is_return:
            found.append(Evidence("dead_partner", self.dead_partner, "a frequent alert of the cluster has stopped"))
        found.append(Evidence("size", self.size, self._size()))
        if self.sealed and self.is_placed:
            found.append(
                Evidence("sealed", -SEALED, "something new had begun: a surge or its age has ended this cluster")
            )
        return found

    def _placed(self) -> list[Evidence]:
        new = f"too little was seen yet: one new problem in {duration(START_S)} is assumed"
        if self.rate:
            new = f"about one new problem in {duration(1.0 / self.rate)} begins here"
        pace = "the pace of this cluster is not known yet"
        if self.pace_s:
            pace = f"alerts of this cluster come about every {duration(self.pace_s)}"
        found = [
            Evidence("goes_on", self.goes_on, f"{new}; {pace}"),
            Evidence("silence", self.silence, self._silence()),
        ]
        if self.elsewhere:
            found.append(Evidence("elsewhere", self.elsewhere, "it is due in another cluster, where it returns"))
        if self.near:
            found.append(Evidence("near", self.near, self._near()))
        if self.together:
            found.append(Evidence("co_occurrence", self.together, self._together()))
        found.append(Evidence("timing", self.timing, self._timing()))
        return found

    def _unplaced(self) -> list[Evidence]:
        entity = self.entity
        found = [
            Evidence("prior", self.prior, "its service is not known, so kind and place must tie it"),
            Evidence("co_occurrence", self.together, self._together()),
        ]
        if self.same_entity:
            text = f"the cluster has alerts on the same entity, {entity}"
            found.append(Evidence("same_entity", self.same_entity, text))
        if self.rare:
            where = f" on {entity}" if self.is_same else ""
            text = f"both alerts are rare{where}: they have hardly ever fired before"
            found.append(Evidence("rare", self.rare, text))
        found.append(Evidence("timing", self.timing, self._timing()))
        if self.silence:
            found.append(Evidence("silence", self.silence, f"the cluster had no alert for {self.silent_s:.1f} s"))
        return found

    def _size(self) -> str:
        if self.known and self.streams == 1:
            return f"the cluster has no other stream, and {plural(self.count, 'alert')}"
        if self.known:
            return (
                f"its stream is one of {plural(self.streams, 'stream')} in a cluster of {plural(self.count, 'alert')}"
            )
        if self.phases:
            times = "once" if self.phases == 1 else f"{self.phases} times"
            return (
                f"first alert of its stream in a cluster that has returned {times}:"
                f" with {plural(self.alerts, 'alert')} since then, {plural(self.strangers, 'new stream')} came"
            )
        return (
            f"first alert of its stream in a cluster of {plural(self.count, 'alert')}, {plural(self.streams, 'stream')}"
        )

    def _returns(self) -> str:
        after = f"the same alert on the same workload came here {duration(self.gap_s)} ago"
        return f"{after}; its pause before that was {duration(self.interval_s)}" if self.interval_s else after

    def _near(self) -> str:
        if self.distance == 0:
            return f"at the same place in the dependency graph as {self.entity}"
        away = f"more than {MAX_HOPS} hops" if self.distance > MAX_HOPS else plural(self.distance, "hop")
        return f"its place in the dependency graph is {away} from that of {self.entity}"

    def _silence(self) -> str:
        if self.silent_s < MOMENT_S:
            return "the cluster's last alert came at the same moment"
        return f"the cluster had no alert for {duration(self.silent_s)}"

    def _timing(self) -> str:
        when = "at the same moment as" if self.gap_s < MOMENT_S else f"{self.gap_s:.1f} s after"
        why = ", closer than its rhythm explains" if self.timing >= STRONG else ""
        return f"fired {when} {located(self.type, self.entity)}{why}"

    def _together(self) -> str:
        if self.is_new:
            return f"neither this alert nor {self.type} has fired here before"
        if self.is_same_type:
            return f"the same type as on {self.entity}"
        if self.npmi >= OFTEN:
            return f"often fires together with {self.type} (NPMI {self.npmi:.2f})"
        if self.npmi > 0.0:
            return f"fires together with {self.type} about as often as by chance (NPMI {self.npmi:.2f})"
        return f"not known to fire together with {self.type} (NPMI {self.npmi:.2f})"
