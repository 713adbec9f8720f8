"""Databases: the contract between `collect` with `sql` and the plugins that read a database.

A plugin is registered by the kind of its systems in the entry point group `aiops.databases`, and passes
`aiops.testing.databases.check_database`. It never changes anything: what a statement tries is refused, not only undone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar

from msgspec import Struct

from aiops.errors import AiopsError
from aiops.step_kinds.forms import Scalar
from aiops.step_kinds.systems import NoSystemOptions, System

GROUP = "aiops.databases"
# Characters of a text in an answer, which a rule may look through; people see fewer.
MAX_TEXT = 2_000
MAX_COLUMNS = 40
CHECK_TIMEOUT_S = 10.0
# Bytes of all texts of one answer.
MAX_ANSWER_BYTES = 512 * 1024


class DatabaseFailed(AiopsError):
    """A statement without an answer; the text is the reason, and is fit for people."""


class Statement(Struct, frozen=True):
    """One statement of fixed text, the values that are bound to its `:name`, and what bounds it."""

    text: str
    parameters: Mapping[str, Scalar]
    limit: int
    timeout_s: float


class Selected(Struct):
    """Columns and rows of an answer; None is the absence of a value."""

    columns: list[str]
    rows: list[list[Scalar | None]]


class Access(Struct, frozen=True):
    """The way to a database: its system, and the value of its secret when that is needed."""

    system: System
    allow_private: bool = False
    secret: Callable[[], str] | None = None


class Database(ABC):
    """A kind of database.

    `Options` are those of its systems. `schemes` are those of their `url`; a kind without any has no `url`. An instance
    reads one system, for several threads at once.
    """

    Options: ClassVar[type[Struct]] = NoSystemOptions
    schemes: ClassVar[Sequence[str]] = ()

    @abstractmethod
    def __init__(self, access: Access) -> None:
        """Raise `UsageError` for a system that cannot work; connect to nothing."""

    @classmethod
    def problem(cls, statement: str, names: Collection[str]) -> str | None:
        """Return why a statement with values of these names is never sent; None if it may be."""
        return None

    @property
    def secrets(self) -> Sequence[str]:
        """Return what an answer must not show."""
        return ()

    @abstractmethod
    def select(self, statement: Statement, gate: Callable[[], bool]) -> Selected:
        """Return the first rows; raise `DatabaseFailed` if there are none in time.

        Nothing is sent once `gate` returns False, and what runs is ended.
        """

    def check(self) -> list[str]:
        """Connect, and return what the operator should know; raise `DatabaseFailed` if nothing can be read."""
        self.select(Statement("select 1", {}, 1, CHECK_TIMEOUT_S), lambda: True)
        return []

    def close(self) -> None:  # noqa: B027
        """Close what is open; by default nothing is."""
