"""A process that misbehaves ends in one sentence, whatever it does."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from aiops.daemon.replay_process import ORDER, RESULT, Outcome, ReplayProcess, environment
from aiops.sweep import job
from aiops.views.replay import Limits, Order

DEADLINE_S = 120.0


def ended(directory: Path, script: str, seconds: float = 60.0) -> Outcome:
    found: list[Outcome] = []
    done = threading.Event()

    def take(outcome: Outcome) -> None:
        found.append(outcome)
        done.set()

    order = Order({}, {}, Limits(seconds, 1 << 30, 10, 10))
    ReplayProcess(directory, order, take, (sys.executable, "-c", script)).join(DEADLINE_S)
    assert done.wait(DEADLINE_S)
    return found[0]


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("raise SystemExit(3)", "its process ended with code 3; try `aiops replay` on the same input"),
        ("import os; os.kill(os.getpid(), 9)", "its process was ended by SIGKILL, probably for want of memory or time"),
        ('print(\'{"error": "no record"}\'); raise SystemExit(1)', "no record"),
        ("print('no json')", "its result cannot be read"),
        ("print('x' * 1_000_000)", "its result cannot be read"),
        (
            "import sys, os; open(os.path.join(sys.argv[1], 'result.json'), 'w').write('[]')",
            "its result cannot be read",
        ),
    ],
)
def test_a_process_that_fails_says_why(tmp_path: Path, script: str, problem: str) -> None:
    found = ended(tmp_path, script)
    assert found.result is None
    assert problem in found.problem


def test_a_process_that_hangs_is_ended(tmp_path: Path) -> None:
    assert "longer than 0.2 s" in ended(tmp_path, "import time; time.sleep(1000)", 0.2).problem


def test_an_order_is_for_the_owner_alone(tmp_path: Path) -> None:
    ended(tmp_path, "pass")
    assert (tmp_path / ORDER).stat().st_mode & 0o077 == 0


def test_the_environment_holds_no_secret() -> None:
    given = {"PATH": "/bin", "LC_ALL": "C", "PAGERDUTY_KEY": "s3cret", "TZ": "UTC"}
    assert environment(given) == {"PATH": "/bin", "LC_ALL": "C", "TZ": "UTC"}


def test_both_ends_agree_on_the_files() -> None:
    assert (ORDER, RESULT) == (job.ORDER, job.RESULT)
