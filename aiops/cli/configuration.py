"""`aiops config`: check a configuration, list its keys, translate one of Alertmanager."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from aiops.cli.command_options import SetOption
from aiops.cli.errors import print_json
from aiops.cli.new_files import write_new
from aiops.cli.plugin_options import keys
from aiops.cli.terminal import console_for
from aiops.config import Config, load_config
from aiops.errors import UsageError
from aiops.migration.alertmanager import COMMENTS, translate
from aiops.migration.toml_text import toml_text
from aiops.options import Option, describe

config_app = typer.Typer(help="Check the configuration, list its keys, translate Alertmanager's.", no_args_is_help=True)


@config_app.command("check")
def check_command(
    config: Annotated[
        Path | None, typer.Argument(help="Configuration file (TOML); default: all keys at their defaults.")
    ] = None,
    sets: SetOption = None,
    connect: Annotated[
        bool, typer.Option("--connect", help="Also connect to the databases of respond.systems.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole configuration, defaults included.")] = False,
) -> None:
    """Check that a configuration would work: keys, values, plugins and their options, files that it names."""
    from aiops.app.build import check
    from aiops.app.collecting import checked_databases

    found = load_config(config, sets or ())
    warnings = check(found) + (checked_databases(found.respond) if connect else [])
    if as_json:
        print_json(found)
        return
    console = console_for()
    for line in warnings:
        console.print(line)
    console.print("the configuration is valid")


@config_app.command("keys")
def keys_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON Schema.")] = False,
) -> None:
    """List all keys with their types and defaults, then the options of the installed plugins."""
    if as_json:
        print_json(msgspec.json.schema(Config))
        return
    console = console_for()
    for key in describe(Config):
        console.print(f"{key.name}  {_worded(key)}", soft_wrap=True, markup=False)
    for condition, option in keys():
        console.print(f"{option.name}  {_worded(option)}  ({condition})", soft_wrap=True, markup=False)


@config_app.command("from-alertmanager")
def from_alertmanager_command(
    file: Annotated[Path, typer.Argument(help="Alertmanager's configuration file (YAML).")],
    out: Annotated[Path | None, typer.Option(help="File to write; default: standard output.")] = None,
    env_file: Annotated[
        Path | None, typer.Option(help="File to write the secrets to, as NAME=value; default: they are only named.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
) -> None:
    """Translate Alertmanager's configuration to aiops.toml, and name on standard error what has no equal."""
    try:
        made = translate(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror or error}") from error
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from None
    text = toml_text(made.config, COMMENTS)
    files = {out: text} if out is not None else {}
    if env_file is not None:
        files[env_file] = "".join(f"{name}={value}\n" for name, value in made.secrets.items())
    write_new(files, force=force, private=env_file)
    if out is None:
        print(text, end="")
    for note in made.notes:
        print(f"{file}: {note}", file=sys.stderr)
    if env_file is None and made.secrets:
        print(f"set these environment variables: {', '.join(made.secrets)}", file=sys.stderr)


def _worded(option: Option) -> str:
    default = "required" if option.default == "required" else f"default {option.default}"
    return f"{option.kind}, {default}"
