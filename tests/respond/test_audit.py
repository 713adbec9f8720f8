"""The audit trail: what was written stays provable, and a crash in the middle of a line does no harm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.respond.anchors import START
from aiops.respond.audit import AuditError, Trail, verify


def _fill(path: Path, count: int = 4) -> None:
    trail = Trail(path)
    for number in range(count):
        trail.append("note", 100.0 + number, {"number": number})
    trail.close()


def test_an_empty_trail_holds(tmp_path: Path) -> None:
    assert verify(tmp_path / "none.jsonl").head == START


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    _fill(path, 2)
    trail = Trail(path)
    assert [entry.data["number"] for entry in trail.entries] == [0, 1]
    trail.append("note", 200.0, {})
    trail.close()
    verdict = verify(path)
    assert (verdict.entries, verdict.problem) == (3, None)
    assert path.stat().st_mode & 0o777 == 0o600


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_change_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("trail") / "audit.jsonl"
    _fill(path)
    raw = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(raw) - 2))
    raw[place] = data.draw(st.integers(32, 126).filter(lambda value: value != raw[place]))
    path.write_bytes(raw)
    assert verify(path).problem is not None
    with pytest.raises(AuditError):
        Trail(path)


@pytest.mark.parametrize("keep", [(0, 1, 3), (1, 2, 3), (0, 2, 1, 3), (0, 0, 1, 2, 3)])
def test_lines_removed_moved_or_repeated_are_found(tmp_path: Path, keep: tuple[int, ...]) -> None:
    path = tmp_path / "audit.jsonl"
    _fill(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[index] for index in keep))
    assert "does not continue the chain" in str(verify(path).problem)


def test_a_rewritten_line_needs_the_whole_rest_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    _fill(path)
    lines = path.read_text().splitlines()
    entry = json.loads(lines[1])
    entry["data"] = {"number": 99}
    lines[1] = json.dumps(entry)
    path.write_text("\n".join(lines) + "\n")
    assert verify(path).entries == 1


def test_a_torn_line_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    _fill(path, 2)
    with path.open("ab") as file:
        file.write(b'{"seq":2,"at":1')
    trail = Trail(path)
    assert trail.torn_bytes == 15
    trail.append("note", 5.0, {})
    trail.close()
    assert verify(path).entries == 3
    assert path.with_name("audit.jsonl.torn").read_bytes() == b'{"seq":2,"at":1\n'


def test_one_process_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    trail = Trail(path)
    code = f"from pathlib import Path\nfrom aiops.respond.audit import Trail\nTrail(Path({str(path)!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert "another process has it open" in done.stderr
    trail.close()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0


def test_a_full_disk_leaves_the_chain_whole(tmp_path: Path) -> None:
    """The limit on file size stands for the disk: the write fails half-way, and nothing of the line remains."""
    path = tmp_path / "audit.jsonl"
    code = (
        "import resource, signal, sys\nfrom pathlib import Path\nfrom aiops.respond.audit import AuditError, Trail\n"
        f"trail = Trail(Path({str(path)!r}))\ntrail.append('note', 1.0, {{}})\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))\n"
        "try:\n    trail.append('note', 2.0, {'text': 'x' * 1000})\nexcept AuditError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert "nothing was run" in done.stdout, done.stderr
    assert verify(path).entries == 1
    assert os.path.getsize(path) < 400


def test_a_half_written_line_at_the_end_is_no_damage(tmp_path: Path) -> None:
    """A daemon was killed, or is writing it at this moment."""
    path = tmp_path / "audit.jsonl"
    _fill(path, 2)
    with path.open("ab") as file:
        file.write(b'{"seq":2,"at":1')
    verdict = verify(path)
    assert (verdict.problem, verdict.entries, verdict.torn_bytes) == (None, 2, 15)


def test_a_change_of_the_open_file_is_noticed_without_a_write(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    trail = Trail(path)
    for number in range(2):
        trail.append("note", 1.0 + number, {})
        assert trail.problem() is None
    whole = path.read_bytes()
    for changed in (whole[:-1], whole + b"x"):
        path.write_bytes(changed)
        assert "another program changed it" in str(trail.problem())
    path.write_bytes(whole)
    assert trail.problem() is None
    path.rename(tmp_path / "elsewhere")
    assert trail.problem() is not None
    trail.close()
    assert trail.problem() is None, "a daemon that ended has nothing to report"


def test_a_line_that_is_being_written_is_no_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trail, seen = Trail(tmp_path / "audit.jsonl"), list[str | None]()
    sync = os.fsync

    def looking(file: int) -> None:
        seen.append(trail.problem())
        sync(file)

    monkeypatch.setattr(os, "fsync", looking)
    trail.append("note", 1.0, {})
    assert seen == [None]
    trail.close()
