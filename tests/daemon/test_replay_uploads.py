"""Uploaded archives are bounded, private, and gone after a while."""

from __future__ import annotations

import gzip
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from aiops.daemon.replay_uploads import KEPT_S, MAX_KEPT, MAX_OPEN, Uploads
from aiops.errors import UsageError
from aiops.views.replay import Archive, ReplayBusy, TooLarge


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def uploads(tmp_path: Path, clock: Callable[[], float]) -> Uploads:
    return Uploads(tmp_path / "uploads", 1_000, clock)


def put(uploads: Uploads, content: bytes = b"{}\n", name: str = "a.jsonl") -> Archive:
    upload = uploads.begin()
    upload.write(content)
    return uploads.finish(upload, name)


def test_an_archive_is_kept_for_its_owner_alone(uploads: Uploads) -> None:
    archive = put(uploads)
    found, path = uploads.path(archive.id)
    assert (found, path.read_bytes(), path.suffix) == (archive, b"{}\n", ".jsonl")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_content_decides_if_it_is_compressed(uploads: Uploads) -> None:
    assert uploads.path(put(uploads, gzip.compress(b"{}"), "a.jsonl").id)[1].name.endswith(".jsonl.gz")
    assert not uploads.path(put(uploads, b"{}", "a.jsonl.gz").id)[1].name.endswith(".gz")


def test_a_name_is_for_people_and_never_a_path(uploads: Uploads) -> None:
    archive = put(uploads, name="../../etc/passwd\x00\n" + "x" * 500)
    assert archive.name.startswith("../../etc/passwdx")
    assert len(archive.name) == 100
    assert uploads.path(archive.id)[1].parent.name == "uploads"
    assert put(uploads, name="\x00").name == "archive"


def test_an_archive_beyond_the_bound_is_refused_while_it_comes(uploads: Uploads, tmp_path: Path) -> None:
    upload = uploads.begin()
    upload.write(b"x" * 1_000)
    with pytest.raises(TooLarge, match="at most 1,000 bytes"):
        upload.write(b"x")
    upload.abort()
    assert list((tmp_path / "uploads").iterdir()) == []


def test_an_empty_archive_is_refused(uploads: Uploads, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="got an empty one"):
        uploads.finish(uploads.begin(), "a")
    assert list((tmp_path / "uploads").iterdir()) == []


def test_few_come_at_once(uploads: Uploads) -> None:
    coming = [uploads.begin() for _ in range(MAX_OPEN)]
    with pytest.raises(ReplayBusy):
        uploads.begin()
    for upload in coming:
        upload.abort()
    put(uploads)


def test_the_oldest_are_removed(uploads: Uploads, tmp_path: Path) -> None:
    names = [put(uploads).id for _ in range(MAX_KEPT + 2)]
    assert [archive.id for archive in uploads.listed()] == names[:1:-1]
    assert len(list((tmp_path / "uploads").iterdir())) == MAX_KEPT
    with pytest.raises(UsageError, match="upload it again"):
        uploads.path(names[0])


def test_an_old_one_is_removed(uploads: Uploads, clock: Clock, tmp_path: Path) -> None:
    put(uploads)
    clock.now += KEPT_S + 1
    assert uploads.listed() == []
    assert list((tmp_path / "uploads").iterdir()) == []
