"""What the tests of the Python face share: a simulated archive, and its result."""

from __future__ import annotations

from pathlib import Path

import pytest

import aiops
from aiops.simulate import Options, save, simulate


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with alerts.jsonl, incidents.jsonl (the truth) and topology.json."""
    folder = tmp_path_factory.mktemp("simulated")
    save(simulate(Options(services=8, faults=2, hours=1.0)), folder)
    return folder


@pytest.fixture(scope="session")
def result(folder: Path) -> aiops.Result:
    """The result of the archive, with its truth and its topology."""
    return aiops.replay([folder / "alerts.jsonl", folder / "incidents.jsonl"], topology=folder / "topology.json")
