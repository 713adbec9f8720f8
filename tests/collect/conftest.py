"""A real Prometheus with a day of a shop in it."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator

import httpx2
import pytest

from tests.waiting import eventually

AT = 1_700_000_600
SAMPLES = f"""# TYPE restarts counter
restarts_total{{namespace="shop",pod="cart-1"}} 1 {AT - 600}
restarts_total{{namespace="shop",pod="cart-1"}} 9 {AT}
restarts_total{{namespace="shop",pod="cart-2"}} 0 {AT - 600}
restarts_total{{namespace="shop",pod="cart-2"}} 0 {AT}
restarts_total{{namespace="other",pod="cart-1"}} 5 {AT - 600}
restarts_total{{namespace="other",pod="cart-1"}} 99 {AT}
# EOF
"""


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that holds `SAMPLES`."""
    programs = shutil.which("prometheus"), shutil.which("promtool")
    if not all(programs):
        pytest.skip("needs prometheus and promtool (Debian: prometheus)")
    directory = tmp_path_factory.mktemp("prometheus")
    (directory / "samples.txt").write_text(SAMPLES)
    (directory / "prometheus.yml").write_text("global: {}\n")
    made = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "samples.txt", "data"]
    subprocess.run(made, cwd=directory, check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [
        "prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address={address}",
    ]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--storage.tsdb.retention.time=100y"], cwd=directory, stdout=log, stderr=log
        )
    try:
        eventually(lambda: _is_ready(f"http://{address}"), or_say=(directory / "log").read_text)
        yield f"http://{address}"
    finally:
        process.kill()
        process.wait()


def _is_ready(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/-/ready").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.fixture
def at() -> int:
    """The time of the last sample."""
    return AT
