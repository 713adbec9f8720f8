"""`aiops replay --sweep` from the outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from aiops.archive import write
from aiops.cli.sweep import jobs_of
from aiops.records import Alert, Truth
from tests.cli.running import run

KEY = "correlate.sensitivity"
# A process of a machine under load ends in seconds.
WITHIN_S = 120.0


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten faults an hour apart, each of three alerts of one service; at every second one another fault 40 s later."""
    alerts = []
    for hour in range(10):
        for number, service in enumerate(["shop", "bank"][: 1 + hour % 2]):
            at = 3_600.0 * hour + 40.0 * number
            for second, name in enumerate(["Cpu", "Errors", "Latency"]):
                truth = Truth(f"{service}-{hour}", False)
                alert = Alert(ts=at + second, name=name, entity=service, service=service, severity="high", truth=truth)
                alerts.append(alert)
    path = tmp_path_factory.mktemp("swept") / "a.jsonl"
    write(path, list(alerts))
    return path


def test_sweep_prints_a_table_and_a_suggestion(
    archive: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run(
        capsys, monkeypatch, "replay", archive, "--sweep", f"{KEY}=.1,.5", "--suggest", "--jobs", 1, "--diff", ".1"
    )
    assert code == 0
    assert err == "2 replays in 1 process\n"
    lines = out.splitlines()
    assert lines[0].startswith(f"{KEY}: 2 settings, 45 alerts of 9 h")
    assert [line.split()[0] for line in lines[2:5]] == ["value", "0.1", "0.5"]
    assert "F1, P, R: pairwise F1, precision, recall, against the labels" in out
    assert "0.1 against 0.5 (current)" in out
    assert max(len(line) for line in lines[2:5]) <= 80


def test_results_go_to_files_and_json(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    svg, paged = tmp_path / "s.svg", tmp_path / "p.jsonl"
    command = ("replay", archive, "--sweep", f"{KEY}=.1,.5", "--json", "--svg", svg, "--paged", paged, "--jobs", 1)
    code, out, _ = run(capsys, monkeypatch, *command)
    assert code == 0
    report = json.loads(out)
    assert report["keys"] == [KEY]
    assert report["truth"] == "labels"
    assert ElementTree.fromstring(svg.read_text(encoding="utf-8")).attrib["role"] == "img"
    pages = [json.loads(line) for line in paged.read_text().splitlines()]
    for row in report["rows"]:
        assert sum(page["setting"] == row["label"] for page in pages) == row["pages"]
    assert {"at", "endpoint", "change", "incident", "severity", "title"} < set(pages[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-", "--sweep", f"{KEY}=.1"), "not standard input"),
        (("absent.jsonl", "--sweep", f"{KEY}=.1"), "absent.jsonl: No such file"),
        (("FILE", "--sweep", f"{KEY}=2"), "Expected `float` < 1.0"),
        (("FILE", "--sweep", f"{KEY}=.1", "--out", "x.jsonl"), "--out is about one replay"),
        (("FILE", "--sweep", f"{KEY}=.1", "--svg", "/nowhere/at/all.svg"), "the folder does not exist"),
        (("FILE", "--sweep", f"{KEY}=.1", "--objective", "peace"), "expected one of f1, pages; got 'peace'"),
        (("FILE", "--sweep", f"{KEY}=.1", "--from", "1"), "select a part of a --journal"),
        (("FILE", "--suggest"), "--suggest needs --sweep"),
        (("FILE", "--diff", ".1"), "--diff needs --sweep"),
        (("FILE", "--jobs", "2"), "--jobs needs --sweep"),
    ],
)
def test_wrong_usage_is_one_line_before_any_replay(
    archive: Path,
    arguments: tuple[str, ...],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = (str(archive) if one == "FILE" else one for one in arguments)
    code, out, err = run(capsys, monkeypatch, "replay", *given)
    assert (code, out) == (2, "")
    assert err.startswith("aiops: ")
    assert message in err
    assert err.count("\n") == 1


def test_picture_with_too_many_lines_is_refused_first(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps = ("--sweep", f"{KEY}=.1,.5", "--sweep", "incidents.storm_incidents=3:12:1")
    code, _, err = run(capsys, monkeypatch, "replay", archive, *sweeps, "--svg", tmp_path / "s.svg")
    assert code == 2
    assert "at most 6 (got 11)" in err


def test_interrupt_ends_all_processes_without_a_traceback(tmp_path: Path) -> None:
    # A pipe that nobody writes into: each replay waits in its first read, and none can end before the interrupt.
    os.mkfifo(tmp_path / "endless.jsonl")
    command = [sys.executable, "-m", "aiops", "replay", str(tmp_path / "endless.jsonl"), "--jobs", "2"]
    process = subprocess.Popen(
        [*command, "--sweep", f"{KEY}=.1:.9:.1"], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "9 replays in 2 processes\n"
    os.killpg(process.pid, signal.SIGINT)
    # The end of standard error is the end of every process: each has a copy of it.
    _, rest = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 130
    assert "Traceback" not in rest


def test_jobs_are_one_a_processor() -> None:
    assert jobs_of(None) >= 1
    assert jobs_of(3) == 3
