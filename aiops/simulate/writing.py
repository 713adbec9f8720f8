"""The files of a simulation: an archive, the truth, the topology, and a page that describes them."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from aiops import archive
from aiops.errors import AiopsError
from aiops.records import Change
from aiops.simulate.options import Options
from aiops.simulate.simulation import Simulation
from aiops.topology import TopologyFile

ALERTS, TRUTH, TOPOLOGY, README = "alerts.jsonl", "incidents.jsonl", "topology.json", "README.md"


class Summary(Struct):
    """The numbers of a simulation."""

    alerts: int
    background: int
    duplicates: int
    changes: int
    incidents: int
    services: int
    entities: int
    hours: float
    seed: int


def summary(run: Simulation) -> Summary:
    """Count a simulation."""
    alerts = run.alerts
    return Summary(
        alerts=len(alerts),
        background=sum(alert.truth is None or alert.truth.incident is None for alert in alerts),
        duplicates=len(alerts) - len({alert.id for alert in alerts}),
        changes=sum(isinstance(record, Change) for record in run.records),
        incidents=len(run.incidents),
        services=sum(node.kind == "service" for node in run.topology.nodes.values()),
        entities=len(run.topology.nodes),
        hours=run.options.hours,
        seed=run.options.seed,
    )


def save(run: Simulation, folder: Path) -> list[Path]:
    """Write the files into `folder`, which is created; existing ones of the same names are replaced.

    Equal simulations give equal bytes. Raise `AiopsError` if the folder cannot be written.
    """
    topology = TopologyFile(list(run.topology.nodes.values()), run.topology.edges)
    paths = [folder / name for name in (ALERTS, TRUTH, TOPOLOGY, README)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        archive.write(paths[0], run.records)
        archive.write(paths[1], run.incidents)
        paths[2].write_bytes(msgspec.json.format(msgspec.json.encode(topology), indent=1) + b"\n")
        paths[3].write_text(_page(run), encoding="utf-8")
    except OSError as error:
        raise AiopsError(f"{folder}: {error.strerror or error}") from error
    return paths


def _page(run: Simulation) -> str:
    counts = summary(run)
    faults = "".join(
        f"| {each.id} | {each.cause_class} | {each.root_cause.entity if each.root_cause else ''} |\n"
        for each in run.incidents
    )
    return (
        f"# A simulated site\n\n{counts.alerts} alerts ({counts.background} of them background), "
        f"{counts.changes} changes and {counts.incidents} incidents, "
        f"of {counts.services} services in {counts.hours:g} hours.\n\n"
        f"Made by `{command(run.options)}`; the same command gives the same bytes.\n\n"
        f"- `{ALERTS}`: alerts and changes by time; `truth` names the incident of each alert\n"
        f"- `{TRUTH}`: the incidents with their root causes\n- `{TOPOLOGY}`: what depends on what\n\n"
        f"Score the engine on it: `aiops replay {ALERTS} {TRUTH} --topology {TOPOLOGY} --report -`\n\n"
        f"| incident | what broke | where |\n|---|---|---|\n{faults}"
    )


def command(options: Options) -> str:
    """Return the command line that makes the same simulation."""
    return (
        f"aiops simulate --out DIR --seed {options.seed} --services {options.services} --faults {options.faults} "
        f"--noise {options.noise:g} --hours {options.hours:g}"
    )
