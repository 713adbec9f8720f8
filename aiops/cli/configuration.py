"""`aiops config`: check a configuration before the daemon meets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec import inspect

from aiops.cli.errors import print_json
from aiops.cli.run import SetOption
from aiops.cli.terminal import console_for
from aiops.config import Config, load_config

_WORDS: dict[type[inspect.Type], str] = {
    inspect.BoolType: "boolean",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.StrType: "text",
}
config_app = typer.Typer(help="The configuration: check it, list its keys.", no_args_is_help=True)


@config_app.command("check")
def check_command(
    config: Annotated[Path | None, typer.Argument(help="Configuration, TOML; without one, the defaults.")] = None,
    sets: SetOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole configuration, defaults included.")] = False,
) -> None:
    """Check that a configuration would work: keys, values, plugins and their options, files that it names."""
    from aiops.app.run import check

    found = load_config(config, sets or ())
    told = check(found)
    if as_json:
        print_json(found)
        return
    console = console_for()
    for line in told:
        console.print(line)
    console.print("the configuration is good")


@config_app.command("keys")
def keys_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON Schema.")] = False,
) -> None:
    """List all keys with their types and defaults."""
    if as_json:
        print_json(msgspec.json.schema(Config))
        return
    console = console_for()
    described = inspect.type_info(Config)
    assert isinstance(described, inspect.StructType)
    for key, kind, default in _keys(described, "", Config()):
        console.print(f"{key}  {kind}, {default}", soft_wrap=True)


def _keys(section: inspect.StructType, prefix: str, defaults: object) -> Iterator[tuple[str, str, str]]:
    """(key, type, default) of a section's keys, its own sections unfolded; `defaults` is the section as it is."""
    for field in section.fields:
        name, kind = f"{prefix}{field.encode_name}", field.type
        default = getattr(defaults, field.name, None)
        if isinstance(kind, inspect.StructType):
            yield from _keys(kind, f"{name}.", default)
        elif isinstance(kind, inspect.ListType) and isinstance(kind.item_type, inspect.StructType):
            yield from _keys(kind.item_type, f"{name}[].", None)
        elif defaults is not None:
            yield name, _word(kind), f"default {_shown(default)}"
        else:
            yield name, _word(kind), _default(field)


def _word(kind: inspect.Type) -> str:
    """A type in a word that a person who writes TOML knows."""
    if isinstance(kind, inspect.UnionType):
        return " or ".join(_word(one) for one in kind.types if not isinstance(one, inspect.NoneType))
    if isinstance(kind, inspect.LiteralType):
        return "one of " + ", ".join(str(value) for value in kind.values)
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return f"list of {_word(kind.item_type)}"
    if isinstance(kind, inspect.Metadata):
        return _word(kind.type)
    return _WORDS.get(type(kind), "table")


def _default(field: inspect.Field) -> str:
    if field.default is not msgspec.NODEFAULT:
        return f"default {_shown(field.default)}"
    if field.default_factory is not msgspec.NODEFAULT:
        return f"default {_shown(field.default_factory())}"
    return "must be given"


def _shown(value: object) -> str:
    return "none" if value is None else json.dumps(msgspec.to_builtins(value))
