"""Alert streams: one signal on one entity for a while, and the messages that a tool sends about it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from msgspec import Struct, field

from aiops.records import Alert, Truth
from aiops.simulate.signals import SIGNALS
from aiops.simulate.site import Site

# Rules of a metrics server send the start of the episode with each message. Log searches and the applications' own
# checks do not.
WITHOUT_START = frozenset({"logs", "app"})


class Stream(Struct):
    """An alert stream: `signal` fires on `entity` from `onset` to `end` (Unix seconds).

    It is repeated every `period_s` seconds. `incident` is None for background. `root` is true for the broken entity.
    """

    signal: str
    entity: str
    onset: float
    end: float
    period_s: float
    incident: str | None = None
    root: bool = False
    resolves: bool = True
    labels: dict[str, str] = field(default_factory=dict)


def messages(stream: Stream, site: Site, random: Random) -> Iterator[Alert]:
    """Yield the messages of one episode: firing, its repeats, resolved."""
    at = stream.onset
    while at < stream.end:
        yield _message(stream, site, random, at, resolved=False)
        at += stream.period_s * random.uniform(0.9, 1.1)
    if stream.resolves:
        yield _message(stream, site, random, stream.end, resolved=True)


def _message(stream: Stream, site: Site, random: Random, at: float, resolved: bool) -> Alert:
    signal = SIGNALS[stream.signal]
    has_start = signal.source not in WITHOUT_START
    return Alert(
        ts=round(at, 3),
        name=signal.name,
        source=signal.source,
        severity=signal.severity,
        status="resolved" if resolved else "firing",
        service=site.service_of(stream.entity),
        entity=stream.entity,
        message=signal.text.format(entity=stream.entity, value=random.uniform(signal.low, signal.high)),
        labels={"alertname": signal.name, **place(site, stream.entity), **stream.labels},
        starts_at=round(stream.onset, 3) if has_start else None,
        ends_at=round(at, 3) if resolved and has_start else None,
        truth=Truth(stream.incident, stream.root if stream.incident else None),
    )


def place(site: Site, entity: str) -> dict[str, str]:
    """Return the labels that locate an entity: namespace, deployment, pod, node."""
    node = site.topology.nodes[entity]
    if node.kind == "host":
        return {"env": "prod", "node": entity}
    labels = {"env": "prod", "namespace": site.area_of[entity]}
    if node.kind == "pod":
        service = site.topology.service_of(entity)
        labels |= {"deployment": service, "pod": entity, "node": site.host_of[entity]}
    elif node.kind == "service":
        labels["deployment"] = entity
    return labels
