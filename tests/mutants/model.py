"""A mutant: one change of the source that some test must notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`old` occurs exactly once in `file`; with `new` in its place at least one of `tests` (pytest node ids) fails."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
