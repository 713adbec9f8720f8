"""What all tests share."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from aiops.compile import is_stale
from aiops.testing.receiver import Receiver, receiving

SmallDisk = Callable[[str, str], subprocess.CompletedProcess[str]]

# How long an example takes is a matter of the machine.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

pytest_plugins = ["aiops.testing.kafka_fixture"]


def pytest_sessionstart() -> None:
    """What is tested is the source, or what was made of it, and nothing older."""
    if is_stale():
        pytest.exit("the compiled engine is older than its source: make compiled, or make interpreted", returncode=2)


@pytest.fixture(autouse=True)
def log_levels() -> Iterator[None]:
    """A daemon or a command in this process sets the level of the log; the next test finds it as it was."""
    own, root = logging.getLogger("aiops"), logging.getLogger()
    levels = own.level, root.level
    yield
    own.setLevel(levels[0])
    root.setLevel(levels[1])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A real HTTP server that answers what the test says."""
    with receiving() as found:
        yield found


@pytest.fixture
def small_disk(tmp_path: Path) -> SmallDisk:
    """Runs a Python script, with the path of a file system of such a size (`4m`), which it may fill and remount."""
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare to mount a small file system")

    def run(script: str, size: str) -> subprocess.CompletedProcess[str]:
        mount = ["unshare", "-Urm", "sh", "-c", f'mount -t tmpfs -o size={size} none "$0" && exec "$@"', str(tmp_path)]
        if subprocess.run([*mount, "true"], capture_output=True, check=False).returncode:
            pytest.skip("this machine does not let a user mount a small file system")
        command = [*mount, sys.executable, "-c", script, str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)

    return run
