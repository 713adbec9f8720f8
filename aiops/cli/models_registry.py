"""Shared by the commands of `aiops models`: the registry that options name, and the versions in use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import to_builtins

from aiops.cli.state import state_directory
from aiops.daemon.control import send_request
from aiops.errors import AiopsError
from aiops.lifecycle import Registry, Version

DirOption = Annotated[
    Path | None, typer.Option("--dir", help="Models directory; default: `models` in the state directory.")
]
SlotOption = Annotated[
    str | None,
    typer.Option("--slot", help="What the model decides: detect, causes, playbooks, similar, noise, grouping, metric."),
]
Sets = list[str] | None


def registry_of(directory: Path | None, config: Path | None, sets: Sets, state: Path | None) -> Registry:
    """Return the registry that the options name."""
    return Registry(directory if directory is not None else state_directory(config, sets, state) / "models")


def in_use(config: Path | None, sets: Sets, state: Path | None) -> dict[str, str] | None:
    """Return the version id by slot that the running daemon uses; None if no daemon answers."""
    try:
        health = send_request(state_directory(config, sets, state), {"ask": "health"})["health"]
    except AiopsError:
        return None
    found: Mapping[str, Mapping[str, Any]] = health.get("models", {})
    return {slot: id for slot, model in found.items() if (id := _id(slot, model))}


def _id(slot: str, model: Mapping[str, Any]) -> str:
    if "version_id" in model:
        return str(model["version_id"] or "")
    # A daemon of an earlier release: one slot alone has versions.
    return f"{model['model']}-{model['digest']}" if slot == "detect" else ""


def serving(registry: Registry, slot: str, used: Mapping[str, str] | None) -> Version | None:
    """Return the version that serves: the daemon's, or without a daemon the one that was promoted last."""
    if used is None:
        return registry.serving(slot)
    return next((one for one in registry.versions(slot) if one.id == used.get(slot)), None)


def plain(version: Version) -> dict[str, Any]:
    """Return a version for JSON, with every field."""
    return {name: to_builtins(getattr(version, name)) for name in version.__struct_fields__}
