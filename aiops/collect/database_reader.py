"""Reads of a database as a reader of collectors: one statement, and its answer as rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from aiops.collect.requests import Read
from aiops.collect.secrets import hidden
from aiops.collect.tables import ReadFailed
from aiops.errors import AiopsError
from aiops.step_kinds.databases import Database, DatabaseFailed, Statement
from aiops.step_kinds.systems import System


class DatabaseReader:
    """Reads one system by the plugin of its kind."""

    allowed: Sequence[str] = ()

    def __init__(self, system: System, database: Database) -> None:
        self._system, self._database = system, database

    @property
    def kind(self) -> str:
        """The kind of the system."""
        return self._system.kind

    @property
    def entities(self) -> Sequence[str]:
        """Patterns of the entities that the system is."""
        return self._system.entities

    @property
    def secrets(self) -> Sequence[str]:
        """The secrets that an answer must not show."""
        return self._database.secrets

    def read(self, read: Read, gate: Callable[[], bool]) -> bytes:
        """See `Reader.read`; the reason of a failure names no secret, as it may quote a value."""
        statement = Statement(read.statement, read.parameters, read.limit, read.timeout_s)
        try:
            found = self._database.select(statement, gate)
        except DatabaseFailed as error:
            raise ReadFailed(hidden(str(error), self.secrets)) from None
        except AiopsError:
            raise
        except Exception as error:
            # A plugin can raise anything; the read must end with a reason.
            raise ReadFailed(hidden(f"{type(error).__name__}: {error}", self.secrets)) from error
        rows = [
            {name: [value] for name, value in zip(found.columns, row, strict=True) if value is not None}
            for row in found.rows
        ]
        return msgspec.json.encode(rows)

    def close(self) -> None:
        """See `Database.close`."""
        self._database.close()
