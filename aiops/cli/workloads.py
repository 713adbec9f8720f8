"""`aiops workloads`: show the workload of names, or the rules that find it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from aiops.cli.command_options import ConfigOption, SetOption, TableJsonOption
from aiops.cli.errors import print_json
from aiops.cli.terminal import clean, console_for
from aiops.config import load_config
from aiops.workloads import Workloads


def workloads_command(
    names: Annotated[list[str] | None, typer.Argument(help="Names of pods, hosts and other entities.")] = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    as_json: TableJsonOption = False,
) -> None:
    """Show the workload of each name with the rules applied; without names, list the rules in their order."""
    workloads = Workloads(load_config(config, sets or ()).workloads)
    if names:
        _show_names(workloads, names, as_json)
    else:
        _show_rules(workloads, as_json)


def _show_names(workloads: Workloads, names: list[str], as_json: bool) -> None:
    found = [(name, workloads.of(name), [step.rule for step in workloads.steps(name)]) for name in names]
    if as_json:
        print_json([{"name": name, "workload": workload, "rules": rules} for name, workload, rules in found])
        return
    console = console_for()
    for name, workload, rules in found:
        applied = f"rules: {', '.join(rules)}" if rules else "no rule applies"
        console.print(f"{clean(name)} → {clean(workload)}  ({applied})", soft_wrap=True)


def _show_rules(workloads: Workloads, as_json: bool) -> None:
    if as_json:
        print_json(workloads.rules)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "example", "why"):
        table.add_column(heading, overflow="fold")
    for rule in workloads.rules:
        example = next((f"{name} → {workload}" for name, workload in rule.examples.items()), "")
        table.add_row(clean(rule.name), clean(example, 80), clean(rule.why))
    console_for().print(table)
