"""The options of registered plugins, for `connectors list`, `connectors schema` and `config keys`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiops import registry
from aiops.cli.terminal import clean
from aiops.errors import UsageError
from aiops.options import Option, describe

KINDS = {"source": "aiops.sources", "sink": "aiops.sinks"}
# The section of the configuration that holds the options of a plugin of each group.
SECTIONS = {"aiops.sources": "sources[]", "aiops.sinks": "endpoints[]"}
MODEL_SECTIONS = {"causes": "causes", "playbooks": "playbooks", "similar": "similar"}


def structs_of(name: str) -> dict[str, type[Struct] | None]:
    """Return the options of the source and the sink of a name, by kind; raise `UsageError` without any."""
    found = {kind: registry.options(group, name) for kind, group in KINDS.items() if name in registry.names(group)}
    if not found:
        known = sorted({each for group in KINDS.values() for each in registry.names(group)})
        raise UsageError(f"connectors: no source or sink {name[:100]!r} (use {', '.join(known)})")
    return found


def schemas(structs: Mapping[str, type[Struct] | None]) -> dict[str, Any]:
    """Return the JSON Schema of each kind; None for a plugin that declares no options."""
    return {kind: None if struct is None else msgspec.json.schema(struct) for kind, struct in structs.items()}


def show(console: Console, name: str, kind: str, struct: type[Struct] | None) -> None:
    """Print one table of options."""
    console.print(Text(f"{kind} {clean(name)}: {clean(registry.summary(KINDS[kind], name))}"))
    if struct is None:
        console.print("declares no options; see its documentation")
        return
    table = Table("option", "type", "default", "meaning", box=None, header_style="bold", pad_edge=False)
    for option in describe(struct):
        table.add_row(*(Text(clean(text)) for text in (option.name, option.kind, option.default, option.plain)))
    console.print(table)


def required(struct: type[Struct] | None) -> list[str]:
    """Return the names of the options that must be given."""
    options = describe(struct, unfold=False) if struct is not None else []
    return [option.name for option in options if option.default == "required"]


def keys() -> Iterator[tuple[str, Option]]:
    """Return the options of all registered plugins as keys of the configuration, each with its plugin."""
    for group, section in SECTIONS.items():
        for name in registry.names(group):
            yield from _of(f"{section}.options", f'type = "{name}"', registry.options(group, name))
    for name, section in MODEL_SECTIONS.items():
        if name in registry.names("aiops.models"):
            yield from _of(f"{section}.options", f'use = "{name}"', registry.options("aiops.models", name))


def _of(section: str, condition: str, struct: type[Struct] | None) -> Sequence[tuple[str, Option]]:
    options = describe(struct) if struct is not None else []
    return [(condition, option._replace(name=f"{section}.{option.name}")) for option in options]
