"""The simulator: a site, its faults and its noise, as an archive with full truth."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from msgspec import Struct

from aiops.records import Alert, Change, Incident, RootCause, Target
from aiops.simulate.delivery import Sent, deliver
from aiops.simulate.noise import background, deploy, planned_work
from aiops.simulate.options import Options, check
from aiops.simulate.schedule import outbreaks
from aiops.simulate.site import Site, build_site
from aiops.simulate.spread import Outbreak, streams_of
from aiops.simulate.streams import Stream, messages
from aiops.topology import Topology

# A guilty change is minutes old when it shows. Some kinds of trouble (a leak) take longer, and have none here.
GUILTY_BEFORE_S = (20.0, 240.0)

Progress = Callable[[str], None]


class Simulation(Struct):
    """The result of a simulation.

    `records` are by time; `incidents` are the truth that `truth.incident` of alerts names.
    """

    options: Options
    topology: Topology
    records: list[Sent]
    incidents: list[Incident]

    @property
    def alerts(self) -> list[Alert]:
        """Return the alerts among the records, copies included."""
        return [record for record in self.records if isinstance(record, Alert)]


def simulate(options: Options, progress: Progress | None = None) -> Simulation:
    """Run the simulator; raise `UsageError` for options out of range.

    Each part draws from a random generator of its own, seeded by the seed and the part's name: more noise does not move
    the faults. Time and memory are linear in the number of alerts.

    >>> run = simulate(Options(services=6, faults=1, noise=1.0, hours=1.0))
    >>> len(run.incidents), run.incidents[0].id
    (1, 'fault-001')
    """
    check(options)
    report = progress or (lambda text: None)

    def part(name: str) -> Random:
        return Random(f"{options.seed}:{name}")

    report("building the site")
    site = build_site(part("site"), options.services)
    found = outbreaks(site, options, part("schedule"))
    report("breaking things")
    faulty = [streams_of(outbreak, site, part(outbreak.incident)) for outbreak in found]
    others, planned = planned_work(site, options, part("planned work"))
    others += [change for change in (_guilty(each, part(f"change {each.incident}")) for each in found) if change]
    noisy = [*background(site, options, part("noise")), *planned]
    report("sending alerts")
    random = part("messages")
    streams: list[Stream] = [stream for several in (*faulty, noisy) for stream in several]
    sent = [message for stream in streams for message in messages(stream, site, random)]
    end = options.start + options.hours * 3600
    in_time = [message for message in sent if options.start <= message.ts < end]
    records = deliver(in_time, others, part("delivery"))
    incidents = [_truth(outbreak, several, site) for outbreak, several in zip(found, faulty, strict=True)]
    return Simulation(options, site.topology, records, incidents)


def _guilty(outbreak: Outbreak, random: Random) -> Change | None:
    if outbreak.fault.change is None:
        return None
    return deploy(outbreak.root, outbreak.onset - random.uniform(*GUILTY_BEFORE_S), random, outbreak.fault.change)


def _truth(outbreak: Outbreak, streams: list[Stream], site: Site) -> Incident:
    """Return the labelled incident; users noticed it at the gateway that suffered first, if any did."""
    fronts = [stream for stream in streams if stream.entity in site.gateways]
    noticed = min(fronts, key=lambda stream: (stream.onset, stream.entity, stream.signal), default=None)
    return Incident(
        id=outbreak.incident,
        opened_at=round(outbreak.onset, 3),
        resolved_at=round(outbreak.end, 3),
        root_cause=RootCause(outbreak.root, outbreak.fault.kind),
        cause_class=outbreak.fault.cause_class,
        playbook=outbreak.fault.playbook,
        target=Target(noticed.entity, noticed.signal) if noticed else None,
    )
