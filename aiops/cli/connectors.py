"""`aiops connectors`: list the connectors, try one on a payload, and make tokens."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from msgspec import to_builtins
from rich.table import Table
from rich.text import Text

from aiops import registry
from aiops.cli.command_options import TableJsonOption
from aiops.cli.errors import print_json
from aiops.cli.new_files import checked_name, write_new
from aiops.cli.plugin_options import KINDS, required, schemas, show, structs_of
from aiops.cli.terminal import clean, console_for
from aiops.errors import UsageError
from aiops.http.auth import new_token, token_hash

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

    def trial(
        self,
        connector: str,
        raw: bytes,
        headers: Mapping[str, str],
        now: float,
        *,
        content_type: str | None,
        method: str,
        query: str,
        zone: str | None,
    ) -> Any:
        """Return `records`, `problems`, `method`, `content_type`, and `sent` with `severity` and `status`.

        Raise `UsageError` for an unknown connector.
        """
        ...

    def check(self, mapping: str | Path, samples: Path) -> Sequence[str]:
        """Return the faults of a mapping with its samples; raise `UsageError` for files that cannot be read."""
        ...

    def draft(self, name: str, files: Sequence[bytes]) -> Any:
        """Return `mapping` and `samples` (texts), `guesses` (field to path) and `checks`; raise `UsageError`."""
        ...

    def schema(self) -> Mapping[str, Any]:
        """Return the JSON Schema of a mapping file."""
        ...

    def setup(self, connector: str, base: str, *, own: Mapping[str, Any], has_tokens: bool, by: str | None) -> Any:
        """Return the entries to make in a tool for the daemon at `base`; raise `UsageError` if there are none."""
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
    name: Annotated[
        str, typer.Argument(help="Source or sink; `mapping` for the JSON Schema of mapping files.")
    ] = "mapping",
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON Schema, for editors.")] = False,
) -> None:
    """Print the options of a source or a sink, or the JSON Schema of mapping files.

    Editors check a mapping whose first line is `# yaml-language-server: $schema=mapping.schema.json` against the schema
    in that file: `aiops connectors schema > mapping.schema.json`.
    """
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
    sample: Annotated[
        list[Path],
        typer.Option("--sample", help="File with a body, or a whole request; repeatable."),
    ],
    mappings: Annotated[Path, typer.Option("--mappings", help="Folder of the mapping.")] = Path(),
    samples: Annotated[
        Path | None, typer.Option("--samples", help="Folder of the samples; default: beside, as NAME.samples.yaml.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
) -> None:
    """Write a first mapping and its samples for the payloads of a tool.

    Fields are guessed by their names. Give the requests of an alert that fires and of its end: JSON, a form, XML, text,
    or a whole request with its head. Editors check the mapping against `mapping.schema.json`, written beside it.
    """
    checked_name(name, "mapping", "_")
    catalogue = catalogues()[0]
    made = catalogue.draft(name, [read_request(path) for path in sample])
    mapping = mappings / f"{name}.yaml"
    beside = samples / f"{name}.yaml" if samples is not None else mappings / f"{name}.samples.yaml"
    write_new({mapping: made.mapping, beside: made.samples}, force=force)
    schema = mappings / "mapping.schema.json"
    schema.write_text(_schema_text(catalogue), encoding="utf-8")
    console = console_for()
    for field, path in made.guesses.items():
        console.print(Text(f"{field:10} {clean(path, 100)}"))
    for check in made.checks:
        console.print(Text(f"check: {clean(check, 300)}", style="yellow"), soft_wrap=True)
    console.print(f"written: {mapping}, {beside} and {schema}", soft_wrap=True, markup=False)
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


@connectors_app.command("token")
def token_command() -> None:
    """Make a token for HTTP. The sender gets the token, the configuration its hash."""
    token = new_token()
    console = console_for()
    console.print(f"token:  {token}", soft_wrap=True)
    console.print("Give it to its user. Add this to the configuration; scopes: ingest, read, write.\n", soft_wrap=True)
    lines = ("[[http.options.tokens]]", 'name = "NAME"', 'scopes = ["ingest"]', f'sha256 = "{token_hash(token)}"')
    for line in lines:
        console.print(line, soft_wrap=True, markup=False)


def _fail(faults: Sequence[str]) -> None:
    """Print the faults and exit with 1, if there are any."""
    for fault in faults:
        console_for().print(Text(clean(fault, 500), style="red"), soft_wrap=True)
    if faults:
        raise typer.Exit(1)


def read_request(file: Path) -> bytes:
    """Return the bytes of a file, or of standard input for `-`; raise `UsageError` if it cannot be read."""
    try:
        body = sys.stdin.buffer.read(MAX_BYTES + 1) if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}") from error
    if len(body) > MAX_BYTES:
        raise UsageError(f"{file}: expected a payload of at most {MAX_BYTES} bytes; got more")
    return body


def _schema_text(catalogue: Catalogue) -> str:
    return json.dumps(catalogue.schema(), indent=2) + "\n"
