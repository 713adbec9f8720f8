"""When and where faults break out."""

from __future__ import annotations

from random import Random

from aiops.simulate.faults import FAULTS, Fault
from aiops.simulate.options import Options
from aiops.simulate.site import Site
from aiops.simulate.spread import Outbreak

LASTS_S = (900.0, 2400.0)
# Half of the faults begin while another one is young: overlapping is the hard case, and the common one in a bad week.
OVERLAP_SHARE = 0.5
OVERLAP_S = (60.0, 480.0)
# How far two roots should be apart at least while both are felt, in edges.
FELT_HOPS = 4
# The first part of a run is quiet, so that what is normal there can be learned; the last lets the faults end.
QUIET_SHARE = 0.2
TAIL_SHARE = 0.1


def outbreaks(site: Site, options: Options, random: Random) -> list[Outbreak]:
    """The faults of a run by onset; while there is room, overlapping ones break out where the others are not felt."""
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
    """Every kind that the site has an entity for once, in random order, before any comes again."""
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
    """Entities of the fault's kind; of hosts those that run pods, since nothing is felt of the others."""
    if fault.kind == "service":
        return site.services
    if fault.kind == "host":
        used = {site.host_of[pod] for pods in site.pods.values() for pod in pods}
        return [host for host in site.hosts if host in used]
    return site.stores.get(fault.kind, [])
