"""Signals to the process, and what systemd is told."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from aiops.app.signals import Signals, notify_systemd

SCRIPT = """
import os, signal, sys
from aiops.app.signals import Signals
signals = Signals()
signals.install()
for name in sys.argv[1:]:
    os.kill(os.getpid(), getattr(signal, name))
print(signals.ended.is_set(), signals.reload.is_set())
"""


@pytest.mark.parametrize(
    ("sent", "code", "printed"),
    [
        (["SIGTERM"], 0, "True False"),
        (["SIGINT"], 0, "True False"),
        (["SIGHUP", "SIGHUP"], 0, "False True"),
        (["SIGTERM", "SIGTERM"], 143, ""),
        (["SIGHUP", "SIGINT", "SIGTERM"], 143, ""),
    ],
)
def test_second_request_to_end_ends_at_once(sent: list[str], code: int, printed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *sent], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (code, printed), done.stderr


def test_new_signals_are_not_set() -> None:
    signals = Signals()
    assert not signals.ended.is_set()
    assert not signals.reload.is_set()


def test_systemd_gets_the_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        notify_systemd("READY=1")
        assert listener.recv(100) == b"READY=1"


def test_abstract_address_of_systemd_begins_with_an_at_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"aiops-test-{id(monkeypatch)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        listener.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        notify_systemd("STOPPING=1")
        assert listener.recv(100) == b"STOPPING=1"


def test_systemd_that_does_not_listen_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify_systemd("READY=1")
    assert caplog.records == []
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify_systemd("READY=1")
    assert len(caplog.records) == 1
