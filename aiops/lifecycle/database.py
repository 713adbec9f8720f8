"""The registry's SQLite file.

Each use opens it: several processes and threads share it, and uses are rare.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiops.errors import AiopsError
from aiops.private import narrow, private_directory

FILE_NAME = "registry.db"
# The longest wait for another process, which writes a row.
BUSY_S = 5.0
_VERSION = 1
_TABLES = """
create table versions (
    number integer primary key autoincrement,
    slot text not null,
    id text not null,
    stage text not null,
    body blob not null,
    unique (slot, id)
);
create table runs (
    number integer primary key autoincrement,
    slot text not null,
    body blob not null
);
create table moves (
    number integer primary key autoincrement,
    slot text not null,
    version text not null,
    stage text not null,
    body blob not null
);
create unique index one_serving on versions (slot) where stage = 'serving';
pragma user_version = 1;
"""


@contextmanager
def reading(directory: Path) -> Iterator[sqlite3.Connection | None]:
    """Open the registry to read; None if there is none yet."""
    path = directory / FILE_NAME
    if not path.exists():
        yield None
        return
    with _faults(path):
        connection = _open(path)
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def writing(directory: Path) -> Iterator[sqlite3.Connection]:
    """Open or create the registry, in one transaction that is on disk when this ends."""
    path = directory / FILE_NAME
    with _faults(path):
        private_directory(directory)
        path.touch(mode=0o600, exist_ok=True)
        narrow(path)
        connection = _open(path)
        try:
            connection.execute("begin immediate")
            yield connection
            connection.execute("commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise
        finally:
            connection.close()


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_S)
    try:
        connection.execute("pragma synchronous = full")
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    found = _schema(connection)
    if found > _VERSION:
        raise AiopsError(f"models: {path}: it is of a later release (format {found}, this one reads {_VERSION})")
    if found == _VERSION:
        return
    connection.execute("begin immediate")
    # Another process may have made the tables between the two looks.
    if _schema(connection) == 0:
        for statement in _TABLES.split(";"):
            if statement.strip():
                connection.execute(statement)
    connection.execute("commit")


def _schema(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise AiopsError(f"models: {path}: {error}: expected a writable SQLite file of this program") from error
    except OSError as error:
        raise AiopsError(f"models: {path}: {error.strerror or error}") from error
