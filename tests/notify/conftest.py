"""Stores with rows, for all tests of notifications."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from aiops.store.store import Store
from tests.notify.desk import Desk, OpenDesk


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path)
    yield found
    found.close()


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[OpenDesk]:
    """Desks whose stores are closed at the end of the test."""
    with ExitStack() as stores:

        def open_one(**more: object) -> Desk:
            desk = Desk(tmp_path / str(len(list(tmp_path.iterdir()))), **more)
            stores.callback(desk.store.close)
            return desk

        yield open_one
