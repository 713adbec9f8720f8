"""`aiops models`: from an archive to a version, its measures, its record, and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from aiops.app.engine import scorers
from aiops.archive import write
from aiops.cli import models_stage, models_train
from aiops.cli.models import models_app
from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Feedback
from aiops.errors import AiopsError, UsageError
from aiops.lifecycle import Registry
from aiops.lifecycle.earlier import Model
from aiops.model_state import canonical, given, version_id
from aiops.records import Action, Alert
from aiops.training import job, process
from aiops.training.order import Found, Order
from tests.cli.storms import storm


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "storm.jsonl.gz"
    write(path, storm(4_000, every=100))
    return path


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process of a training takes a second to start; tests/training starts real ones."""

    def do(order: Order, report: object = None) -> list[Found]:
        return job.found_by(order)

    monkeypatch.setattr(process, "in_process", do)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(models_app, [str(argument) for argument in arguments])


def trained(archive: Path, directory: Path, algorithm: str) -> str:
    done = run("train", archive, "--algorithm", algorithm, "--dir", directory, "--json")
    assert done.exit_code == 0, done.output
    identity: str = json.loads(done.output)["id"]
    return identity


def promoted(identity: str, directory: Path, out: Path, *more: object) -> Result:
    return run("promote", identity, "--dir", directory, "--out", out, *more)


def test_from_an_archive_to_the_engine_and_back(archive: Path, tmp_path: Path) -> None:
    directory, out, nobody = tmp_path / "models", tmp_path / "swap.jsonl", tmp_path / "nobody"
    nobody.mkdir()
    first, second = trained(archive, directory, "pca"), trained(archive, directory, "hbos")
    registry = Registry(directory)
    assert registry.get(first).verdict is True
    assert "better" in registry.get(first).reason
    assert promoted(first, directory, out).exit_code == 0
    before = out.read_bytes()
    refused = promoted(second, directory, out)
    assert isinstance(refused.exception, UsageError)
    assert f"and {first} serves now: measure it again" in str(refused.exception)
    assert promoted(second, directory, out, "--force", "--reason", "a trial", "--as", "kim").exit_code == 0
    action = msgspec.json.decode(out.read_bytes(), type=Action)
    engine = Engine(EngineConfig(), scorers=scorers())
    assert [one.applied for one in engine.step([action]) if isinstance(one, Feedback)] == [True]
    move = registry.moves("detect")[-1]
    assert (move.version, move.actor, move.reason) == (second, "kim", "forced: a trial")
    assert run("rollback", "--dir", directory, "--out", out).exit_code == 0
    rolled_back = msgspec.json.decode(out.read_bytes(), type=Action)
    assert given(rolled_back) == given(msgspec.json.decode(before, type=Action))
    assert given(rolled_back).id == first
    assert registry.serving("detect") == registry.get(first)
    assert isinstance(run("rollback", "--dir", directory, "--out", out).exception, UsageError)
    # Written to a file, which is not in use by anybody.
    rows = json.loads(run("list", "--dir", directory, "--state", nobody, "--json").output)
    assert {row["id"]: row["current"] for row in rows} == {first: None, second: None}
    shown = run("list", "--dir", directory, "--state", nobody).output
    assert "*" not in shown
    assert "unknown, as no daemon answers" in shown


def test_runs_comparison_and_card_show_what_was_trained(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    identity = trained(archive, tmp_path, "hbos")
    failed = run("train", archive, "--slot", "playbooks", "--dir", tmp_path)
    assert isinstance(failed.exception, UsageError)
    runs = json.loads(run("runs", "--dir", tmp_path, "--json").output)
    assert [(one["slot"], one["outcome"], one["version"]) for one in runs] == [
        ("detect", "done", identity),
        ("playbooks", "failed", None),
    ]
    assert "nobody has confirmed a playbook" in runs[1]["problem"]
    assert "failed: playbooks: nobody" in run("runs", "--dir", tmp_path).output
    rows = {row["name"]: row for row in json.loads(run("compare", "1", identity, "--dir", tmp_path, "--json").output)}
    assert rows["area"]["difference"] == ""
    assert rows["hash"]["first"] == rows["hash"]["second"]
    assert "area" in run("compare", "1", "2", "--dir", tmp_path).output
    assert isinstance(run("compare", "1", "99", "--dir", tmp_path).exception, UsageError)
    card = run("card", identity, "--dir", tmp_path).output
    assert card.startswith(f"# {identity}\n")
    assert "ROC area of an incident's rows" in card
    assert run("card", identity, "--dir", tmp_path, "--out", tmp_path / "card.md").exit_code == 0
    assert (tmp_path / "card.md").read_text() == card


def test_stored_versions_are_measured_on_later_data(archive: Path, tmp_path: Path) -> None:
    middle = sorted(one.ts for one in storm(4_000, every=100))[2_500]
    until = datetime.fromtimestamp(middle, UTC).isoformat()
    early = run("train", archive, "--until", until, "--dir", tmp_path, "--algorithm", "hbos", "--json")
    identity = json.loads(early.output)["id"]
    done = run("evaluate", archive, "--dir", tmp_path, "--json")
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.output)
    assert row["id"] == identity
    assert row["metrics"]["outcomes"] >= 5
    assert row["metrics"]["area"] > 0.9
    assert Registry(tmp_path).runs()[-1].kind == "evaluate"
    assert isinstance(run("evaluate", archive, "--slot", "causes", "--dir", tmp_path).exception, UsageError)


