"""The state directory that options name, and its store to read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiops.config import load_config
from aiops.store.database import open_reader
from aiops.store.store import FILE_NAME


def state_directory(config: Path | None, sets: list[str] | None, state: Path | None) -> Path:
    """Return the state directory that the options name."""
    return state if state is not None else load_config(config, sets or ()).state.path()


@contextmanager
def store_of(config: Path | None, sets: list[str] | None, state: Path | None) -> Iterator[sqlite3.Connection]:
    """Open the store that the options name, to read."""
    reader = open_reader(state_directory(config, sets, state) / FILE_NAME)
    try:
        yield reader
    finally:
        reader.close()
