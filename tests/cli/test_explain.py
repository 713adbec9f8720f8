"""`aiops explain` on an archive and on the journal that a daemon wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aiops.archive import write
from aiops.cli import main
from aiops.cli.app import app
from aiops.config import Config, StateConfig
from aiops.engine.engine import Engine
from aiops.ports import Received
from aiops.records import Alert
from tests.daemons import bare_daemon

T0 = 1_795_000_000.0
ALERTS = [
    Alert(ts=T0, name="PoolExhausted", entity="db", severity="critical", id="first"),
    Alert(ts=T0 + 40, name="DiskFull", entity="mail", severity="critical", id="second"),
    Alert(ts=T0 + 42, name="PoolExhausted", entity="db", severity="critical", id="third", labels={"pod": "\x1b[2Jx"}),
    Alert(ts=T0 + 42.5, name="PoolExhausted", entity="db-2", severity="critical", id="fourth"),
]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a daemon that took the alerts."""
    folder = tmp_path_factory.mktemp("state")
    daemon = bare_daemon(Config(state=StateConfig(str(folder))), Engine, clock=lambda: T0 + 50.0)
    done = daemon.inbox.submit(Received(list(ALERTS)))
    assert done is not None
    daemon.pump.round()
    daemon.close()
    return folder


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("archive") / "alerts.jsonl"
    write(file, ALERTS)
    return file


def run(*words: object) -> str:
    result = CliRunner().invoke(app, ["explain", *map(str, words)], env={"COLUMNS": "160"})
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def test_journal_state_directory_and_archive_give_the_same_explanation(state: Path, file: Path) -> None:
    from_archive = json.loads(run("third", "--archive", file, "--json"))
    assert from_archive["outcome"] == "joined"
    for source in (("--state", state), ("--journal", state / "journal")):
        found = json.loads(run("third", *source, "--json"))
        # The daemon's journal has ticks, too.
        assert {**found, "record": 0, "cluster": "", "chosen": None, "others": []} == {
            **from_archive, "record": 0, "cluster": "", "chosen": None, "others": [],
        }  # fmt: skip
        assert found["chosen"]["evidence"] == from_archive["chosen"]["evidence"]


def test_other_figures_than_the_daemons_are_noted(state: Path, tmp_path: Path) -> None:
    found = json.loads(run("fourth", "--state", state, "--json"))
    assert (found["outcome"], found["notes"]) == ("joined", [])
    graph = tmp_path / "topology.json"
    graph.write_text('{"nodes": [{"id": "db"}, {"id": "db-2"}], "edges": [{"from": "db", "to": "db-2"}]}')
    assert "The daemon decided by other figures" in run("fourth", "--state", state, "--topology", graph)
    # An archive has no daemon.
    assert json.loads(run("fourth", "--journal", state / "journal", "--topology", graph, "--json"))["notes"] == []


def test_text_names_the_decision_all_terms_their_sum_and_the_next_best(file: Path) -> None:
    text = run("third", "--archive", file)
    found = json.loads(run("third", "--archive", file, "--json"))
    assert "PoolExhausted on db" in text
    assert f"It joined {found['incident']}" in text
    assert f"{found['chosen']['score']:+.2f} in all; more than {found['threshold']:.2f} nats are needed" in text
    for term in found["chosen"]["evidence"]:
        assert term["text"] in text
    assert "(DiskFull on mail)" in text
    assert "\x1b" not in text


def test_against_answers_for_one_incident(file: Path) -> None:
    other = json.loads(run("second", "--archive", file, "--json"))["incident"]
    text = run("third", "--archive", file, "--against", other)
    assert f"Why not in {other}" in text
    found = json.loads(run("third", "--archive", file, "--against", other, "--json"))
    assert found["against"]["compared"]["incident"] == other


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            ["nothing", "--archive", "FILE"],
            "expected the id of an alert or a fingerprint in this history; got 'nothing'",
        ),
        (["third", "--archive", "FILE", "--against", "inc-0"], "--against: expected an incident of this history"),
        (["third", "--archive", "-"], "--archive is read twice"),
        (["third", "--archive", "FILE", "--journal", "x"], "expected one of --archive, --journal and --state"),
        (["third", "--archive", "/nonexistent/alerts.jsonl"], "/nonexistent/alerts.jsonl"),
    ],
)
def test_wrong_input_is_refused_in_one_line_with_exit_code_2(
    words: list[str],
    problem: str,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.argv", ["aiops", "explain", *[str(file) if word == "FILE" else word for word in words]])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    assert (int(ended.value.code or 0), printed.out) == (2, "")
    assert problem in printed.err
    assert printed.err.count("\n") == 1
