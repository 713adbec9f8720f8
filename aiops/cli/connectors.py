"""`aiops connectors`: list the connectors, try one on a payload, and make tokens."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from msgspec import to_builtins
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiops import registry
from aiops.cli.command_options import TableJsonOption
from aiops.cli.errors import print_json
from aiops.cli.new_files import checked_name, write_new
from aiops.cli.plugin_options import KINDS, required, schemas, show, structs_of
from aiops.cli.terminal import clean, console_for, moment
from aiops.errors import UsageError
from aiops.http.auth import new_token, token_hash
from aiops.records import Record

connectors_app = typer.Typer(
    name="connectors",
    help="List connectors (sources, sinks, mappings), and try one on a payload.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
GROUP = "aiops.mappings"
# The limit of the HTTP source; a larger file is not one payload.
MAX_BYTES = 32 << 20


class Catalogue(Protocol):
    """The type of an entry point of the group `aiops.mappings` after its call."""

    def connectors(self) -> Sequence[Any]:
        """Return all connectors, each with `name`, `summary` and `documentation`."""
        ...

    def take(
        self, connector: str, body: bytes, headers: Mapping[str, str], now: float
    ) -> tuple[Sequence[Record], Sequence[Any]]:
        """Return records, and problems with `place` and `reason`; raise `UsageError` for an unknown connector."""
        ...

    def check(self, mapping: str | Path, samples: Path) -> Sequence[str]:
        """Return the faults of a mapping with its samples; raise `UsageError` for files that cannot be read."""
        ...

    def draft(self, name: str, payloads: Sequence[Any]) -> Any:
        """Return `mapping` and `samples` (texts), `guesses` (field to path) and `checks`; raise `UsageError`."""
        ...

    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema of a mapping file."""
        ...


def catalogues() -> list[Catalogue]:
    """Return the catalogues of all installed distributions."""
    return [registry.load(GROUP, name)() for name in registry.names(GROUP)]


@connectors_app.command("list")
def list_command(as_json: TableJsonOption = False) -> None:
    """List sources, sinks, and the connectors of HTTP ingest."""
    found = [connector for catalogue in catalogues() for connector in catalogue.connectors()]
    sources, sinks = registry.names("aiops.sources"), registry.names("aiops.sinks")
    if as_json:
        print_json({"sources": sources, "sinks": sinks, "connectors": [to_builtins(one) for one in found]})
        return
    console = console_for()
    plugins = Table("", "name", "required options", "summary", box=None, header_style="bold", pad_edge=False)
    for kind, group in KINDS.items():
        for name in registry.names(group):
            needs = ", ".join(required(registry.options(group, name)))
            plugins.add_row(kind, name, needs, Text(clean(registry.summary(group, name))))
    console.print(plugins)
    console.print("options: aiops connectors schema NAME")
    console.print()
    table = Table("connector", "input", box=None, header_style="bold", pad_edge=False)
    for one in found:
        table.add_row(one.name, Text(clean(one.summary)))
    console.print(table)
    console.print(f"{len(found)} connectors; send to POST /ingest/CONNECTOR")


@connectors_app.command("schema")
def schema_command(
    name: Annotated[str, typer.Argument(help="Source or sink; `mapping` for the format of mapping files.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON Schema, for editors.")] = False,
) -> None:
    """Print the options of a source or a sink."""
    if name == "mapping":
        print_json(next(catalogue.schema() for catalogue in catalogues()))
        return
    structs = structs_of(name)
    if as_json:
        print_json(schemas(structs))
        return
    console = console_for()
    for kind, struct in structs.items():
        show(console, name, kind, struct)
        console.print()


