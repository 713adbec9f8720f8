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
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from aiops.compile import is_stale
from aiops.testing.receiver import Receiver, receiving

SmallDisk = Callable[[str, str], subprocess.CompletedProcess[str]]

# How long an example takes is a matter of the machine.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

pytest_plugins = ["aiops.testing.kafka_fixture"]


# What is expensive to set up is set up once: all tests of such a folder or file run in one worker.
TOGETHER = (
    "tests/browser/",
    "tests/databases/",
    "tests/engine/test_compiled.py",
    "tests/packaging/test_wheel.py",
    "tests/test_matchers_alertmanager.py",
)


class Rooms(LoadScopeScheduling):  # type: ignore[misc]
    """Hands each test to the worker that is free, and what belongs together to one."""

    def _split_scope(self, nodeid: str) -> str:
        return next((one for one in TOGETHER if nodeid.startswith(one)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    """Use it where groups are asked for: the marks of groups have no effect with this version of pytest."""
    return Rooms(config, log) if config.getvalue("dist") == "loadgroup" else None


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
