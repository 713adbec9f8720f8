"""Setups of tools: where to click, which fields to fill, and the templates to paste, as data.

Each file `tools/NAME.yaml` belongs to the connector NAME. Its texts hold places such as `@URL@` and `@TOKEN@`, which
`render` fills.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from aiops.errors import UsageError

By = Literal["bearer", "basic", "url", "header", "signature", "certificate"]
Text = Annotated[str, Meta(min_length=1)]
TOOLS = Path(__file__).parent / "tools"


class Auth(Struct, frozen=True, forbid_unknown_fields=True):
    """One way in which a tool can authenticate, in the words of its own pages.

    `header` or `scheme` is what the connector must be set to for it.
    """

    by: By
    enter: Text
    header: str = ""
    scheme: str = ""


class Template(Struct, frozen=True, forbid_unknown_fields=True):
    """A text to paste: the body of a webhook, a script, a part of a configuration."""

    name: Text
    text: Text


class Setup(Struct, frozen=True, forbid_unknown_fields=True):
    """The setup of one tool; `sends` names the form of its requests."""

    title: Text
    page: Text
    sends: Text
    steps: list[Text]
    auth: Annotated[list[Auth], Meta(min_length=1)]
    templates: list[Template] = []
    note: str = ""


def names() -> list[str]:
    """Return the connectors that have a setup."""
    return sorted(path.stem for path in TOOLS.glob("*.yaml"))


def setup_of(connector: str, own: Mapping[str, Any]) -> Setup:
    """Return the setup of a connector; one of your own with a shipped mapping has that of the mapping.

    Raise `UsageError` for one that has none.
    """
    mapping = own.get("mapping")
    return load_setup(mapping if connector not in names() and mapping in names() else connector)


def load_setup(name: str) -> Setup:
    """Return the setup of a connector; raise `UsageError` for one that has none, and for a broken file."""
    if name not in names():
        near = get_close_matches(name[:64], names(), 3)
        use = ", ".join(near) if near else "a name of `aiops connectors list`"
        raise UsageError(f"connectors setup: no setup for {name[:64]!r} (use {use})")
    path = TOOLS / f"{name}.yaml"
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=Setup)
    except msgspec.MsgspecError as error:
        raise UsageError(f"{path.name}: {error}") from None
