"""A training in a process of its own: bounded in time and memory, and ended with the reason."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from aiops.config import Config
from aiops.engine.config import EngineConfig
from aiops.errors import AiopsError
from aiops.records import Record
from aiops.training import job
from aiops.training.order import Limits, Order, Source, Work
from aiops.training.process import in_process
from tests.training import site


def order(folder: Path, records: list[Record], limits: Limits = Limits()) -> Order:  # noqa: B008
    plain = msgspec.to_builtins(Config())
    own = {name: plain[name] for name in EngineConfig.__struct_fields__}
    return Order(Source((str(site.stored(records, folder)),)), [Work("similar")], own, "", limits)


def test_a_process_finds_what_the_job_finds(confirmed_records: list[Record], tmp_path: Path) -> None:
    steps: list[str] = []
    wanted = order(tmp_path, confirmed_records[:60])
    found = in_process(wanted, steps.append)
    assert [(one.slot, one.id) for one in found] == [(one.slot, one.id) for one in job.found_by(wanted)]
    assert "similar: measuring" in steps


def test_its_time_and_its_problem_are_the_reason(tmp_path: Path) -> None:
    limits = Limits(seconds=0.2)
    sleeper = (sys.executable, "-c", "import time; time.sleep(60)")
    with pytest.raises(AiopsError, match=r"longer than 0\.2 s"):
        in_process(Order(Source(), [], {}, "", limits), command=sleeper)
    failing = (sys.executable, "-c", 'print(\'{"error": "no such thing"}\'); raise SystemExit(1)')
    with pytest.raises(AiopsError, match="training: no such thing"):
        in_process(Order(Source(), []), command=failing)
    killed = (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(AiopsError, match=r"ended \(signal 9\), probably for want of memory"):
        in_process(Order(Source(), []), command=killed)
    silent = (sys.executable, "-c", "pass")
    with pytest.raises(AiopsError, match="cannot be read"):
        in_process(Order(Source(), []), command=silent)


def test_an_order_that_cannot_be_read_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "bound_process", lambda *_: None)
    (tmp_path / job.ORDER).write_text("{")
    assert job.main(tmp_path) == 1
    assert "a fault, please report it" in capsys.readouterr().out
    source = Source((str(tmp_path / "none.jsonl"),))
    (tmp_path / job.ORDER).write_bytes(msgspec.json.encode(Order(source, [Work("causes")])))
    assert job.main(tmp_path) == 0
    assert "none.jsonl" in (tmp_path / job.RESULT).read_text()
