"""The order of a training process, and its result: JSON files in a directory of its own."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from aiops.lifecycle import Data


class Limits(Struct, frozen=True):
    """Bounds of the process; `records` is of the input."""

    seconds: float = 1_800.0
    memory_bytes: int = 2 << 30
    records: int = 5_000_000


class Source(Struct, frozen=True):
    """The source of the records: archives, or a journal; `since` and `until` bound their times."""

    files: tuple[str, ...] = ()
    journal: str = ""
    since: float | None = None
    until: float | None = None

    @property
    def names(self) -> list[str]:
        """Return the sources as people know them."""
        return ["journal"] if self.journal else [name.rpartition("/")[2] for name in self.files]


class Known(Struct, frozen=True):
    """A version of the registry with its state as text."""

    id: str
    algorithm: str
    text: str
    until: float | None = None


class Work(Struct, frozen=True):
    """One slot: fit a version, or measure `candidates`; `incumbent` serves now."""

    slot: str
    parameters: dict[str, str] = field(default_factory=dict)
    incumbent: Known | None = None
    candidates: list[Known] = field(default_factory=list)
    kind: Literal["train", "evaluate"] = "train"


class Order(Struct, frozen=True):
    """All that a process does; `settings` is the configuration as plain values."""

    source: Source
    works: list[Work]
    settings: dict[str, Any] = field(default_factory=dict)
    topology: str = ""
    limits: Limits = Limits()


class Found(Struct, kw_only=True):
    """The result for one version of a slot; with a `problem` there is none."""

    slot: str
    id: str = ""
    algorithm: str = ""
    text: str = ""
    data: Data = field(default_factory=Data)
    parameters: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    verdict: bool | None = None
    reason: str = ""
    incumbent: str | None = None
    seconds: float = 0.0
    problem: str = ""
