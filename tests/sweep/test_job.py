"""A replay job in its process: an order in, a result or one clear error out."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.archive import write
from aiops.records import Alert
from aiops.sweep import job
from aiops.sweep.job import ORDER, RESULT, compared, report
from aiops.views.replay import Compared, Limits, Order

NOW = 1_800_000_000.0
LIMITS = Limits(300, 2 << 30, 1_000, 1 << 20)


def order(path: Path, limits: Limits = LIMITS, **more: Any) -> Order:
    records = [
        Alert(ts=NOW + 9 * n, id=f"a-{n}", name="Down", entity=f"web-{n % 3}", severity="high") for n in range(20)
    ]
    write(path / "a.jsonl", records)
    return Order({}, more.pop("changes", {}), limits, archive=str(path / "a.jsonl"), **more)


def spawn(directory: Path, wanted: Order | bytes) -> tuple[int, list[dict[str, Any]]]:
    raw = wanted if isinstance(wanted, bytes) else msgspec.json.encode(wanted)
    (directory / ORDER).write_bytes(raw)
    command = [sys.executable, "-P", "-m", "aiops.sweep.job", str(directory)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    lines = [json.loads(line) for line in process.stdout]
    code = process.wait()
    process.stdout.close()
    assert process.stdin is not None
    process.stdin.close()
    return code, lines


def test_a_process_writes_its_result(tmp_path: Path) -> None:
    code, lines = spawn(tmp_path, order(tmp_path))
    assert code == 0
    assert [line["progress"]["side"] for line in lines] == ["A", "B"]
    found = msgspec.json.decode((tmp_path / RESULT).read_bytes(), type=Compared)
    assert (found.verdict.tone, found.before.alerts) == ("same", 20)


def test_a_process_without_memory_says_so(tmp_path: Path) -> None:
    # The address space that it has already leaves no room for the replay.
    code, lines = spawn(tmp_path, order(tmp_path, msgspec.structs.replace(LIMITS, memory_bytes=1 << 20)))
    assert code != 0
    assert not (tmp_path / RESULT).exists()
    assert [line["error"] for line in lines if "error" in line] in (
        [],
        [f"it needs more than {1 << 20:,} bytes of memory: use a shorter stretch"],
    )


def test_an_error_names_the_archive_and_no_path(tmp_path: Path) -> None:
    wanted = order(tmp_path)
    Path(wanted.archive).unlink()
    code, lines = spawn(tmp_path, wanted)
    assert code == 1
    assert lines[-1] == {"error": "archive: No such file or directory"}


def test_a_change_goes_over_the_settings(tmp_path: Path) -> None:
    wanted = order(tmp_path, changes={"endpoints.pager.min_severity": "critical"})
    found = compared(wanted)
    assert (found.before.pages > 0, found.after.pages) == (True, 0)


def test_a_fault_is_reported_and_not_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def fail(wanted: Order) -> Compared:
        raise ZeroDivisionError("a model")

    (tmp_path / ORDER).write_bytes(msgspec.json.encode(order(tmp_path)))
    monkeypatch.setattr(job, "bound", lambda limits: None)
    monkeypatch.setattr(job, "compared", fail)
    assert job.main(tmp_path) == 1
    assert "a fault, please report it: ZeroDivisionError: a model" in capsys.readouterr().out


def test_a_line_of_progress_is_json() -> None:
    out = io.StringIO()
    report({"progress": {"side": "A", "records": 5}}, out)
    assert json.loads(out.getvalue()) == {"progress": {"side": "A", "records": 5}}
