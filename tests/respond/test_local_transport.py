"""Programs: without a shell and an environment, bounded in time and output, killed with their children."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from aiops.respond.local_kinds import EXEC, WAIT
from aiops.respond.local_transport import MAX_OUTPUT_BYTES, LocalTransport, run_program
from aiops.respond.sending import Gate
from aiops.step_kinds.exchange import Reply, Request
from tests.waiting import eventually

PYTHON = sys.executable


class Others:
    """A transport for everything else."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.is_closed = False

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        self.urls.append(request.url)
        return Reply(204)

    def close(self) -> None:
        self.is_closed = True


def run(*argv: str, timeout_s: float = 60.0) -> Reply:
    """Run Python code with arguments."""
    return run_program([PYTHON, "-I", "-c", *argv], timeout_s, lambda: True)


def is_gone(group: int) -> bool:
    """Return True if a group of processes has no member."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_arguments_are_passed_whole_and_the_environment_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPS_TOKEN", "s3cret")
    code = "import os, sys; print(sys.argv[1:], 'OPS_TOKEN' in os.environ, 'PATH' in os.environ, os.getcwd())"
    found = run(code, "$(id); `id`", "a b")
    assert (found.status, found.error) == (200, None)
    assert found.excerpt == "['$(id); `id`', 'a b'] False False /"


def test_an_exit_code_is_a_problem() -> None:
    found = run("import sys; sys.exit('no such worker')")
    assert (found.status, found.error, found.excerpt) == (0, "exit code 1", "no such worker")


def test_a_program_is_killed_with_its_children_after_its_time(tmp_path: Path) -> None:
    code = (
        "import os, sys, time\nif os.fork() == 0: time.sleep(600)\n"
        "open(sys.argv[1], 'w').write(str(os.getpgid(0)))\ntime.sleep(600)"
    )
    began = time.monotonic()
    found = run(code, str(tmp_path / "group"), timeout_s=1.0)
    assert found.error == "killed after 1 s"
    assert time.monotonic() - began < 30.0
    if (tmp_path / "group").exists():
        eventually(lambda: is_gone(int((tmp_path / "group").read_text())))


def test_a_child_that_is_left_behind_is_killed_too(tmp_path: Path) -> None:
    code = (
        "import os, sys, time\nchild = os.fork()\nif child == 0: time.sleep(600)\n"
        "open(sys.argv[1], 'w').write(str(os.getpgid(0)))"
    )
    assert run(code, str(tmp_path / "group")).status == 200
    group = int((tmp_path / "group").read_text())
    eventually(lambda: is_gone(group))


def test_output_is_bounded() -> None:
    found = run(f"import sys; sys.stdout.write('x' * {MAX_OUTPUT_BYTES * 20})")
    assert found.status == 200
    assert 0 < len(found.excerpt) <= 300


def test_a_program_that_cannot_be_started_was_not_sent() -> None:
    found = run_program(["/no/such/program"], 1.0, lambda: True)
    assert (found.sent, found.error) == (False, "/no/such/program was not started: No such file or directory")


def test_a_stop_starts_nothing(tmp_path: Path) -> None:
    found = run_program([PYTHON, "-c", f"open({str(tmp_path / 'x')!r}, 'w')"], 1.0, lambda: False)
    assert (found.sent, (tmp_path / "x").exists()) == (False, False)
    assert not LocalTransport(Others()).send(Request("WAIT", WAIT), "", lambda: False).sent


def test_only_programs_of_the_operator_are_run() -> None:
    transport = LocalTransport(Others(), ["/bin/false"])
    for argv in (["/bin/true"], ["/bin/sh", "-c", "true"], ["/bin/../bin/false"]):
        found = transport.send(Request("EXEC", EXEC, body={"argv": argv}), "", lambda: True)
        assert (found.sent, found.status) == (False, 0)
        assert "is not among the programs" in (found.error or "")


def test_requests_over_http_are_passed_on_and_unknown_steps_are_not() -> None:
    others = Others()
    transport = LocalTransport(others)
    assert transport.send(Request("GET", "https://ops.example"), "", lambda: True).status == 204
    assert transport.send(Request("WAIT", WAIT), "", lambda: True).status == 200
    assert not transport.send(Request("GET", "aiops:other"), "", lambda: True).sent
    assert others.urls == ["https://ops.example"]
    transport.close()
    assert others.is_closed
