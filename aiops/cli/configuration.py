"""`aiops config`: check a configuration, list its keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from aiops.cli.command_options import SetOption
from aiops.cli.errors import print_json
from aiops.cli.plugin_options import keys
from aiops.cli.terminal import console_for
from aiops.config import Config, load_config
from aiops.options import Option, describe

config_app = typer.Typer(help="Check the configuration, list its keys.", no_args_is_help=True)


@config_app.command("check")
def check_command(
    config: Annotated[
        Path | None, typer.Argument(help="Configuration file (TOML); default: all keys at their defaults.")
    ] = None,
    sets: SetOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole configuration, defaults included.")] = False,
) -> None:
    """Check that a configuration would work: keys, values, plugins and their options, files that it names."""
    from aiops.app.build import check

    found = load_config(config, sets or ())
    warnings = check(found)
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


def _worded(option: Option) -> str:
    default = "required" if option.default == "required" else f"default {option.default}"
    return f"{option.kind}, {default}"
