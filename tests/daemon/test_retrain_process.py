"""A training in a process of its own: its verdict, its end by time or stop, and its limits."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from aiops.config import Config, ModelsConfig
from aiops.daemon.retrain_job import Trained
from aiops.daemon.retrain_process import TrainingProcesses


def trained(directory: Path, code: str, *, seconds: float = 20.0, stopped: bool = False) -> Trained:
    config = Config(models=ModelsConfig(train_max_s=seconds, train_memory_bytes=1 << 30))
    stop = threading.Event()
    if stopped:
        stop.set()
    return TrainingProcesses(config, directory, ["--set", "a=1"], (sys.executable, "-c", code)).train("causes", stop)


def test_the_verdict_of_a_candidate_is_its_words(tmp_path: Path) -> None:
    code = 'print(\'{"id": "causes-1", "verdict": false, "reason": "within noise"}\')'
    assert trained(tmp_path, code) == Trained("causes", True, "causes-1: not better than the one in use: within noise")
    assert trained(tmp_path, "print('odd')") == Trained("causes", True, "ended without a verdict")


def test_the_process_gets_the_slot_and_the_journal_of_the_state_directory(tmp_path: Path) -> None:
    code = "import sys, json; print(json.dumps({'id': ' '.join(sys.argv[1:])}))"
    expected = f"--slot causes --from journal --state {tmp_path} --json --set a=1"
    assert trained(tmp_path, code).text == expected


def test_a_failure_has_the_last_line_of_its_messages(tmp_path: Path) -> None:
    code = "import sys; print('first\\nmodels: expected 5 outcomes; got 2', file=sys.stderr); sys.exit(2)"
    assert trained(tmp_path, code) == Trained("causes", False, "models: expected 5 outcomes; got 2")
    assert trained(tmp_path, "raise SystemExit(3)").text == "its process ended with code 3"


def test_a_process_that_takes_too_long_or_outlives_the_daemon_is_ended(tmp_path: Path) -> None:
    sleeps = "import time; time.sleep(60)"
    late = trained(tmp_path, sleeps, seconds=0.1)
    assert (late.done, late.text) == (False, "it took longer than 0.1 s (`models.train_max_s`)")
    assert trained(tmp_path, sleeps, stopped=True).text == "the daemon stopped"


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of another process is bounded on Linux alone")
def test_the_process_has_little_priority_and_bounded_memory(tmp_path: Path) -> None:
    code = (
        "import os, resource, time, json; time.sleep(.3);"
        "print(json.dumps({'id': f'{os.nice(0)} {resource.getrlimit(resource.RLIMIT_AS)[0]}'}))"
    )
    assert trained(tmp_path, code).text == f"19 {1 << 30}"
