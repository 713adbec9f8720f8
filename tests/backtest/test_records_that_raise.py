"""`aiops replay` over records that the engine cannot process: they are set aside, as the daemon does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from aiops.backtest.set_aside import MAX_FAULTS
from aiops.cli import replay as command
from aiops.cli.app import app
from aiops.config import Config, StateConfig
from aiops.engine.engine import Engine
from aiops.ports import Received
from aiops.records import Alert
from aiops.records.decode import encode
from tests.daemons import bare_daemon

NOW = 1_772_400_000.0


class Fragile(Engine):
    """Raises for some names, once their alert has changed half of the state."""

    def __init__(self) -> None:
        super().__init__()
        place = self.correlate.place

        def fragile(seq: int, now: float, name: str, *rest: Any) -> Any:
            placement = place(seq, now, name, *rest)
            if name.startswith("Poison"):
                raise ValueError("no place for it")
            return placement

        self.correlate.place = fragile  # type: ignore[method-assign, assignment]


@pytest.fixture
def fragile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "build_engine", lambda config, graph: Fragile())


def alerts(poison: int, count: int = 60) -> list[Alert]:
    names = dict.fromkeys(range(20, 20 + poison), "Poison")
    return [
        Alert(
            ts=NOW + number, id=f"a{number}", name=names.get(number, "Full"), entity=f"e{number % 5}", severity="high"
        )
        for number in range(count)
    ]


def archive(path: Path, records: list[Alert]) -> str:
    path.write_bytes(b"".join(encode(record) + b"\n" for record in records))
    return str(path)


def run(*arguments: str, stdin: bytes = b"") -> Any:
    return CliRunner().invoke(app, ["replay", *arguments], input=stdin)


@pytest.mark.usefixtures("fragile")
def test_an_archive_is_replayed_without_them(tmp_path: Path) -> None:
    file = archive(tmp_path / "a.jsonl", alerts(2))
    done = run(file, "--report", str(tmp_path / "r.json"), "--decisions", str(tmp_path / "d.jsonl"))
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["conserved"]
    assert report["dispositions"]["rejected"] == 2
    assert sum(report["dispositions"].values()) == report["records"]["alert"] == 60
    decisions = [json.loads(line) for line in (tmp_path / "d.jsonl").read_text().splitlines()]
    rejected = [(one["id"], one["reason"]) for one in decisions if one["disposition"] == "rejected"]
    assert rejected == [("a20", "ValueError: no place for it"), ("a21", "ValueError: no place for it")]
    assert (
        "record 20 (a20): the engine cannot process it: ValueError: no place for it: the record is skipped"
        in done.output
    )


@pytest.mark.usefixtures("fragile")
def test_more_of_them_are_a_defect_that_ends_it(tmp_path: Path) -> None:
    done = run(archive(tmp_path / "a.jsonl", alerts(MAX_FAULTS + 1)))
    assert done.exit_code == 1
    assert "the engine cannot process it" in str(done.exception)


@pytest.mark.usefixtures("fragile")
def test_what_can_be_read_once_only_ends_it(tmp_path: Path) -> None:
    raw = Path(archive(tmp_path / "a.jsonl", alerts(1))).read_bytes()
    done = run("-", stdin=raw)
    assert done.exit_code == 1
    assert "record 20 (a20)" in str(done.exception)


@pytest.mark.usefixtures("fragile")
@pytest.mark.parametrize("with_list", [True, False])
def test_a_journal_gives_what_the_daemon_decided(tmp_path: Path, with_list: bool) -> None:
    daemon = bare_daemon(Config(state=StateConfig(str(tmp_path / "state"))), Fragile, clock=lambda: NOW + 100)
    for record in alerts(2):
        assert daemon.inbox.submit(Received([record])) is not None
        daemon.pump.round()
    daemon.close()
    outputs = []
    for name in ("one", "two"):
        if name == "two" and not with_list:
            (tmp_path / "state" / "journal" / "skipped.jsonl").unlink()
        out, decisions = tmp_path / f"{name}.jsonl", tmp_path / f"{name}.decisions"
        done = run("--journal", str(tmp_path / "state" / "journal"), "--out", str(out), "--decisions", str(decisions))
        assert done.exit_code == 0, done.output
        outputs.append((out.read_bytes(), decisions.read_bytes()))
    assert outputs[0] == outputs[1]
    assert outputs[0][1].count(b'"rejected"') == 2
