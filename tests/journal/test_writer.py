"""The journal's end: what a crash, a damaged file and a disk that says no leave behind."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.journal import CorruptJournal, DiskError, JournalError, Meta, Writer, frames, read
from aiops.journal.frame import HEADER_BYTES, encode_lines, time_of
from aiops.journal.segment import segments
from aiops.records import Alert
from tests.conftest import SmallDisk


def alerts(count: int, ts: float = 0.0) -> list[Alert]:
    return [Alert(ts=ts + number, name="DiskFull", id=f"a{ts + number}") for number in range(count)]


def append(writer: Writer, batch: list[Alert], **meta: object) -> int:
    return writer.append(batch, encode_lines(batch), Meta(**meta))  # type: ignore[arg-type]


def names(directory: Path) -> list[str]:
    return [record.id for record in read(directory)]


def only_file(directory: Path) -> Path:
    (segment,) = segments(directory)
    return segment.path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    assert append(writer, alerts(3), at=5.0, positions={"kafka": {"t/0": 3}}, rejected=1) == 0
    assert append(writer, []) == 1
    assert append(writer, alerts(2, ts=10.0)) == 2
    assert (writer.number, writer.seq) == (3, 5)
    writer.close()
    found = list(frames(tmp_path))
    assert [(frame.number, frame.first_seq, len(frame.records)) for frame in found] == [(0, 0, 3), (1, 3, 0), (2, 3, 2)]
    assert found[0].records == alerts(3)
    assert found[0].meta == Meta(at=5.0, positions={"kafka": {"t/0": 3}}, rejected=1)
    again = Writer(tmp_path, known=3)
    assert (again.number, again.seq, again.torn) == (3, 5, None)


def test_segments_rotate_and_are_read_as_one(tmp_path: Path) -> None:
    writer = Writer(tmp_path, segment_bytes=300)
    for number in range(20):
        append(writer, alerts(2, ts=number * 10.0))
    writer.close()
    assert len(segments(tmp_path)) > 3
    assert len(list(read(tmp_path))) == 40
    assert [frame.number for frame in frames(tmp_path, 17)] == [17, 18, 19]
    assert [time_of(record) for record in read(tmp_path, 41.0, 71.0)] == [41.0, 50.0, 51.0, 60.0, 61.0, 70.0]


@pytest.mark.parametrize("cut", [1, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 5])
def test_a_torn_tail_is_cut_off_and_said(tmp_path: Path, cut: int) -> None:
    writer = Writer(tmp_path)
    append(writer, alerts(2))
    whole = only_file(tmp_path).stat().st_size
    append(writer, alerts(50, ts=100.0))
    writer.close()
    os.truncate(only_file(tmp_path), whole + cut)
    assert names(tmp_path) == ["a0.0", "a1.0"]
    again = Writer(tmp_path)
    assert again.torn is not None
    assert (again.torn.offset, again.torn.lost_bytes) == (whole, cut)
    append(again, alerts(1, ts=7.0))
    again.close()
    assert names(tmp_path) == ["a0.0", "a1.0", "a7.0"]


def test_a_tail_of_zeros_is_torn(tmp_path: Path) -> None:
    """After a power failure the length may be on disk and the bytes not."""
    writer = Writer(tmp_path)
    append(writer, alerts(2))
    size = only_file(tmp_path).stat().st_size
    append(writer, alerts(9, ts=50.0))
    writer.close()
    end = only_file(tmp_path).stat().st_size
    with open(only_file(tmp_path), "r+b") as handle:
        handle.seek(size + HEADER_BYTES)
        handle.write(bytes(end - size - HEADER_BYTES))
    assert names(tmp_path) == ["a0.0", "a1.0"]
    assert Writer(tmp_path).number == 1


def test_losing_what_was_acknowledged_is_damage_not_a_torn_tail(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    append(writer, alerts(2))
    append(writer, alerts(2))
    writer.close()
    os.truncate(only_file(tmp_path), only_file(tmp_path).stat().st_size - 1)
    with pytest.raises(CorruptJournal, match="frames up to 1 were acknowledged"):
        Writer(tmp_path, known=2)


@pytest.mark.parametrize("place", ["header", "payload"])
def test_damage_in_the_middle_is_never_skipped(tmp_path: Path, place: str) -> None:
    writer = Writer(tmp_path)
    append(writer, alerts(3))
    offset = only_file(tmp_path).stat().st_size
    append(writer, alerts(3))
    append(writer, alerts(3))
    writer.close()
    with open(only_file(tmp_path), "r+b") as handle:
        handle.seek(offset + (9 if place == "header" else HEADER_BYTES + 9))
        byte = handle.read(1)
        handle.seek(-1, os.SEEK_CUR)
        handle.write(bytes([byte[0] ^ 0x40]))
    before = only_file(tmp_path).read_bytes()
    with pytest.raises(CorruptJournal, match=f"damaged at byte {offset}.*Restore the file"):
        list(frames(tmp_path))
    if place == "header":
        with pytest.raises(CorruptJournal, match=f"byte {offset}"):
            Writer(tmp_path)
    assert only_file(tmp_path).read_bytes() == before


def test_a_missing_segment_is_damage(tmp_path: Path) -> None:
    writer = Writer(tmp_path, segment_bytes=1)
    for _ in range(4):
        append(writer, alerts(1))
    writer.close()
    found = segments(tmp_path)
    found[1].path.unlink()
    with pytest.raises(CorruptJournal, match="frames 1 to 1 are missing"):
        list(read(tmp_path))
    found[0].path.unlink()
    with pytest.raises(JournalError, match="frame 1 is needed and the oldest one is 2"):
        list(frames(tmp_path, 1))
    assert len(list(frames(tmp_path, 2))) == 2


def test_no_journal_is_an_error_a_person_can_act_on(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="No such file or directory: expected a directory"):
        list(read(tmp_path / "nowhere"))


def test_a_file_size_limit_takes_nothing_and_the_next_commit_goes_on(tmp_path: Path) -> None:
    """The kernel refuses in the middle of a frame, as it does on a full disk."""
    writer = Writer(tmp_path)
    append(writer, alerts(2))
    big = [Alert(ts=float(number), name=os.urandom(200).hex(), id=str(number)) for number in range(200)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(DiskError, match="File too large"):
            append(writer, big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == ["a0.0", "a1.0"]
    append(writer, alerts(1, ts=9.0))
    writer.close()
    assert names(tmp_path) == ["a0.0", "a1.0", "a9.0"]


def test_a_failed_sync_does_not_count(tmp_path: Path) -> None:
    failing = {"now": False}

    def sync(fd: int) -> None:
        if failing["now"]:
            raise OSError(errno.EIO, "Input/output error")
        os.fsync(fd)

    writer = Writer(tmp_path, sync=sync)
    append(writer, alerts(1))
    failing["now"] = True
    for _ in range(2):
        with pytest.raises(DiskError, match="check the disk"):
            append(writer, alerts(1, ts=3.0))
    failing["now"] = False
    append(writer, alerts(1, ts=5.0))
    writer.close()
    assert names(tmp_path) == ["a0.0", "a5.0"]


_ON_TMPFS = """
import subprocess, sys
from pathlib import Path
from aiops.journal import DiskError, Meta, Writer, read
from aiops.journal.frame import encode_lines
from aiops.records import Alert
import os
where, filler = Path(sys.argv[1]) / "journal", Path(sys.argv[1]) / "filler"
filler.write_bytes(bytes(100_000))
writer, taken = Writer(where, segment_bytes=100_000), 0
def batch(at):
    return [Alert(ts=float(at), name=os.urandom(500).hex(), id=str(at))]
