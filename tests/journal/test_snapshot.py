"""Snapshots and retention: what a restart needs is there, whatever was removed or damaged."""

from __future__ import annotations

import os
import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.journal import JournalError, Meta, Writer, frames
from aiops.journal.retention import Aged, expired, remove_expired
from aiops.journal.segment import Segment, segments
from aiops.journal.snapshot import (
    Kept,
    Snapshot,
    SnapshotMeta,
    good_snapshots,
    pack,
    read_snapshot,
    snapshot_paths,
    write_packed,
    write_snapshot,
)


def snapshot(frame: int, state: bytes = b"state") -> Snapshot:
    meta = Meta(positions={"kafka": {"t/0": frame}}, rejected=frame)
    return Snapshot(SnapshotMeta(frame=frame, seq=frame * 2, at=1.0, config="c", journal=meta), state)


def test_the_last_three_are_kept_and_read_again(tmp_path: Path) -> None:
    for frame in range(5):
        write_snapshot(tmp_path, snapshot(frame))
    assert [read_snapshot(path).meta.frame for path in snapshot_paths(tmp_path)] == [2, 3, 4]
    newest = next(iter(good_snapshots(tmp_path)))
    assert isinstance(newest, Kept)
    assert b"".join(newest.parts()) == b"state"
    assert msgspec.structs.replace(newest.meta, parts=[]) == snapshot(4).meta


@pytest.mark.parametrize("size", [1, 100, 100_000])
def test_parts_come_back_as_they_were_packed(tmp_path: Path, size: int) -> None:
    rng = random.Random(size)
    parts = [rng.randbytes(rng.randrange(size)) + b"x" * rng.randrange(size) for _ in range(40)]
    kept = read_snapshot(write_packed(tmp_path, snapshot(1).meta, pack(parts)))
    assert list(kept.parts()) == parts


def test_one_that_does_not_tell_its_parts_is_read_whole(tmp_path: Path) -> None:
    kept = read_snapshot(write_packed(tmp_path, snapshot(1).meta, pack([b"one", b"two"])))
    kept.meta.parts = []
    assert list(kept.parts()) == [b"onetwo"]


def test_parts_that_are_longer_than_the_state_are_damage(tmp_path: Path) -> None:
    kept = read_snapshot(write_packed(tmp_path, snapshot(1).meta, pack([b"one", b"two"])))
    kept.meta.parts = [3, 4]
    with pytest.raises(JournalError, match="cut off"):
        list(kept.parts())


@pytest.mark.parametrize("damage", ["bit", "short", "empty"])
def test_a_damaged_one_is_said_and_the_one_before_is_used(tmp_path: Path, damage: str) -> None:
    for frame in (1, 2):
        path = write_snapshot(tmp_path, snapshot(frame, b"state" * 100))
    raw = bytearray(path.read_bytes())
    if damage == "bit":
        raw[-3] ^= 1
    path.write_bytes({"bit": bytes(raw), "short": bytes(raw[:-4]), "empty": b""}[damage])
    first, second = good_snapshots(tmp_path)
    assert isinstance(first, JournalError)
    assert str(path) in str(first)
    assert isinstance(second, Kept)
    assert second.meta.frame == 1


def test_what_a_crash_left_aside_is_removed(tmp_path: Path) -> None:
    (tmp_path / "00000000000000000001.new").write_bytes(b"half")
    write_snapshot(tmp_path, snapshot(2))
    assert [path.name for path in tmp_path.iterdir()] == ["00000000000000000002.snapshot"]
    assert list(good_snapshots(tmp_path / "nowhere")) == []


def test_retention_by_age_leaves_what_the_oldest_snapshot_needs(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "journal", segment_bytes=1)
    for _ in range(10):
        writer.append([], b"", Meta())
    writer.close()
    for segment in segments(tmp_path / "journal"):
        os.utime(segment.path, (100.0, 100.0))
    assert remove_expired(tmp_path / "journal", tmp_path / "snapshots", 1_000.0, 10.0, 1) == []
    for frame in (4, 6):
        write_snapshot(tmp_path / "snapshots", snapshot(frame))
    assert len(remove_expired(tmp_path / "journal", tmp_path / "snapshots", 1_000.0, 10.0, 1 << 30)) == 4
    assert [frame.number for frame in frames(tmp_path / "journal", 4)] == [4, 5, 6, 7, 8, 9]


AGED = st.lists(st.tuples(st.integers(0, 100), st.floats(0, 1_000)), max_size=12)


@settings(max_examples=100)
@given(sizes=AGED, needed=st.integers(0, 15), keep_s=st.floats(1, 1_000), keep_bytes=st.integers(0, 500))
def test_nothing_needed_goes_and_no_more_than_the_bounds_ask(
    sizes: list[tuple[int, float]], needed: int, keep_s: float, keep_bytes: int
) -> None:
    found = [Aged(Segment(place, Path(str(place))), size, at) for place, (size, at) in enumerate(sizes)]
    gone = expired(found, needed, 1_000.0, keep_s, keep_bytes)
    assert gone == found[: len(gone)]
    assert all(aged.segment.first < needed for aged in gone)
    total = sum(aged.bytes for aged in found)
    for aged in gone:
        assert aged.written_at < 1_000.0 - keep_s or total > keep_bytes
        total -= aged.bytes
    assert len(gone) <= max(0, len(found) - 2)
