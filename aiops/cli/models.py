"""`aiops models`: versions of models, the runs that made them, and their cards."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from msgspec import to_builtins
from rich.table import Table
from rich.text import Text

from aiops.cli.command_options import ConfigOption, JsonOption, SetOption, StateOption
from aiops.cli.errors import print_json
from aiops.cli.models_registry import DirOption, SlotOption, in_use, plain, registry_of
from aiops.cli.models_report import report_command
from aiops.cli.models_serving import (
    canary_command,
    end_command,
    promote_trial_command,
    restore_command,
    serving_command,
    shadow_command,
)
from aiops.cli.models_stage import promote_command, rollback_command
from aiops.cli.models_train import evaluate_command, train_command
from aiops.cli.terminal import clean, console_for, moment
from aiops.http.client import HttpClient
from aiops.http.proxies import from_environment
from aiops.lifecycle import Run, Version
from aiops.lifecycle.card import card_of
from aiops.lifecycle.comparison import compared
from aiops.lifecycle.mlflow import MlflowExport
from aiops.wording import plural

models_app = typer.Typer(
    name="models",
    help="Train models on history, measure them beside what serves, promote them and roll back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
models_app.command("train")(train_command)
models_app.command("evaluate")(evaluate_command)
models_app.command("promote")(promote_command)
models_app.command("rollback")(rollback_command)
models_app.command("report")(report_command)
models_app.command("serving")(serving_command)
models_app.command("shadow")(shadow_command)
models_app.command("canary")(canary_command)
models_app.command("end")(end_command)
models_app.command("promote-trial")(promote_trial_command)
models_app.command("restore")(restore_command)
_ADVICE = {True: "yes", False: "no", None: "-"}


@models_app.command("list")
def list_command(
    slot: SlotOption = None,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """List versions of models.

    A star marks those that the running daemon uses (`current` in JSON; null without a daemon).
    """
    registry = registry_of(directory, config, sets, state)
    versions, used = registry.versions(slot), in_use(config, sets, state)
    if as_json:
        print_json(
            [plain(one) | {"current": None if used is None else used.get(one.slot) == one.id} for one in versions]
        )
        return
    table = Table("", "id", "slot", "stage", "recommended", "reason", box=None, header_style="bold", pad_edge=False)
    for one in versions:
        star = "*" if used is not None and used.get(one.slot) == one.id else ""
        table.add_row(star, one.id, one.slot, one.stage, _ADVICE[one.verdict], Text(clean(one.reason)))
    console = console_for()
    console.print(table)
    console.print(f"{plural(len(versions), 'version')} in {registry.directory}; {_use(used, versions)}", soft_wrap=True)


@models_app.command("runs")
def runs_command(
    slot: SlotOption = None,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the runs of training and evaluation, the latest last."""
    registry = registry_of(directory, config, sets, state)
    runs = registry.runs(slot)
    if as_json:
        print_json([{name: to_builtins(getattr(run, name)) for name in run.__struct_fields__} for run in runs])
        return
    columns = ("run", "slot", "what", "started", "took", "outcome", "version", "data")
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for run in runs:
        outcome = run.outcome if not run.problem else f"{run.outcome}: {run.problem}"
        started, took = moment(run.started), f"{run.seconds:.1f} s"
        cells = (str(run.number), run.slot, run.kind, started, took, clean(outcome), run.version or "-", _data(run))
        table.add_row(*map(Text, cells))
    console = console_for()
    console.print(table)
    console.print(plural(len(runs), "run"))


@models_app.command("compare")
def compare_command(
    first: Annotated[str, typer.Argument(metavar="A", help="A version's id, or the number of a run.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    slot: SlotOption = None,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two versions or runs: data, parameters, metrics."""
    registry = registry_of(directory, config, sets, state)
    rows = compared(registry, first, second, slot)
    if as_json:
        print_json([to_builtins(row) for row in rows])
        return
    table = Table("", clean(first), clean(second), "difference", box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(Text(clean(text)) for text in (row.name, row.first, row.second, row.difference)))
    console_for().print(table)


@models_app.command("card")
def card_command(
    id: Annotated[str, typer.Argument(help="The version's id.")],
    slot: SlotOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write the card to; default: standard output.")
    ] = None,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
) -> None:
    """Print the card of a version as Markdown: what it decides, its data, its measures, its limits."""
    registry = registry_of(directory, config, sets, state)
    version = registry.get(id, slot)
    text = card_of(version, [one for one in registry.moves(version.slot) if one.version == version.id])
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    typer.echo(f"{version.id}: written to {out}")


@models_app.command("export")
def export_command(
    url: Annotated[str, typer.Option("--mlflow", help="Address of an MLflow server.")],
    slot: SlotOption = None,
    token_env: Annotated[
        str, typer.Option("--token-env", help="Environment variable with a bearer token, if it is set.")
    ] = "MLFLOW_TOKEN",  # noqa: S107
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Permit http and addresses of the own network.")
    ] = False,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Export runs and versions to an MLflow server, by its REST API."""
    registry = registry_of(directory, config, sets, state)
    client = HttpClient(allow_private=allow_private, proxy=from_environment(os.environ))
    try:
        found = MlflowExport(url, client, os.environ.get(token_env, "")).send(registry, slot)
    finally:
        client.close()
    if as_json:
        print_json(found)
        return
    typer.echo(f"{plural(found.versions, 'version')} exported, {found.known} known there before")


def _use(used: Mapping[str, str] | None, versions: list[Version]) -> str:
    """Describe the meaning of the stars."""
    if used is None:
        return "those in use are unknown, as no daemon answers"
    if not used:
        return "the daemon uses none of any registry"
    known = {(one.slot, one.id) for one in versions}
    lost = [f"{id} ({slot})" for slot, id in used.items() if (slot, id) not in known]
    return f"the daemon uses {', '.join(used.values())}" + (f", of which not listed: {', '.join(lost)}" if lost else "")


def _data(run: Run) -> str:
    sources = ", ".join(run.data.sources) or "-"
    return f"{sources}, {plural(run.data.records, 'record')}" if run.data.records else sources
