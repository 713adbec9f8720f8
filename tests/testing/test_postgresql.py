"""The server for tests: where it is missing, one line states what to install."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from aiops.testing import postgresql
from aiops.testing.postgresql import PostgresqlServer, ServerUnavailable


def test_without_its_programs_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "_PLACES", ())
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ServerUnavailable, match=r"^needs a PostgreSQL server \(Debian: postgresql\)$"):
        PostgresqlServer()


def test_root_needs_another_user_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for version in ("9.6", "15"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "initdb").touch()
    monkeypatch.setattr(postgresql, "_PLACES", (str(tmp_path),))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ServerUnavailable, match="needs setpriv and the user postgres"):
        PostgresqlServer()
    monkeypatch.setattr(os, "geteuid", lambda: 1_000)
    server = PostgresqlServer()
    assert server.programs == tmp_path / "15" / "bin"
    assert server.as_owner(["ls"]) == ["ls"]
    server.remove()
    assert not server.directory.exists()