try:
    while True:
        records = batch(taken)
        writer.append(records, encode_lines(records), Meta())
        taken += 1
except DiskError as error:
    assert "No space left on device: free some space" in str(error), error
assert len(list(read(where))) == taken > 100
filler.unlink()
records = batch(taken)
writer.append(records, encode_lines(records), Meta())
assert writer.number == taken + 1
writer.close()
writer = Writer(where)
subprocess.run(["mount", "-o", "remount,ro", sys.argv[1]], check=True)
try:
    writer.append(records, encode_lines(records), Meta())
except DiskError as error:
    assert "mount the file system writable" in str(error), error
else:
    raise SystemExit("a read-only disk took a frame")
subprocess.run(["mount", "-o", "remount,rw", sys.argv[1]], check=True)
writer.append(records, encode_lines(records), Meta())
print("ok")
"""


def test_a_full_and_a_read_only_disk(small_disk: SmallDisk) -> None:
    run = small_disk(_ON_TMPFS, "1m")
    assert run.stdout == "ok\n", run.stderr


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 5), min_size=1, max_size=12),
    cut=st.floats(0, 1),
    segment_bytes=st.sampled_from([1, 400, 1 << 20]),
)
def test_cut_anywhere_a_prefix_of_whole_frames_is_left(
    sizes: list[int], cut: float, segment_bytes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    writer, written = Writer(directory, segment_bytes=segment_bytes), []
    for number, size in enumerate(sizes):
        batch = alerts(size, ts=number * 100.0)
        append(writer, batch)
        written.append([alert.id for alert in batch])
    writer.close()
    last = segments(directory)[-1]
    os.truncate(last.path, int(last.path.stat().st_size * cut))
    left = [[record.id for record in frame.records] for frame in frames(directory)]
    assert left == written[: len(left)]
    again = Writer(directory, segment_bytes=segment_bytes)
    assert again.number == len(left)
    append(again, alerts(1, ts=5000.0))
    again.close()
    assert names(directory) == [name for frame in left for name in frame] + ["a5000.0"]


def test_the_name_of_a_new_segment_is_durable_before_its_frame_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power failure may lose a file whose directory was not synced, with all that was acknowledged in it."""
    synced: list[str] = []

    def sync(fd: int) -> None:
        synced.append(os.path.basename(os.readlink(f"/proc/self/fd/{fd}")))

    monkeypatch.setattr(os, "fsync", sync)
    directory = tmp_path / "journal"
    writer = Writer(directory, segment_bytes=300, sync=sync)
    expected = []
    for number in range(6):
        is_new = number == 0 or only_last(directory).stat().st_size >= 300
        append(writer, alerts(2, ts=number * 10.0))
        expected += [only_last(directory).name, *(["journal"] if is_new else [])]
    writer.close()
    assert synced == expected
    assert expected.count("journal") >= 2


def only_last(directory: Path) -> Path:
    return segments(directory)[-1].path


def test_a_directory_that_cannot_be_synced_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer(tmp_path)

    def fail(directory: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("aiops.journal.writer.sync_directory", fail)
        with pytest.raises(DiskError):
            append(writer, alerts(1))
    assert writer.number == 0
    append(writer, alerts(1, ts=4.0))
    writer.close()
    assert names(tmp_path) == ["a4.0"]


def test_a_segment_is_full_at_its_size(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "one")
    append(writer, alerts(1))
    writer.close()
    size = segments(tmp_path / "one")[0].path.stat().st_size
    for directory, segment_bytes, count in (("full", size, 2), ("room", size + 1, 1)):
        writer = Writer(tmp_path / directory, segment_bytes=segment_bytes)
        append(writer, alerts(1))
        append(writer, alerts(1))
        writer.close()
        assert len(segments(tmp_path / directory)) == count
