"""`aiops models`: train detectors offline, compare, promote and roll them back."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import to_builtins
from rich.table import Table
from rich.text import Text

from aiops.archive import Rejections, read, write
from aiops.cli.command_options import ConfigOption, JsonOption, SetOption, StateOption
from aiops.cli.errors import print_json
from aiops.cli.models_report import report_command
from aiops.cli.state import state_directory
from aiops.cli.terminal import clean, console_for
from aiops.daemon.control import act, send_request
from aiops.detectors.registry import DetectorStore, Model
from aiops.detectors.rows import FeatureRows, feature_rows
from aiops.detectors.training import evaluate, swap_action, train
from aiops.errors import AiopsError, UsageError
from aiops.wording import plural

models_app = typer.Typer(
    name="models",
    help="Train detectors of unusual alert streams offline; compare, promote and roll them back.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Files = Annotated[list[Path], typer.Argument(help="Archives with alerts; `-` is standard input.")]
DirOption = Annotated[
    Path | None, typer.Option("--dir", help="Models directory; default: `models` in the state directory.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Archive to write the swap record to, instead of promoting in the daemon.")
]
models_app.command("report")(report_command)


@models_app.command("list")
def list_command(
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """List models.

    A star marks the one that the running daemon uses (`current` in JSON; null without a daemon).
    """
    store = _detector_store(directory, config, sets, state)
    models, current = store.models(), _in_use(config, sets, state)
    if as_json:
        print_json(
            [_without_state(model) | {"current": None if current is None else model.id == current} for model in models]
        )
        return
    table = Table("", "id", "rows", "area", "verdict", box=None, header_style="bold", pad_edge=False)
    for model in models:
        star = "*" if model.id == current else ""
        table.add_row(star, model.id, str(model.rows), f"{model.area:.3f}", Text(clean(model.reason)))
    console = console_for()
    console.print(table)
    console.print(f"{plural(len(models), 'model')} in {store.directory}; {_use(current, models)}", soft_wrap=True)


@models_app.command("train")
def train_command(
    files: Files,
    algorithm: Annotated[
        str, typer.Option("--algorithm", help="Detector to train: pca, ecod, hbos, or a plugin's.")
    ] = "pca",
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    seed: Annotated[int, typer.Option(help="Seed of the anomalies planted for the comparison.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Train a detector on archives, and compare it with the daemon's.

    Without a daemon it is compared with the last promoted one.
    """
    store = _detector_store(directory, config, sets, state)
    gathered = _rows_of(files)
    current = _incumbent(store, _in_use(config, sets, state))
    incumbent = (current.algorithm, current.state) if current else None
    at = gathered.rows[-1].at if gathered.rows else 0.0
    trained = train(gathered.values(), algorithm, at, incumbent, seed)
    model = Model(
        id=trained.id,
        algorithm=algorithm,
        at=at,
        rows=trained.shadow.rows,
        area=trained.shadow.area,
        verdict=trained.shadow.swap,
        reason=trained.shadow.reason,
        incumbent=current.id if current else None,
        incumbent_area=trained.shadow.incumbent_area,
        state=trained.state,
    )
    store.put(model)
    if as_json:
        print_json(_without_state(model))
        return
    typer.echo(f"{model.id}: {plural(model.rows, 'row')}, {model.reason}")
    typer.echo(f"next: aiops models promote {model.id}" if model.verdict else "not recommended: promote needs --force")


@models_app.command("evaluate")
def evaluate_command(
    files: Files,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score every model on archives.

    The score is the ROC area of rows with labelled alerts, or of planted anomalies without labels.
    """
    store = _detector_store(directory, config, sets, state)
    gathered = _rows_of(files)
    rows = gathered.values()
    if not rows:
        raise UsageError("models: expected alerts over more than one window; got no feature row")
    areas = [(model, evaluate(model.algorithm, model.state, rows, _marks(gathered))) for model in store.models()]
    what = "labelled incidents" if _marks(gathered) is not None else "planted anomalies"
    if as_json:
        print_json([{"id": model.id, "area": area, "of": what, "rows": len(rows)} for model, area in areas])
        return
    for model, area in areas:
        typer.echo(f"{model.id}: area {area:.3f} on {what}, {plural(len(rows), 'row')}")


@models_app.command("promote")
def promote_command(
    id: Annotated[str, typer.Argument(help="The model's id.")],
    force: Annotated[bool, typer.Option("--force", help="Promote even if the comparison advises against it.")] = False,
    out: OutOption = None,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
) -> None:
    """Promote a model: the running daemon reads it as a record of its journal."""
    store = _detector_store(directory, config, sets, state)
    model = store.get(id)
    if not model.verdict and not force:
        raise UsageError(f"{id}: {model.reason}: not promoted (--force promotes it anyway)")
    _deliver(model, out, config, sets, state)
    store.promote(id)


@models_app.command("rollback")
def rollback_command(
    out: OutOption = None,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
) -> None:
    """Roll back to the model before the last one."""
    store = _detector_store(directory, config, sets, state)
    model = store.before()
    _deliver(model, out, config, sets, state)
    store.rollback()


def _detector_store(
    directory: Path | None, config: Path | None, sets: list[str] | None, state: Path | None
) -> DetectorStore:
    return DetectorStore(directory if directory is not None else state_directory(config, sets, state) / "models")


def _in_use(config: Path | None, sets: list[str] | None, state: Path | None) -> str | None:
    """Return the id of the model that the daemon uses, empty if it uses none; None if no daemon answers."""
    try:
        health = send_request(state_directory(config, sets, state), {"ask": "health"})["health"]
    except AiopsError:
        return None
    found = health["models"].get("detect")
    return f"{found['model']}-{found['digest']}" if found is not None else ""


def _use(current: str | None, models: Sequence[Model]) -> str:
    """Describe the meaning of the star."""
    if current is None:
        return "the one in use is unknown, as no daemon answers"
    if not current:
        return "the daemon uses none"
    here = any(model.id == current for model in models)
    return f"the daemon uses {current}" + ("" if here else ", which is not listed")


def _incumbent(store: DetectorStore, current: str | None) -> Model | None:
    if current is None:
        return store.current()
    return next((model for model in store.models() if model.id == current), None)


def _rows_of(files: Iterable[Path]) -> FeatureRows:
    rejections = Rejections()
    gathered = feature_rows(read(list(files), rejections))
    if rejections.count:
        typer.echo(
            f"{plural(rejections.count, 'line')} rejected, the first: {clean(str(rejections.kept[0]))}", err=True
        )
    return gathered


def _marks(gathered: FeatureRows) -> list[bool] | None:
    """Return the labels if they separate the rows."""
    both = any(gathered.marked) and not all(gathered.marked)
    return gathered.marked if both else None


def _without_state(model: Model) -> dict[str, Any]:
    fields: dict[str, Any] = to_builtins(model)
    del fields["state"]
    return fields


def _deliver(model: Model, out: Path | None, config: Path | None, sets: list[str] | None, state: Path | None) -> None:
    action = swap_action(model.algorithm, model.state, time.time())
    if out is not None:
        write(out, [action])
        typer.echo(f"{model.id}: written to {out}")
        return
    feedback = act(state_directory(config, sets, state), action)
    if not feedback["applied"]:
        raise AiopsError(f"{model.id}: {feedback['reason']}")
    typer.echo(f"{model.id}: {feedback['reason']}")
