"""`aiops demo` on a real terminal ends on a page and stops on Ctrl-C; in a pipe it ends by itself."""

from __future__ import annotations

import os
import pty
import re
import select
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx2
import pytest

DEADLINE_S = 240.0
ROWS, COLUMNS = 40, 100


class Terminal:
    """A command on a pseudo terminal."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.leader, follower = pty.openpty()
        termios.tcsetwinsize(follower, (ROWS, COLUMNS))
        found = {
            name: value for name, value in os.environ.items() if name not in ("CI", "COLUMNS", "LINES", "NO_COLOR")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "aiops", *arguments],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env={**found, "TERM": "xterm-256color", **environment},
            preexec_fn=partial(os.login_tty, follower),
        )
        os.close(follower)
        self.shown = b""

    def until(self, text: str) -> str:
        """Read until the screen has shown a text."""
        deadline = time.monotonic() + DEADLINE_S
        while text not in self.text():
            assert time.monotonic() < deadline, self.text()
            if select.select([self.leader], [], [], 0.5)[0] and not self._read():
                raise AssertionError(f"it ended before {text!r}: {self.text()}")
        return self.text()

    def rest(self) -> str:
        """Read to the end."""
        while self._read():
            pass
        return self.text()

    def _read(self) -> bool:
        try:
            found = os.read(self.leader, 65_536)
        except OSError:
            return False
        self.shown += found
        return bool(found)

    def text(self) -> str:
        """Return what was shown, without colours and without lines that were drawn over."""
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.shown.decode(errors="replace"))
        return re.sub(r"[^\n]*\r(?!\n)", "", plain)

    def press(self, key: bytes) -> None:
        os.write(self.leader, key)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.leader)


@contextmanager
def terminal(*arguments: str, **environment: str) -> Iterator[Terminal]:
    found = Terminal(*arguments, **environment)
    try:
        yield found
    finally:
        found.close()


@pytest.mark.slow
def test_demo_on_a_terminal_ends_on_a_page_and_stops_on_ctrl_c(tmp_path: Path) -> None:
    with terminal("demo", TMPDIR=str(tmp_path)) as demo:
        text = demo.until("Press Ctrl-C to stop")
        assert len(text.splitlines()) <= ROWS
        link = re.search(r"http://127\.0\.0\.1:\d+/incidents/inc-[0-9a-f]+", text)
        assert link
        page = httpx2.get(link[0], timeout=60)
        assert page.status_code == 200
        lines = httpx2.get(f"{link[0].partition('/incidents')[0]}/api/v1/incidents", timeout=60).json()["incidents"]
        assert len(lines) >= 10
        now = time.time()
        assert all(now - 5 * 3600 < line["opened_at"] <= now + 1 for line in lines), "ages are those of a real storm"
        demo.press(b"\x03")
        demo.until("stopped")
        assert demo.process.wait(DEADLINE_S) == 0
        assert list(tmp_path.iterdir()) == []


def test_demo_stops_on_ctrl_c_while_it_plays(tmp_path: Path) -> None:
    with terminal("demo", TMPDIR=str(tmp_path)) as demo:
        demo.until("playing its alerts")
        demo.press(b"\x03")
        demo.rest()
        assert demo.process.wait(DEADLINE_S) == 0
        assert "Traceback" not in demo.text()
        assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_demo_in_ci_ends_by_itself_even_on_a_terminal() -> None:
    with terminal("demo", CI="true") as demo:
        assert "7 of 7 faults were found" in demo.rest()
        assert demo.process.wait(DEADLINE_S) == 0


def test_demo_refuses_a_port_that_is_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            [sys.executable, "-m", "aiops", "demo", "--page", "--port", str(taken.getsockname()[1])],
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
    assert done.returncode == 2
    assert "cannot listen on 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr
