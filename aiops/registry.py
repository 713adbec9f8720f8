"""Plugins by entry point. Built-in plugins are registered in the same way as all others.

See `docs/decisions/0007-plugins-by-entry-point.md` for the groups and for the declarations of a plugin class.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from msgspec import Struct

from aiops.errors import UsageError

MODELS = "aiops.models"
GROUPS = (
    "aiops.sources",
    "aiops.sinks",
    "aiops.mappings",
    MODELS,
    "aiops.detectors",
    "aiops.trainers",
    "aiops.steps",
    "aiops.databases",
)
# The distribution of this repository: `docs/` describes its plugins and no other's.
DISTRIBUTION = "aiops-engine"


def names(group: str, *, only: str | None = None) -> list[str]:
    """Return the registered names of a group, sorted; with `only`, those of one distribution."""
    points = entry_points(group=group)
    return sorted({point.name for point in points if only is None or (point.dist and point.dist.name == only)})


def load(group: str, name: str) -> Callable[..., Any]:
    """Return the factory registered as `name`; raise `UsageError` with the registered names."""
    found = _find(group, name)
    if found is None:
        known = ", ".join(names(group)) or "none: is the distribution installed?"
        raise UsageError(f"{group}: expected one of {known}; got {name!r}")
    try:
        factory: Callable[..., Any] = found.load()
    except ImportError as error:
        raise UsageError(f"{group}: {name!r} needs a package that is not installed: {error}") from error
    return factory


def options(group: str, name: str) -> type[Struct] | None:
    """Return the Struct that the plugin class names as its `Options`; None for one that declares none."""
    found = getattr(load(group, name), "Options", None)
    return found if isinstance(found, type) and issubclass(found, Struct) else None


def summary(group: str, name: str) -> str:
    """Return the first line of the plugin's docstring."""
    return (load(group, name).__doc__ or "").strip().partition("\n")[0]


def version(group: str, name: str) -> str:
    """Return the version of the distribution that registered `name`; empty if unknown."""
    found = _find(group, name)
    return found.dist.version if found is not None and found.dist is not None else ""


def _find(group: str, name: str) -> EntryPoint | None:
    for point in entry_points(group=group):
        if point.name == name:
            return point
    return None
