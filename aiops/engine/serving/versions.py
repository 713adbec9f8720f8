"""The identity of a model that serves or is tried, since when, and by whom."""

from __future__ import annotations

from msgspec import Struct

from aiops.model_state import NONE


class Version(Struct, frozen=True):
    """A model of a slot as it began: `digest` is that of its state then, `at` engine time in Unix seconds.

    `record` is the number of the record that brought it, `by` the person. A model that learns keeps its identity.
    """

    slot: str
    algorithm: str
    digest: str
    at: float
    record: int
    by: str

    @property
    def id(self) -> str:
        """The id in the registry: algorithm and digest."""
        return NONE if self.algorithm == NONE else f"{self.algorithm}-{self.digest}"


class Kept(Struct, frozen=True):
    """The model before the last swap, for a rollback: its algorithm, and its state at that moment."""

    slot: str
    algorithm: str
    text: str
    digest: str

    @property
    def id(self) -> str:
        """The id of exactly this state."""
        return NONE if self.algorithm == NONE else f"{self.algorithm}-{self.digest}"
