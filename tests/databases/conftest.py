"""A real PostgreSQL, one for all of these tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aiops.testing.postgresql import ServerUnavailable

pytest.importorskip("psycopg", reason="the extra postgresql is not installed")

if TYPE_CHECKING:
    from aiops_connectors.databases.example import SharedServer


@pytest.fixture(scope="session")
def postgresql() -> SharedServer:
    """The server; tests that need it are skipped where there is none."""
    from aiops_connectors.databases.example import shared_server

    try:
        return shared_server()
    except ServerUnavailable as error:
        pytest.skip(str(error))
