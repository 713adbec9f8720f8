"""Logs: one outage is one line, whoever logs it, and what was repeated is counted."""

from __future__ import annotations

import io
import json
import logging
import resource
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from aiops.daemon.process_limits import MAX_FILES
from aiops.telemetry.log_repeats import MAX_KINDS, MOST_INFO, WINDOW_S, RepeatFilter
from aiops.telemetry.logs import JsonLines
from aiops.testing.daemon_process import DEADLINE_S, DaemonProcess


class Log:
    """A logger of its own with a clock that stands still."""

    def __init__(self) -> None:
        self.now = 0.0
        self._out = io.StringIO()
        handler = logging.StreamHandler(self._out)
        handler.setFormatter(JsonLines())
        self.repeats = RepeatFilter(handler.emit, lambda: self.now)
        handler.addFilter(self.repeats)
        self.logger = logging.Logger("test")
        self.logger.addHandler(handler)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._out.getvalue().splitlines()]


def test_an_outage_is_one_line_and_a_count() -> None:
    log = Log()
    for number in range(3_000):
        log.logger.error("cannot reach 10.0.0.%d after %d tries" % (number % 4, number))  # noqa: UP031
    assert [line["message"] for line in log.lines()] == ["cannot reach 10.0.0.0 after 0 tries"]
    log.now = WINDOW_S
    log.logger.warning("something else")
    assert [(line["message"], line.get("repeated")) for line in log.lines()[1:]] == [
        ("cannot reach 10.0.0.3 after 2999 tries", 2_999),
        ("something else", None),
    ]


def test_an_outage_that_lasts_is_a_line_a_minute() -> None:
    log = Log()
    for _ in range(600):
        log.logger.error("no space left")
        log.now += 1.0
    lines = log.lines()
    assert len([line for line in lines if "repeated" not in line]) == 600 / WINDOW_S
    assert sum(line.get("repeated", 1) for line in lines) + 59 == 600
    log.repeats.flush()
    assert sum(line.get("repeated", 1) for line in log.lines()) == 600


def test_messages_of_different_kinds_are_all_written() -> None:
    log = Log()
    for name in ("a", "b", "c"):
        log.logger.error("source %s", name)
        log.logger.error(f"source {name}")
        log.logger.warning(f"source {name}")
    assert len(log.lines()) == 7
    for _ in range(2 * MOST_INFO):
        log.logger.info("reloaded")
    assert len(log.lines()) == 7 + MOST_INFO


def test_what_is_remembered_is_bounded() -> None:
    log = Log()
    for number in range(3 * MAX_KINDS):
        name = "x" * (number % 7) + chr(0x4E00 + number)
        log.logger.error(name)
        log.logger.error(name)
    assert len(log.repeats._seen) == MAX_KINDS
    log.repeats.flush()
    assert sum(line.get("repeated", 1) for line in log.lines()) == 6 * MAX_KINDS


def test_a_trace_is_written_once() -> None:
    log = Log()
    for _ in range(2):
        try:
            raise OSError("gone")
        except OSError:
            log.logger.exception("fell")
    log.repeats.flush()
    assert ["trace" in line for line in log.lines()] == [True, False]


def lower(files: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def run(tmp_path: Path, files: int) -> tuple[DaemonProcess, int]:
    """A daemon that may open so many files, and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    sets = ["--set", f"state.directory={tmp_path / 'state'}", "--set", f"http.port={port}"]
    with (tmp_path / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "aiops.cli", "run", *sets], stdout=log, stderr=log, preexec_fn=lambda: lower(files)
        )
    return DaemonProcess(process.pid, tmp_path / "state", lambda pid: process.wait(DEADLINE_S)), port


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]


def test_out_of_file_descriptors_is_one_line_and_passes(tmp_path: Path) -> None:
    """More connections than files: who comes first is served, the log stays short, and later everybody is served."""
    daemon, port = run(tmp_path, 96)
    try:
        daemon.wait_ready()
        address = ("127.0.0.1", port)
        with ExitStack() as opened:
            for _ in range(150):
                opened.enter_context(socket.create_connection(address, timeout=DEADLINE_S))
            wait_for(lambda: any("out of system resource" in str(line) for line in lines_of(tmp_path / "log")))
        wait_for(lambda: answers(port))
    finally:
        assert daemon.stop() == 0
    found = [line for line in lines_of(tmp_path / "log") if line["logger"] == "asyncio"]
    assert len([line for line in found if "repeated" not in line]) <= 2
    assert len(found) <= 4


def answers(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        return sock.recv(100).startswith(b"HTTP/1.1 200")


def wait_for(done: Any) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(("soft", "hard", "now"), [(64, 128, 128), (64, 64, 64), (256, MAX_FILES + 5, MAX_FILES)])
def test_the_soft_limit_of_open_files_is_raised(soft: int, hard: int, now: int) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < hard:
        pytest.skip("this machine allows fewer open files")
    code = (
        "import resource; from aiops.daemon.process_limits import raise_open_files; "
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard})); "
        "print(raise_open_files(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{now} {now}\n"
