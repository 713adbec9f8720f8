"""The alerts of a healthy site: constant, periodic, flapping and passing ones, and planned work."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import msgspec

from aiops.records import Action, Change
from aiops.simulate.options import Options
from aiops.simulate.site import Site
from aiops.simulate.streams import Stream

# The division of the background by messages: most noise of real sites comes from a few streams that always fire.
CONSTANT_SHARE, PERIODIC_SHARE, FLAPPING_SHARE, PASSING_SHARE = 0.55, 0.15, 0.15, 0.15
CONSTANT_AN_HOUR = 6.0
FLAPS = (6, 14)
POD_NOISE = ("CPUThrottlingHigh", "ContainerMemoryNearLimit", "LogErrorsDetected")
SERVICE_NOISE = ("KubeHpaMaxedOut", "LogErrorsDetected", "KubeJobFailed", "HighRequestLatency")
HOST_NOISE = ("NodeMemoryHighUtilization", "NodeClockSkewDetected", "NodeDiskIOSaturation", "ScrapeSlow")
STORE_NOISE = {"database": "PostgresqlSlowQueries", "cache": "RedisKeyEviction", "queue": "ConsumerProcessingDelayed"}
DEPLOYS_A_SERVICE_AND_HOUR = 0.12
MAINTENANCES_AN_HOUR = 0.5
MAINTENANCE_S = (900.0, 2700.0)
MAINTENANCE_ALERTS = ("KubeNodeNotReady", "TargetDown")
# Most people, not all, silence an entity before they work on it. The margin mutes the last resolved message too.
SILENCED_SHARE = 0.7
SILENCE_MARGIN_S = 120.0


def background(site: Site, options: Options, random: Random) -> Iterator[Stream]:
    """Streams that belong to no incident: about `options.noise` messages an hour for each service."""
    messages = options.noise * options.services * options.hours
    yield from _constant(site, options, random, messages * CONSTANT_SHARE)
    yield from _periodic(site, options, random, messages * PERIODIC_SHARE)
    yield from _flapping(site, options, random, messages * FLAPPING_SHARE)
    yield from _passing(site, options, random, messages * PASSING_SHARE)


def _constant(site: Site, options: Options, random: Random, messages: float) -> Iterator[Stream]:
    """Yield a few streams that fire for the whole run, and that everybody has learned to ignore."""
    each = CONSTANT_AN_HOUR * options.hours
    for _ in range(round(messages / each)):
        signal, entity = _somewhere(site, random)
        at = options.start + random.expovariate(CONSTANT_AN_HOUR / 3600)
        while at < options.start + options.hours * 3600:
            yield _once(signal, entity, at)
            at += random.expovariate(CONSTANT_AN_HOUR / 3600)


def _periodic(site: Site, options: Options, random: Random, messages: float) -> Iterator[Stream]:
    """Yield jobs by the clock: every quarter of an hour to every hour, a few seconds late."""
    left = messages
    while left > 0:
        every_s = random.choice((900.0, 1800.0, 3600.0))
        databases = site.stores.get("database", [])
        nightly = bool(databases) and random.random() < 0.5
        entity = random.choice(databases if nightly else site.services)
        signal = "BackupDurationHigh" if nightly else "KubeJobFailed"
        at = options.start + random.uniform(0.0, every_s)
        while at < options.start + options.hours * 3600:
            yield _once(signal, entity, at + random.uniform(0.0, 5.0))
            at += every_s
            left -= 1
        left -= 1


def _flapping(site: Site, options: Options, random: Random, messages: float) -> Iterator[Stream]:
    """Yield a check at its threshold: firing and resolved in turn for minutes."""
    left = messages
    while left > 0:
        flaps = random.randint(*FLAPS)
        entity = random.choice(site.services)
        signal = random.choice(("BlackboxProbeSlow", "HighRequestLatency"))
        at = options.start + random.uniform(0.0, options.hours * 3600 * 0.9)
        for _ in range(flaps):
            lasts_s = random.uniform(10.0, 40.0)
            yield Stream(signal, entity, at, at + lasts_s, period_s=60.0)
            at += lasts_s + random.uniform(10.0, 60.0)
        left -= 2 * flaps


def _passing(site: Site, options: Options, random: Random, messages: float) -> Iterator[Stream]:
    """Yield single alerts anywhere, most of which resolve soon."""
    for _ in range(round(messages / 2)):
        signal, entity = _somewhere(site, random)
        at = options.start + random.uniform(0.0, options.hours * 3600)
        yield Stream(signal, entity, at, at + random.uniform(20.0, 55.0), period_s=60.0)


def _somewhere(site: Site, random: Random) -> tuple[str, str]:
    draw = random.random()
    if draw < 0.5:
        return random.choice(POD_NOISE), random.choice(site.pods[random.choice(site.services)])
    if draw < 0.7:
        return random.choice(SERVICE_NOISE), random.choice(site.services)
    if draw < 0.9 or not site.stores:
        return random.choice(HOST_NOISE), random.choice(site.hosts)
    kind = random.choice(list(site.stores))
    return STORE_NOISE[kind], random.choice(site.stores[kind])


def _once(signal: str, entity: str, at: float) -> Stream:
    return Stream(signal, entity, at, at + 1.0, period_s=60.0, resolves=False)


def planned_work(site: Site, options: Options, random: Random) -> tuple[list[Change | Action], list[Stream]]:
    """Return innocent deploys, and maintenance of hosts with its alerts; none of it is an incident."""
    length_s = options.hours * 3600
    deploys = round(DEPLOYS_A_SERVICE_AND_HOUR * options.services * options.hours)
    records: list[Change | Action] = [
        deploy(random.choice(site.services), options.start + random.uniform(0.0, length_s), random)
        for _ in range(deploys)
    ]
    streams: list[Stream] = []
    for _ in range(round(MAINTENANCES_AN_HOUR * options.hours)):
        host, at = random.choice(site.hosts), options.start + random.uniform(0.0, length_s * 0.8)
        end = at + random.uniform(*MAINTENANCE_S)
        text = f"planned maintenance of {host} for {(end - at) / 60:.0f} minutes"
        records.append(Change(ts=round(at, 3), entity=host, name="maintenance", message=text, labels={"env": "prod"}))
        if random.random() < SILENCED_SHARE:
            records.append(_silence(host, at, end + SILENCE_MARGIN_S, text))
        streams += [
            Stream(signal, host, at + random.uniform(60.0, 120.0), end, period_s=300.0) for signal in MAINTENANCE_ALERTS
        ]
    return records, streams


def _silence(host: str, at: float, until: float, text: str) -> Action:
    """Return the silence that a careful operator adds first."""
    matchers = [
        {"label": "entity", "op": "=", "value": host},
        {"label": "alertname", "op": "=~", "value": "|".join(MAINTENANCE_ALERTS)},
    ]
    args = {"id": f"maintenance-{host}", "matchers": msgspec.json.encode(matchers).decode(), "until": f"{until:.3f}"}
    return Action(ts=round(at, 3), verb="silence", actor="operator", args=args, message=text)


def deploy(service: str, at: float, random: Random, name: str = "deploy") -> Change:
    """Return a change record of a service."""
    version = f"{random.randint(1, 9)}.{random.randint(0, 40)}.{random.randint(0, 20)}"
    text = f"{service} {version} rolled out" if name == "deploy" else f"configuration of {service} set to {version}"
    return Change(ts=round(at, 3), entity=service, name=name, message=text, labels={"env": "prod", "version": version})
