"""Readers of systems: what reads one system, and the systems by their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from aiops.collect.requests import Read
from aiops.respond.collectors import Collect, source_name, system_of


class Reader(Protocol):
    """A system that can be read.

    `kind` is that of its configuration, `allowed` are the paths for `http` reads. `secrets` are hidden in its answers.
    """

    @property
    def kind(self) -> str: ...
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


def is_readable(collector: Collect, readers: Readers) -> bool:
    """Return True if the system of a collector is configured, and of the kind that it reads."""
    reader = readers.get(system_of(collector))
    return reader is not None and reader.kind == source_name(collector)
