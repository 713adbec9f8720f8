"""Damage where nobody reads is found, and a flipped bit at the end is not taken for a crash."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from aiops.config import Config, JournalConfig, StateConfig
from aiops.daemon.scrubber import MAX_PROBLEMS, Scrubber
from aiops.engine.engine import Engine
from aiops.journal import CorruptJournal, Meta, Writer, frames
from aiops.journal.frame import HEADER_BYTES, encode_lines
from aiops.journal.scrub import content, structure
from aiops.journal.segment import segments
from aiops.records import Alert
from tests.daemons import bare_daemon


def write(directory: Path, count: int, *, segment_bytes: int = 2_000, alerts: int = 10) -> None:
    writer = Writer(directory, segment_bytes=segment_bytes)
    for number in range(count):
        batch = [Alert(ts=float(number), name=os.urandom(20).hex(), id=f"{number}-{n}") for n in range(alerts)]
        writer.append(batch, encode_lines(batch), Meta())
    writer.close()


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 1]))


def problems(directory: Path, look: Callable[[Path], object] = content) -> list[str]:
    return [step.problem for step in look(directory) if step.problem]  # type: ignore[attr-defined]


def test_a_sound_journal_has_no_problems(tmp_path: Path) -> None:
    write(tmp_path, 20)
    assert len(segments(tmp_path)) > 3
    assert problems(tmp_path, structure) == problems(tmp_path) == []
    closed = [one.path.stat().st_size for one in segments(tmp_path)[:-1]]
    assert sum(step.read_bytes for step in content(tmp_path)) == sum(closed)


@pytest.mark.parametrize("at", [0, 9, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 30])
def test_a_flipped_bit_in_the_middle_is_found(tmp_path: Path, at: int) -> None:
    write(tmp_path, 20)
    path = segments(tmp_path)[1].path
    flip(path, at)
    [problem] = problems(tmp_path)
    assert str(path) in problem
    assert "damaged at byte 0" in problem
    # A payload is looked at by the second look only.
    assert len(problems(tmp_path, structure)) == (1 if at < HEADER_BYTES else 0)


def test_a_missing_segment_is_found_by_the_headers(tmp_path: Path) -> None:
    write(tmp_path, 20)
    one, missing, after = segments(tmp_path)[1:4]
    missing.path.unlink()
    [problem] = problems(tmp_path, structure)
    assert f"frames {missing.first} to {after.first - 1} are missing" in problem
    assert one.path.exists()


def test_a_segment_that_retention_removes_meanwhile_is_none(tmp_path: Path) -> None:
    write(tmp_path, 20)
    steps = content(tmp_path)
    assert next(steps).problem == ""
    segments(tmp_path)[1].path.unlink()
    assert [step.problem for step in steps if "damaged" in step.problem] == []


def test_the_scrubber_keeps_and_forgets_problems(tmp_path: Path) -> None:
    write(tmp_path, 200)
    scrubber = Scrubber(tmp_path)
    scrubber.check()
    assert scrubber.problems == []
    for segment in segments(tmp_path)[:-1]:
        flip(segment.path, HEADER_BYTES + 5)
    scrubber.check()
    assert len(scrubber.problems) == MAX_PROBLEMS
    for segment in segments(tmp_path)[:-1]:
        flip(segment.path, HEADER_BYTES + 5)
    scrubber.check()
    assert scrubber.problems == []


def test_the_daemon_shows_them(tmp_path: Path) -> None:
    write(tmp_path / "journal", 20)
    config = Config(state=StateConfig(str(tmp_path)), journal=JournalConfig(segment_bytes=65_536))
    bare_daemon(config, Engine).close()
    daemon = bare_daemon(config, Engine)
    path = segments(tmp_path / "journal")[1].path
    flip(path, HEADER_BYTES + 5)
    daemon.scrubber.check()
    warnings = daemon.health()["warnings"]
    assert isinstance(warnings, list)
    assert any(str(path) in text and "restore the file from a copy" in text for text in warnings)
    assert "aiops_journal_problems 1\n" in daemon.metrics_text()
    daemon.close()


@pytest.mark.parametrize("alerts", [1, 60])
def test_a_flip_in_the_last_frame_is_damage(tmp_path: Path, alerts: int) -> None:
    """Wherever it is: the frame has its full length, so that it was written, synced and acknowledged."""
    write(tmp_path, 2, segment_bytes=1 << 20, alerts=alerts)
    [segment] = segments(tmp_path)
    first, second = (frame.number for frame in frames(tmp_path))
    assert (first, second) == (0, 1)
    size = segment.path.stat().st_size
    raw = segment.path.read_bytes()
    start = raw.index(b"AIJ1", 4)
    for offset in [*range(start, start + HEADER_BYTES), *range(start + HEADER_BYTES, size, 1 + size // 50), size - 1]:
        flip(segment.path, offset)
        with pytest.raises(CorruptJournal, match=f"damaged at byte {start}: the last frame"):
            Writer(tmp_path)
        with pytest.raises(CorruptJournal, match=f"damaged at byte {start}: the last frame"):
            list(frames(tmp_path))
        flip(segment.path, offset)
    assert segment.path.read_bytes() == raw
    assert Writer(tmp_path).torn is None


@pytest.mark.parametrize("kept", [0, 100, 1_000])
def test_a_part_that_was_never_written_is_torn(tmp_path: Path, kept: int) -> None:
    """A power failure: the length is on disk, and some of the content is not."""
    write(tmp_path, 2, segment_bytes=1 << 20, alerts=300)
    [segment] = segments(tmp_path)
    raw = segment.path.read_bytes()
    start = raw.index(b"AIJ1", 4)
    whole = start + HEADER_BYTES + kept
    segment.path.write_bytes(raw[:whole] + bytes(len(raw) - whole))
    found = Writer(tmp_path)
    assert found.torn is not None
    assert (found.number, found.torn.offset, found.torn.lost_bytes) == (1, start, len(raw) - start)


def test_a_hole_of_one_sector_is_torn(tmp_path: Path) -> None:
    write(tmp_path, 2, segment_bytes=1 << 20, alerts=300)
    [segment] = segments(tmp_path)
    raw = bytearray(segment.path.read_bytes())
    start = raw.index(b"AIJ1", 4)
    sector = (start + HEADER_BYTES + 2_000) // 512 * 512
    raw[sector : sector + 512] = bytes(512)
    segment.path.write_bytes(raw)
    assert Writer(tmp_path).torn is not None
    # A hole that is not one of the disk is damage.
    raw[sector + 511] = 1
    segment.path.write_bytes(raw)
    with pytest.raises(CorruptJournal):
        Writer(tmp_path)
