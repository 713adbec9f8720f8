"""`aiops simulate`: write a simulated site, its faults and its noise, with the truth, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from aiops.cli.errors import print_json
from aiops.cli.terminal import console_for
from aiops.simulate import Options, Simulation, Summary, save, simulate, summary
from aiops.wording import plural

DEFAULTS = Options()


def simulate_command(
    out: Annotated[Path, typer.Option(help="Folder for the files; it is created, and existing files are replaced.")],
    seed: Annotated[int, typer.Option(help="Seed; equal seeds and options give equal bytes.")] = DEFAULTS.seed,
    services: Annotated[int, typer.Option(help="Number of services, 2 to 5000.")] = DEFAULTS.services,
    faults: Annotated[int, typer.Option(help="Number of faults, 0 to 5000.")] = DEFAULTS.faults,
    noise: Annotated[
        float, typer.Option(help="Background alerts an hour for each service, 0 to 1000.")
    ] = DEFAULTS.noise,
    hours: Annotated[float, typer.Option(help="Simulated hours, 0.5 to 744.")] = DEFAULTS.hours,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Write an archive of overlapping faults and background noise, with the truth and the topology."""
    options = Options(seed=seed, services=services, faults=faults, noise=noise, hours=hours)
    run, paths = _work(options, out)
    counts = summary(run)
    if as_json:
        print_json({**msgspec.to_builtins(counts), "files": [str(path) for path in paths]})
    else:
        _show(counts, run, paths)


def _work(options: Options, out: Path) -> tuple[Simulation, list[Path]]:
    """Simulate and save; show progress on a terminal (standard error), and nothing in a pipe."""
    console = Console(stderr=True)
    if not console.is_terminal:
        run = simulate(options)
        return run, save(run, out)
    with console.status("simulating") as status:
        run = simulate(options, progress=lambda text: status.update(text))
        status.update("writing")
        return run, save(run, out)


def _show(counts: Summary, run: Simulation, paths: list[Path]) -> None:
    console = console_for()
    console.print(
        f"{plural(counts.alerts, 'alert')} ({counts.background:,} background, "
        f"{plural(counts.duplicates, 'exact copy', 'exact copies')}), {plural(counts.changes, 'change')} and "
        f"{plural(counts.incidents, 'incident')}, of {plural(counts.services, 'service')} "
        f"and {plural(counts.entities, 'entity', 'entities')} in {counts.hours:g} hours.",
        soft_wrap=True,
    )
    table = Table("incident", "what broke", "where", "at", box=None, header_style="bold", pad_edge=False)
    for incident in run.incidents[:20]:
        at_min = ((incident.opened_at or 0.0) - run.options.start) / 60
        where = incident.root_cause.entity if incident.root_cause else ""
        table.add_row(incident.id, incident.cause_class or "", where, f"+{at_min:.0f} min")
    if run.incidents:
        console.print(table)
    if len(run.incidents) > 20:
        console.print(f"… and {len(run.incidents) - 20:,} more in {paths[1].name}")
    console.print(f"Written to {paths[0].parent}. Next:", soft_wrap=True)
    files = f"{paths[0]} {paths[1]} --topology {paths[2]}"
    console.print(f"  aiops replay {files}", soft_wrap=True)
