"""Histories of the small site, made once."""

from __future__ import annotations

import pytest

from aiops.records import Record
from aiops.training.history import ReplayedHistory
from tests.training import site

ROOTS = [site.SERVICES[1 + number % 3] for number in range(24)]
PLAYBOOK = "batch-job-failed"


@pytest.fixture(scope="session")
def confirmed_records() -> list[Record]:
    """24 faults, each with a confirmed cause and playbook."""
    return site.confirmed(ROOTS, PLAYBOOK)


@pytest.fixture(scope="session")
def confirmed(confirmed_records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> ReplayedHistory:
    """Their history."""
    return site.history(confirmed_records, tmp_path_factory.mktemp("confirmed"))


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> ReplayedHistory:
    """24 labelled faults."""
    return site.history(site.labelled(ROOTS), tmp_path_factory.mktemp("labelled"))
