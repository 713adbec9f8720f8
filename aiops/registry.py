"""Plugins by entry point. The built-in ones come through the same door as anyone's."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from aiops.errors import UsageError

GROUPS = ("aiops.sources", "aiops.sinks", "aiops.models", "aiops.steps")


def names(group: str) -> list[str]:
    """The registered names of a group, sorted."""
    return sorted({point.name for point in entry_points(group=group)})


def load(group: str, name: str) -> Callable[..., Any]:
    """The factory registered as `name`; raise `UsageError` that lists what there is."""
    found = _find(group, name)
    if found is None:
        known = ", ".join(names(group)) or "none: is the distribution installed?"
        raise UsageError(f"{group}: expected one of {known}; got {name!r}")
    try:
        factory: Callable[..., Any] = found.load()
    except ImportError as error:
        raise UsageError(f"{group}: {name!r} needs a package that is not installed: {error}") from error
    return factory


def version(group: str, name: str) -> str:
    """The version of the distribution that registered `name`; empty where that is not known."""
    found = _find(group, name)
    return found.dist.version if found is not None and found.dist is not None else ""


def _find(group: str, name: str) -> EntryPoint | None:
    for point in entry_points(group=group):
        if point.name == name:
            return point
    return None
