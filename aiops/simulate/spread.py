"""The effects of a fault: its own symptoms, and the harm that travels to its dependents."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from msgspec import Struct

from aiops.simulate.faults import Fault, Harm, Symptom
from aiops.simulate.site import Site
from aiops.simulate.streams import Stream

# Retries, caches and fallbacks absorb part of the harm at each step: nobody notices it beyond four calls.
MAX_HOPS = 4
FADING = 0.85
HOP_DELAY_S = (8.0, 50.0)
PERIOD_S = (30.0, 110.0)
# Some tools never send a resolved message.
RESOLVED_SHARE = 0.9
# Signals of the direct users of a store: (signal, probability).
STORE_EFFECTS = {
    "database": ("DatabaseConnectionPoolExhausted", 0.8),
    "cache": ("CacheHitRateLow", 0.9),
    "queue": ("ConsumerProcessingDelayed", 0.9),
}
# Signals on the pods rather than the service, with their probability.
HARM_EFFECTS: dict[Harm, tuple[tuple[str, bool, float], ...]] = {
    "latency": (
        ("HighRequestLatency", False, 0.9),
        ("UpstreamRequestTimeout", True, 0.8),
        ("PodRequestLatencyHigh", True, 0.5),
        ("ContainerCPUUsageHigh", True, 0.08),
    ),
    "errors": (
        ("HTTPErrorRateHigh", False, 0.9),
        ("PodRequestErrorsHigh", True, 0.7),
        ("UpstreamRequestTimeout", True, 0.5),
        ("LogErrorsDetected", True, 0.4),
    ),
    "both": (
        ("HTTPErrorRateHigh", False, 0.7),
        ("HighRequestLatency", False, 0.8),
        ("PodRequestErrorsHigh", True, 0.4),
        ("UpstreamRequestTimeout", True, 0.7),
        ("LogErrorsDetected", True, 0.3),
    ),
}


class Outbreak(Struct):
    """A fault of a kind, at an entity, from `onset` to `end` (Unix seconds), known as `incident`."""

    incident: str
    fault: Fault
    root: str
    onset: float
    end: float


def streams_of(outbreak: Outbreak, site: Site, random: Random) -> list[Stream]:
    """Return all alert streams of an outbreak, in a fixed order."""
    found: list[Stream] = []
    for symptom in outbreak.fault.symptoms:
        for entity in _places(symptom, outbreak, site):
            if random.random() < symptom.chance:
                delay_s = symptom.delay_s * random.uniform(0.7, 1.3) + random.uniform(0.0, 4.0)
                found.append(_stream(outbreak, site, random, symptom.signal, entity, delay_s))
    for entity, (hop, delay_s) in harmed(outbreak, site, random).items():
        found += _felt(outbreak, site, random, entity, hop, delay_s)
    first = {(stream.signal, stream.entity): stream for stream in reversed(found)}
    return [stream for stream in found if first[stream.signal, stream.entity] is stream and stream.onset < stream.end]


def _places(symptom: Symptom, outbreak: Outbreak, site: Site) -> list[str]:
    root = outbreak.root
    if symptom.where == "pods":
        return site.pods.get(root) or site.on_host(root)
    if symptom.where == "services":
        return list(dict.fromkeys(site.topology.service_of(pod) for pod in site.on_host(root)))
    if symptom.where == "host":
        return [site.host_of[root]]
    if symptom.where == "service":
        return [site.topology.service_of(root)]
    return [root]


def harmed(outbreak: Outbreak, site: Site, random: Random) -> dict[str, tuple[int, float]]:
    """Return the affected services that depend on the broken entity.

    Each has its distance in calls and its delay in seconds.
    """
    kind = outbreak.fault.kind
    origins = _places(Symptom("", "services", 0.0), outbreak, site) if kind == "host" else [outbreak.root]
    reached: dict[str, tuple[int, float]] = {}
    edge = [(origin, 0, 0.0) for origin in origins]
    while edge:
        entity, hop, delay_s = edge.pop(0)
        for dependent in site.topology.dependents.get(entity, ()):
            if site.topology.nodes[dependent].kind != "service" or dependent in reached or dependent in origins:
                continue
            if random.random() < outbreak.fault.reach * FADING**hop:
                reached[dependent] = (hop + 1, delay_s + random.uniform(*HOP_DELAY_S))
                if hop + 1 < MAX_HOPS:
                    edge.append((dependent, *reached[dependent]))
    return reached


def _felt(outbreak: Outbreak, site: Site, random: Random, service: str, hop: int, delay_s: float) -> Iterator[Stream]:
    signals = [
        (signal, entity)
        for signal, on_pods, chance in HARM_EFFECTS[outbreak.fault.harm]
        for entity in (site.pods[service] if on_pods else [service])
        if random.random() < chance
    ]
    effect = STORE_EFFECTS.get(outbreak.fault.kind)
    if hop == 1 and effect and random.random() < effect[1]:
        signals.insert(0, (effect[0], service))
    if service in site.gateways and random.random() < 0.6:
        slow = outbreak.fault.harm == "latency"
        signals.append(("BlackboxProbeSlow" if slow else "BlackboxProbeFailed", service))
    for signal, entity in signals:
        yield _stream(outbreak, site, random, signal, entity, delay_s + random.uniform(0.0, 20.0))


def _stream(outbreak: Outbreak, site: Site, random: Random, signal: str, entity: str, delay_s: float) -> Stream:
    root = entity == outbreak.root or (outbreak.fault.kind == "service" and entity in site.pods.get(outbreak.root, ()))
    return Stream(
        signal,
        entity,
        onset=outbreak.onset + delay_s,
        end=outbreak.end + random.uniform(5.0, 90.0),
        period_s=random.uniform(*PERIOD_S),
        incident=outbreak.incident,
        root=root,
        resolves=random.random() < RESOLVED_SHARE,
    )
