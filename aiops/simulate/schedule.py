"""The schedule of faults: their times and their entities."""

from __future__ import annotations

from random import Random

from aiops.simulate.faults import FAULTS, Fault
from aiops.simulate.options import Options
from aiops.simulate.site import Site
from aiops.simulate.spread import Outbreak

LASTS_S = (900.0, 2400.0)
# Half of the faults begin while another one is young: overlaps are the hard case, and common in a bad week.
OVERLAP_SHARE = 0.5
OVERLAP_S = (60.0, 480.0)
# The least distance, in edges, between two roots while both have an effect.
FELT_HOPS = 4
# The first part of a run is quiet, to learn the normal state; in the last part the faults end.
QUIET_SHARE = 0.2
TAIL_SHARE = 0.1


def outbreaks(site: Site, options: Options, random: Random) -> list[Outbreak]:
    """Return the faults of a run by onset.

    While there is room, overlapping ones break out far from each other.
    """
    kinds = _kinds(site, options.faults, random)
    found: list[Outbreak] = []
    for number, onset in enumerate(_onsets(options, random)):
        lasts_s = min(random.uniform(*LASTS_S), options.hours * 3600 * 0.25)
        young = [other.root for other in found if other.end > onset]
        root = _root(site, kinds[number], young, random)
        found.append(Outbreak(f"fault-{number + 1:03d}", kinds[number], root, onset, onset + lasts_s))
    return found


def _onsets(options: Options, random: Random) -> list[float]:
    length_s = options.hours * 3600
    first, last = options.start + QUIET_SHARE * length_s, options.start + (1 - TAIL_SHARE) * length_s - LASTS_S[0]
    last = max(first, last)
    onsets: list[float] = []
    while len(onsets) < options.faults:
        if onsets and random.random() < OVERLAP_SHARE:
            onsets.append(min(last, random.choice(onsets) + random.uniform(*OVERLAP_S)))
        else:
            onsets.append(random.uniform(first, last))
    return sorted(onsets)


def _kinds(site: Site, count: int, random: Random) -> list[Fault]:
    """Return the kinds in random order: each one that the site has an entity for, before any repeats."""
    possible = [fault for fault in FAULTS if _candidates(site, fault)]
    kinds: list[Fault] = []
    while len(kinds) < count:
        random.shuffle(possible)
        kinds += possible
    return kinds[:count]


def _root(site: Site, fault: Fault, young: list[str], random: Random) -> str:
    candidates = _candidates(site, fault)
    near = {site.area_of[entity] for root in young for entity in site.topology.within(root, FELT_HOPS)}
    same = {site.area_of[root] for root in young}
    for busy in (near, same):
        free = [entity for entity in candidates if site.area_of[entity] not in busy]
        if free:
            return random.choice(free)
    return random.choice(candidates)


def _candidates(site: Site, fault: Fault) -> list[str]:
    """Return the entities of the fault's kind; of hosts those that run pods, as the others have no effect."""
    if fault.kind == "service":
        return site.services
    if fault.kind == "host":
        used = {site.host_of[pod] for pods in site.pods.values() for pod in pods}
        return [host for host in site.hosts if host in used]
    return site.stores.get(fault.kind, [])
