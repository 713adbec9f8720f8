"""Readers of systems: what reads one system, and the systems by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Protocol

from aiops.collect.requests import Read
from aiops.respond.collectors import Collect, read_kind, system_of
from aiops.step_kinds.forms import Scalar
from aiops.step_kinds.placeholders import fill, plain


class Reader(Protocol):
    """A system that can be read.

    `kind` is that of its configuration, `entities` are patterns of what it is, `allowed` are the paths for `http`
    reads. `secrets` are hidden in its answers.
    """

    @property
    def kind(self) -> str: ...
    @property
    def entities(self) -> Sequence[str]: ...
    @property
    def allowed(self) -> Sequence[str]: ...
    @property
    def secrets(self) -> Sequence[str]: ...

    def read(self, read: Read, gate: Callable[[], bool]) -> bytes:
        """Return the answer; raise `ReadFailed` if there is none. Nothing is sent once `gate` returns False."""
        ...

    def close(self) -> None:
        """Close connections."""
        ...


Readers = Mapping[str, Reader]


def unreadable(collector: Collect, readers: Readers) -> str | None:
    """Return why no system can be read for a collector; None if there is one of the kind that it reads.

    For one with an entity that is any system that is an entity; which one it is shows with the incident.
    """
    kind = read_kind(collector)
    if collector.entity is not None:
        found = any(one.kind == kind and one.entities for one in readers.values())
        return None if found else f"not read: no system of the kind {kind} with `entities` is configured"
    name = system_of(collector)
    reader = readers.get(name)
    if reader is None:
        return f"not read: no system {name} is configured (add [respond.systems.{name}] of kind {kind})"
    if reader.kind != kind:
        return (
            f"not read: expected the system {name} to be of kind {kind}; respond.systems.{name}.kind is {reader.kind}"
        )
    return None


def chosen(collector: Collect, readers: Readers, values: Mapping[str, Scalar]) -> tuple[str, str | None]:
    """Return the name of the system to read, and None or the reason why there is none for the entity."""
    if collector.entity is None:
        return system_of(collector), None
    kind, entity = read_kind(collector), plain(fill(collector.entity, values))
    fitting = sorted(
        name
        for name, one in readers.items()
        if one.kind == kind and any(fnmatchcase(entity, pattern) for pattern in one.entities)
    )
    if len(fitting) == 1:
        return fitting[0], None
    if fitting:
        return kind, f"not read: {entity} is in the `entities` of {', '.join(fitting)}; it must be in those of one"
    return kind, f"not read: no system of the kind {kind} has {entity} in its `entities`"