def test_a_version_without_a_verdict_needs_force_and_a_reason(tmp_path: Path) -> None:
    state = {"x": 1}
    old = Model(
        id=version_id("pca", canonical(state)),
        algorithm="pca",
        at=1.0,
        rows=1,
        area=0.9,
        verdict=True,
        reason="area 0.900 on planted anomalies",
        state=state,
    )
    (tmp_path / f"{old.id}.json").write_bytes(msgspec.json.encode(old))
    out = tmp_path / "swap.jsonl"
    refused = promoted(old.id, tmp_path, out)
    assert isinstance(refused.exception, UsageError)
    assert "planted anomalies: not promoted" in str(refused.exception)
    assert isinstance(promoted(old.id, tmp_path, out, "--force").exception, UsageError)
    assert Registry(tmp_path).serving("detect") is None
    assert promoted(old.id, tmp_path, out, "--force", "--reason", "known to work").exit_code == 0
    assert Registry(tmp_path).served("detect") == [old.id]


def test_without_a_daemon_promoting_changes_nothing(archive: Path, tmp_path: Path) -> None:
    identity = trained(archive, tmp_path / "models", "hbos")
    done = run("promote", identity, "--dir", tmp_path / "models", "--state", tmp_path / "state")
    assert isinstance(done.exception, AiopsError)
    assert Registry(tmp_path / "models").moves() == []


def test_standard_input_is_an_archive(tmp_path: Path) -> None:
    lines = b"".join(msgspec.json.encode(one) + b"\n" for one in storm(3_000))
    done = CliRunner().invoke(models_app, ["train", "-", "--algorithm", "hbos", "--dir", str(tmp_path)], input=lines)
    assert done.exit_code == 0, done.output
    assert "hbos-" in done.output


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["train"], "expected --from"),
        (["train", "--from", "journal", "--from", "x.jsonl"], "archives, or the journal"),
        (["train", "x.jsonl", "--param", "depth"], "--param: expected NAME=VALUE"),
        (["train", "x.jsonl", "--slot", "causes", "--algorithm", "pca"], "--algorithm: only the slot detect"),
        (["train", "x.jsonl", "--slot", "roots"], "--slot: expected one of"),
        (["train", "x.jsonl", "--slot", "metric"], "expected a slot with a trainer"),
        (["promote", "pca-1"], "none, train one first"),
        (["rollback"], "nothing to roll back to"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: list[str], problem: str, tmp_path: Path) -> None:
    done = run(*arguments, "--dir", tmp_path / "models")
    assert isinstance(done.exception, UsageError)
    assert problem in str(done.exception)


def test_too_few_alerts_are_a_failed_run(tmp_path: Path) -> None:
    write(tmp_path / "few.jsonl", [one for one in storm(50) if isinstance(one, Alert)])
    done = run("train", tmp_path / "few.jsonl", "--dir", tmp_path / "models")
    assert isinstance(done.exception, UsageError)
    assert "at least 200 feature rows" in str(done.exception)
    assert Registry(tmp_path / "models").runs()[0].outcome == "failed"


def test_the_commands_are_there() -> None:
    group = typer.main.get_command(models_app)
    assert models_stage.promote_command.__doc__
    assert models_train.train_command.__doc__
    found = {"card", "compare", "evaluate", "export", "list", "promote", "rollback", "runs", "train"}
    assert found <= set(getattr(group, "commands", {}))
