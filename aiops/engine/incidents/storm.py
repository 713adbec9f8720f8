"""A storm: more incidents would open than anybody can read.

Then alerts that stand alone are grouped into a few.

A mass outage of things that have nothing in common opens an incident for each of them, and the one that matters drowns
among thousands. From `storm_incidents` openings within `storm_window_s` on, an alert that would open an incident of its
own, without evidence that ties it to others, goes to the incident of the storm; one that evidence ties to others still
opens its own, as long as no more of those open than make a storm, and so do a few that are worse than the incident of
the storm. The storm ends once fewer than half as many wanted to open within the window. All of it follows from the
records alone.

Cost: less than the incident that is not opened. Memory: times of two windows, and the counts below for each incident.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from math import inf

from aiops.engine.fields import state
from aiops.engine.incidents.config import IncidentConfig
from aiops.wording import duration

# What failure domains are called, the narrowest first: trouble in one of them is somebody else's than in another.
DOMAINS = ("namespace", "cluster", "datacenter", "zone", "region")
# Incidents of one storm: as many as can be read at a glance; further domains share the last one.
MAX_STORMS = 5
# Incidents that open beside those of a storm because they are worse: a critical outage must not be a line in a storm of
# warnings. As many as can be read beside five; further ones are grouped and named first.
MAX_RESERVED = 10
# Streams kept one by one in the incident of a storm: twice what a record shows. They share no cause to be ranked by.
MAX_STORM_MEMBERS = 200
# Names and entities counted exactly; beyond, a count is "more than".
MAX_COUNTED = 10_000
# Names that a sentence lists.
MAX_NAMED = 3


@state(acyclic=True)
class Tally:
    """The contents of a storm's incident: alerts by name, and entities, both up to `MAX_COUNTED`."""

    domain: str
    names: dict[str, int]
    entities: dict[str, None]

    def count(self, name: str, entity: str, by: int = 1) -> None:
        """So many more alerts of one stream."""
        names = self.names
        if name in names or len(names) < MAX_COUNTED:
            names[name] = names.get(name, 0) + by
        if len(self.entities) < MAX_COUNTED:
            self.entities[entity] = None

    def most(self) -> list[tuple[str, int]]:
        """The most frequent names with their counts, equal ones by name."""
        return sorted(self.names.items(), key=lambda item: (-item[1], item[0]))[:MAX_NAMED]


def new_tally(domain: str) -> Tally:
    """A tally of no alerts."""
    tally = Tally()
    tally.domain, tally.names, tally.entities = domain, {}, {}
    return tally


# In a snapshot: active, grouped, reserved, when incidents wanted to open and did, clusters by domain.
StormsState = tuple[bool, int, int, list[float], list[float], dict[str, int]]


class Storms:
    """The state of a storm, and the clusters that group its alerts, by domain."""

    def __init__(self, config: IncidentConfig) -> None:
        self.limit = config.storm_incidents
        self.window_s = config.storm_window_s
        self.active = False
        self.grouped = 0
        # Incidents that opened out of the reserve.
        self.reserved = 0
        self.clusters: dict[str, int] = {}
        # When incidents opened or, in a storm, would have; and when those opened that had evidence.
        self._wanted: deque[float] = deque(maxlen=self.limit or 1)
        self._opened: deque[float] = deque(maxlen=self.limit or 1)

    def opens(self, now: float) -> bool:
        """Count an incident that opens; return whether a storm begins with it."""
        if not self.limit:
            return False
        self._wanted.append(now)
        self._opened.append(now)
        if self.active or not self._full(self._wanted, now):
            return False
        self.active = True
        self.grouped = self.reserved = 0
        return True

    def groups(self, is_tied: bool, now: float) -> bool:
        """Return True if an alert that would open an incident is grouped instead.

        `is_tied` by evidence to other alerts.
        """
        return self.active and (not is_tied or self._full(self._opened, now))

    def wanted(self, now: float) -> None:
        """Count an alert that would have opened an incident, and was grouped."""
        self._wanted.append(now)
        self.grouped += 1

    def next_due(self) -> float:
        """Return the time at which the storm ends if no more incidents open; infinity without a storm."""
        if not self.active:
            return inf
        half = (self.limit + 1) // 2
        return self._wanted[-half] + self.window_s if len(self._wanted) >= half else -inf

    def reason(self) -> str:
        """Return why alerts are grouped, as a sentence for people."""
        return (
            f"more than {self.limit:,} incidents opened within {duration(self.window_s)}, and alerts that nothing "
            "ties to others are gathered, by failure domain, instead of opening one each"
        )

    def end(self) -> None:
        """End the storm; its incidents continue as any others."""
        self.active = False
        self.clusters.clear()

    def domain(self, labels: Mapping[str, str]) -> str:
        """The domain that an alert is gathered under, as `label=value`; empty where none is named."""
        for label in DOMAINS:
            value = labels.get(label)
            if value:
                name = f"{label}={value}"
                return name if name in self.clusters or len(self.clusters) < MAX_STORMS - 1 else ""
        return ""

    def set_back(self, now: float) -> None:
        """Move times ahead of `now` to `now`: engine time was set back."""
        self._wanted = deque([min(at, now) for at in self._wanted], maxlen=self.limit or 1)
        self._opened = deque([min(at, now) for at in self._opened], maxlen=self.limit or 1)

    def _full(self, times: deque[float], now: float) -> bool:
        return len(times) == self.limit and now - times[0] <= self.window_s

    def dump(self) -> StormsState:
        """State for a snapshot."""
        wanted, opened = list(self._wanted), list(self._opened)
        return self.active, self.grouped, self.reserved, wanted, opened, self.clusters

    def load(self, state: StormsState) -> None:
        """Take the state of a `dump`."""
        self.active, self.grouped, self.reserved, wanted, opened, self.clusters = state
        self._wanted = deque(wanted, maxlen=self.limit or 1)
        self._opened = deque(opened, maxlen=self.limit or 1)
