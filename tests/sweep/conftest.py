"""Archives to sweep over: a simulated site with its truth, and faults an hour apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.archive import write
from aiops.records import Alert, Truth
from aiops.simulate import Options, save, simulate


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("swept")
    save(simulate(Options(seed=3, services=8, faults=4, noise=1.0, hours=3.0)), folder)
    return folder


@pytest.fixture(scope="session")
def hourly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve faults two hours apart, too far to return: five services alert every 10 s for two minutes each."""
    alerts = []
    for hour in range(12):
        for second in range(60):
            service = f"web-{second % 5}"
            at = 7_200.0 * hour + 10.0 * second / 5
            alert = Alert(ts=at, name=f"Errors{second % 3}", entity=service, service=service, severity="high")
            alert.truth = Truth(f"fault-{hour}", False)
            alerts.append(alert)
    path = tmp_path_factory.mktemp("hourly") / "a.jsonl"
    write(path, list(alerts))
    return path
