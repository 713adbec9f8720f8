"""`aiops models train` and `evaluate`: the pipeline, in a process of its own."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import msgspec
import typer
from msgspec import structs

from aiops import trainers
from aiops.cli.command_options import ConfigOption, JsonOption, SetOption, StateOption
from aiops.cli.errors import print_json
from aiops.cli.models_registry import DirOption, in_use, plain, registry_of, serving
from aiops.cli.state import state_directory
from aiops.config import Config, load_config
from aiops.engine.config import EngineConfig
from aiops.errors import AiopsError, UsageError
from aiops.lifecycle import Data, Registry, Run, Version
from aiops.model_state import slot_named
from aiops.records.decode import parse_time
from aiops.training import process
from aiops.training.order import Found, Known, Limits, Order, Source, Work
from aiops.version import __version__
from aiops.wording import plural

ALL = "all"
Files = Annotated[list[str] | None, typer.Argument(help="Archives, as with --from; `-` is standard input.")]
FromOption = Annotated[
    list[str] | None,
    typer.Option("--from", help="Archive (.jsonl, .jsonl.gz), repeatable; or `journal`, that of the state directory."),
]
SinceOption = Annotated[str | None, typer.Option("--since", help="Start of the records to use (RFC 3339).")]
UntilOption = Annotated[str | None, typer.Option("--until", help="End of the records to use (RFC 3339).")]
TopologyOption = Annotated[
    Path | None, typer.Option(help="Dependency graph (JSON or YAML); default: that of --config.")
]


def train_command(
    files: Files = None,
    slots: Annotated[
        list[str] | None,
        typer.Option("--slot", help="What is trained, repeatable; `all`: every slot with a trainer. Default: detect."),
    ] = None,
    sources: FromOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    algorithm: Annotated[
        str | None, typer.Option("--algorithm", help="Detector of the slot detect: pca, ecod, hbos, or a plugin's.")
    ] = None,
    parameters: Annotated[
        list[str] | None, typer.Option("--param", help="Parameter of the trainer, NAME=VALUE; repeatable.")
    ] = None,
    topology: TopologyOption = None,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a version on history, and measure it on the later part beside what serves.

    It is recommended only if outcomes that people confirmed, or labels of an archive, are in its favour.
    """
    registry = registry_of(directory, config, sets, state)
    settings, used = load_config(config, sets or ()), in_use(config, sets, state)
    given = _parameters(parameters)
    works = [
        Work(slot, _of_slot(slot, given, algorithm), _known(registry, serving(registry, slot, used)))
        for slot in _slots(slots)
    ]
    with _source([*(files or []), *(sources or [])], (since, until), state_directory(config, sets, state)) as source:
        made = _done(registry, _order(source, works, settings, topology))
    _show(made, as_json=as_json, is_one=len(works) == 1)