@connectors_app.command("new")
def new_command(
    name: Annotated[str, typer.Argument(help="Name of the tool: lower-case letters, digits and underscores.")],
    sample: Annotated[list[Path], typer.Option("--sample", help="File with the JSON body of one request; repeatable.")],
    mappings: Annotated[Path, typer.Option("--mappings", help="Folder of the mapping.")] = Path(),
    samples: Annotated[
        Path | None, typer.Option("--samples", help="Folder of the samples; default: beside, as NAME.samples.yaml.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
) -> None:
    """Write a first mapping and its samples for the payloads of a tool.

    Fields are guessed by their names. Give the payloads of an alert that fires and of its end.
    """
    checked_name(name, "mapping", "_")
    catalogue = catalogues()[0]
    made = catalogue.draft(name, [_payload(path) for path in sample])
    mapping = mappings / f"{name}.yaml"
    beside = samples / f"{name}.yaml" if samples is not None else mappings / f"{name}.samples.yaml"
    write_new({mapping: made.mapping, beside: made.samples}, force=force)
    console = console_for()
    for field, path in made.guesses.items():
        console.print(Text(f"{field:10} {clean(path, 100)}"))
    for check in made.checks:
        console.print(Text(f"check: {clean(check, 300)}", style="yellow"), soft_wrap=True)
    console.print(f"written: {mapping} and {beside}", soft_wrap=True, markup=False)
    console.print(f"next: aiops connectors check {mapping} {beside}", soft_wrap=True, markup=False)
    _fail(catalogue.check(mapping, beside))


@connectors_app.command("check")
def check_command(
    mapping: Annotated[str, typer.Argument(help="Path of a mapping (.yaml), or the name of a shipped one.")],
    samples: Annotated[Path, typer.Argument(help="File of its samples (.yaml).")],
) -> None:
    """Check a mapping against its samples; exit code 1 if one becomes something else."""
    _fail(catalogues()[0].check(mapping, samples))
    console_for().print(f"{mapping}: all samples become what they should", soft_wrap=True, markup=False)


@connectors_app.command("test")
def try_command(
    file: Annotated[Path, typer.Argument(help="File with a payload; - for standard input.")],
    connector: Annotated[str, typer.Option("--connector", "-c", help="Connector, or path of a mapping (.yaml).")],
    header: Annotated[
        list[str] | None, typer.Option("--header", help="Header NAME=VALUE of the request; repeatable.")
    ] = None,
    as_json: TableJsonOption = False,
) -> None:
    """Show the records that a payload becomes. The exit code is 1 if anything in it is rejected."""
    records, problems = _take(connector, _read(file), _headers(header or []))
    if as_json:
        refused = [{"place": problem.place, "reason": problem.reason} for problem in problems]
        print_json({"records": [to_builtins(record) for record in records], "problems": refused})
    else:
        console = console_for()
        for record in records:
            _show(console, record)
        for problem in problems:
            console.print(Text(f"refused {clean(problem.place)}: {clean(problem.reason, 300)}", style="red"))
        console.print(f"{len(records)} taken, {len(problems)} refused")
    if problems:
        raise typer.Exit(1)


@connectors_app.command("token")
def token_command() -> None:
    """Make a token for HTTP. The sender gets the token, the configuration its hash."""
    token = new_token()
    console = console_for()
    console.print(f"token:  {token}", soft_wrap=True)
    console.print(f'sha256: "{token_hash(token)}"', soft_wrap=True)


def _take(connector: str, body: bytes, headers: Mapping[str, str]) -> tuple[Sequence[Record], Sequence[Any]]:
    error = UsageError(f"connector {connector!r}: no catalogue is installed")
    for catalogue in catalogues():
        try:
            return catalogue.take(connector, body, headers, time.time())
        except UsageError as unknown:
            error = unknown
    raise error


def _fail(faults: Sequence[str]) -> None:
    """Print the faults and exit with 1, if there are any."""
    for fault in faults:
        console_for().print(Text(clean(fault, 500), style="red"), soft_wrap=True)
    if faults:
        raise typer.Exit(1)


def _payload(file: Path) -> Any:
    try:
        return json.loads(_read(file))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file}: not JSON ({str(error)[:200]}); save the body of one request") from error


def _read(file: Path) -> bytes:
    try:
        body = sys.stdin.buffer.read(MAX_BYTES + 1) if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}") from error
    if len(body) > MAX_BYTES:
        raise UsageError(f"{file}: expected a payload of at most {MAX_BYTES} bytes; got more")
    return body


def _headers(pairs: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--header: expected NAME=VALUE; got {pair!r}")
        found[name.strip().lower()] = value
    return found


def _show(console: Console, record: Record) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in to_builtins(record).items():
        if isinstance(value, dict):
            for key, inner in value.items():
                table.add_row(f"{name}.{clean(key, 60)}", Text(clean(str(inner), 200)))
        else:
            shown = moment(value) if name in ("ts", "starts_at", "ends_at") else str(value)
            table.add_row(name, Text(clean(shown, 300)))
    console.print(table)
    console.print()
