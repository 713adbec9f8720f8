"""Files and directories that only the daemon's own user may read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from aiops.private import narrow, private_directory


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_directory_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    made = private_directory(tmp_path / "a" / "b")
    assert made == tmp_path / "a" / "b"
    assert mode(made) == 0o700


def test_directory_that_is_there_is_narrowed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    private_directory(tmp_path)
    assert mode(tmp_path) == 0o700


@pytest.mark.parametrize(("before", "after"), [(0o644, 0o600), (0o600, 0o600), (0o400, 0o400), (0o777, 0o600), (0, 0)])
def test_narrow_takes_away_and_never_gives(tmp_path: Path, before: int, after: int) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(before)
    assert narrow(path) == path
    assert mode(path) == after


def test_narrow_of_nothing_is_nothing(tmp_path: Path) -> None:
    assert not narrow(tmp_path / "gone").exists()


def test_directory_below_a_file_cannot_be_had(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError):
        private_directory(tmp_path / "file" / "below")