def evaluate_command(
    files: Files = None,
    slot: Annotated[str, typer.Option("--slot", help="The slot whose versions are measured.")] = "detect",
    ids: Annotated[
        list[str] | None, typer.Option("--version", help="Version to measure, repeatable; default: all of the slot.")
    ] = None,
    sources: FromOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    topology: TopologyOption = None,
    directory: DirOption = None,
    config: ConfigOption = None,
    sets: SetOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure versions beside what serves, on what came after both had learned."""
    registry = registry_of(directory, config, sets, state)
    settings, used = load_config(config, sets or ()), in_use(config, sets, state)
    slot = slot_named(slot, "--slot")
    wanted = [registry.get(id, slot) for id in ids] if ids else registry.versions(slot)
    if not wanted:
        raise UsageError(f"models: {slot} has no version yet: train one first")
    known = [one for version in wanted if (one := _known(registry, version)) is not None]
    work = Work(slot, {}, _known(registry, serving(registry, slot, used)), known, "evaluate")
    with _source([*(files or []), *(sources or [])], (since, until), state_directory(config, sets, state)) as source:
        made = _done(registry, _order(source, [work], settings, topology))
    _show(made, as_json=as_json, is_one=False)


def _slots(wanted: Sequence[str] | None) -> list[str]:
    known = trainers.names()
    if wanted and ALL in wanted:
        return known
    return list(dict.fromkeys(slot_named(one, "--slot") for one in wanted or ["detect"]))


def _parameters(texts: Sequence[str] | None) -> dict[str, str]:
    found = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--param: expected NAME=VALUE; got {text[:100]!r}")
        found[name] = value
    return found


def _of_slot(slot: str, given: Mapping[str, str], algorithm: str | None) -> dict[str, str]:
    if algorithm is not None and slot != "detect":
        raise UsageError(f"--algorithm: only the slot detect has several; {slot} uses what the configuration names")
    return {**given, **({"algorithm": algorithm} if algorithm is not None else {})}


def _known(registry: Registry, version: Version | None) -> Known | None:
    if version is None:
        return None
    return Known(version.id, version.algorithm, registry.state(version), version.data.until)


@contextmanager
def _source(names: list[str], bounds: tuple[str | None, str | None], state: Path) -> Iterator[Source]:
    """Yield the source that options name; standard input is read once into a file."""
    since, until = (parse_time(text) if text is not None else None for text in bounds)
    if not names:
        raise UsageError("models: expected --from with an archive or `journal`")
    if "journal" in names:
        if len(names) > 1:
            raise UsageError("models: expected archives, or the journal; got both")
        yield Source((), str(state / "journal"), since, until)
        return
    with TemporaryDirectory(prefix="aiops-models-") as folder:
        if "-" in names:
            with (Path(folder) / "stdin.jsonl").open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        files = (str(Path(folder) / "stdin.jsonl") if name == "-" else str(Path(name).absolute()) for name in names)
        yield Source(tuple(files), "", since, until)


def _order(source: Source, works: list[Work], settings: Config, topology: Path | None) -> Order:
    every: dict[str, Any] = msgspec.to_builtins(settings)
    # No secret and no address of a receiver is needed.
    own = {name: every[name] for name in EngineConfig.__struct_fields__}
    path = str(topology.absolute()) if topology is not None else settings.topology
    limits = Limits(settings.models.train_max_s, settings.models.train_memory_bytes)
    return Order(source, works, own, path, limits)


def _done(registry: Registry, order: Order) -> list[Version | Run]:
    """Do an order and record each run; return the versions, and the runs that made none."""
    sources = Data(sources=order.source.names)
    runs = {
        work.slot: registry.begin(
            Run(slot=work.slot, kind=work.kind, started=time.time(), data=sources, parameters=work.parameters)
        )
        for work in order.works
    }
    try:
        found = process.in_process(order, _step)
    except AiopsError as error:
        for run in runs.values():
            registry.end(structs.replace(run, outcome="failed", problem=str(error), seconds=time.time() - run.started))
        raise
    return [_recorded(registry, runs[one.slot], one) for one in found]


def _recorded(registry: Registry, run: Run, found: Found) -> Version | Run:
    run = structs.replace(run, seconds=found.seconds, data=found.data, metrics=found.metrics)
    if found.problem:
        run = structs.replace(run, outcome="failed", problem=found.problem)
        registry.end(run)
        return run
    if run.kind == "train":
        current = registry.serving(found.slot)
        version = Version(
            id=found.id,
            slot=found.slot,
            algorithm=found.algorithm,
            parent=current.id if current is not None and current.id != found.id else None,
            data=found.data,
            code=__version__,
            parameters=found.parameters,
            created=run.started,
        )
    else:
        version = registry.get(found.id, found.slot)
    version = structs.replace(
        version, metrics=found.metrics, verdict=found.verdict, reason=found.reason, incumbent=found.incumbent
    )
    if run.kind == "train":
        registry.put(version, found.text)
    else:
        registry.update(version)
    registry.end(structs.replace(run, outcome="done", version=version.id))
    return registry.get(version.id, version.slot)


def _step(text: str) -> None:
    if sys.stderr.isatty():
        typer.echo(text, err=True)


def _show(made: list[Version | Run], *, as_json: bool, is_one: bool) -> None:
    failed = [one for one in made if isinstance(one, Run)]
    versions = [one for one in made if isinstance(one, Version)]
    if failed and (is_one or not versions):
        raise UsageError("; ".join(one.problem for one in failed))
    if as_json:
        rows = [plain(one) for one in versions]
        print_json(rows[0] if is_one and len(rows) == 1 else rows)
        return
    for one in versions:
        typer.echo(f"{one.slot}: {one.id}: {plural(one.data.records, 'record')}, {one.reason}")
        if one.verdict and one.stage != "serving":
            typer.echo(f"next: aiops models promote {one.id}")
        elif one.verdict is not True:
            typer.echo("not recommended: promote needs --force with a --reason")
    for run in failed:
        typer.echo(f"{run.slot}: {run.problem}")
