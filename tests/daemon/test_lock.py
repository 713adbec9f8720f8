"""The lock of a state directory: one daemon at a time, whatever way it ended."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from aiops.daemon.lock import StateLock
from aiops.errors import AiopsError

HOLDER = """
import sys
from pathlib import Path
from aiops.daemon.lock import StateLock
lock = StateLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_second_lock_is_refused_with_what_to_do(tmp_path: Path) -> None:
    lock = StateLock(tmp_path)
    with pytest.raises(AiopsError, match=r"another daemon uses it: stop that one, or set state\.directory"):
        StateLock(tmp_path)
    lock.release()
    StateLock(tmp_path).release()


def test_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AiopsError):
            StateLock(tmp_path)
        holder.kill()
        holder.wait(60)
    StateLock(tmp_path).release()


def test_lock_makes_its_directory_for_the_owner_alone(tmp_path: Path) -> None:
    lock = StateLock(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a" / "b" / "lock").stat().st_mode) == 0o600
    assert (tmp_path / "a" / "b" / "lock").read_text() == f"{os.getpid()}\n"
    lock.release()


def test_directory_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AiopsError, match=r"state .*file.*set state\.directory"):
        StateLock(tmp_path / "file" / "below")


def test_longer_number_of_an_earlier_process_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("9" * 40)
    StateLock(tmp_path).release()
    assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
