"""`aiops models` from an archive to a record that a replay takes, and back."""

from __future__ import annotations

import json
import random
from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from aiops.app.engine import scorers
from aiops.archive import write
from aiops.cli.models import models_app
from aiops.detectors.registry import DetectorStore, Model
from aiops.detectors.rows import feature_rows
from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Feedback
from aiops.errors import AiopsError, UsageError
from aiops.records import Action, Alert, Record, Truth


def storm(n: int = 4000, seed: int = 1) -> list[Record]:
    """Background of ten entities; in each second hour one entity has a labelled burst of many types."""
    source = random.Random(seed)
    ts, records = 1_700_000_000.0, []
    for i in range(n):
        ts += source.expovariate(1 / 20)
        entity = f"host-{source.randrange(10)}"
        records.append(Alert(ts=ts, name=f"check-{source.randrange(4)}", entity=entity, severity="warning"))
        if i % 400 == 399:
            records += [
                Alert(ts=ts + j / 10, name=f"odd-{j}", entity=entity, severity="critical", truth=Truth(f"i{i}"))
                for j in range(30)
            ]
            ts += 3
    return list(records)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "storm.jsonl.gz"
    write(path, storm())
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(models_app, [str(argument) for argument in arguments])


def trained(archive: Path, directory: Path, algorithm: str) -> str:
    done = run("train", archive, "--algorithm", algorithm, "--dir", directory, "--json")
    assert done.exit_code == 0, done.output
    identity: str = json.loads(done.output)["id"]
    return identity


def test_from_an_archive_to_the_engine_and_back(archive: Path, tmp_path: Path) -> None:
    shelf, out = tmp_path / "shelf", tmp_path / "swap.jsonl"
    first, second = trained(archive, shelf, "pca"), trained(archive, shelf, "ecod")
    for identity in (first, second):
        assert run("promote", identity, "--dir", shelf, "--out", out).exit_code == 0
    nobody = tmp_path / "nobody"
    nobody.mkdir()
    action = msgspec.json.decode(out.read_bytes(), type=Action)
    engine = Engine(EngineConfig(), scorers=scorers())
    events = engine.step([action])
    assert [(e.applied, e.reason) for e in events if isinstance(e, Feedback)] == [
        (True, "ecod takes the place of no model in rows")
    ]
    # Written to a file, which is not in use by anybody.
    listed = json.loads(run("list", "--dir", shelf, "--state", nobody, "--json").output)
    assert {row["id"]: row["current"] for row in listed} == {first: None, second: None}
    told = run("list", "--dir", shelf, "--state", nobody).output
    assert "*" not in told
    assert "unknown, as no daemon answers" in told
    assert run("rollback", "--dir", shelf, "--out", out).exit_code == 0
    assert msgspec.json.decode(out.read_bytes(), type=Action).args["algorithm"] == "pca"
    assert DetectorStore(shelf).history() == [first]
    assert isinstance(run("rollback", "--dir", shelf, "--out", out).exception, UsageError)


def test_evaluation_finds_the_labelled_bursts(archive: Path, tmp_path: Path) -> None:
    trained(archive, tmp_path, "pca")
    done = run("evaluate", archive, "--dir", tmp_path, "--json")
    (row,) = json.loads(done.output)
    assert row["of"] == "labelled incidents"
    assert row["area"] > 0.95


def test_rows_are_marked_where_the_labelled_alerts_are() -> None:
    gathered = feature_rows(storm(800))
    marked = [row for row, mark in zip(gathered.rows, gathered.marked, strict=True) if mark]
    assert 1 <= len(marked) <= 6
    assert max(row.types for row in marked) >= 15


def test_a_model_that_is_worse_needs_force(tmp_path: Path) -> None:
    shelf = DetectorStore(tmp_path)
    shelf.put(
        Model(
            id="bad-1", algorithm="pca", at=1.0, rows=1, area=0.4, verdict=False, reason="area 0.400 is low", state={}
        )
    )
    refused = run("promote", "bad-1", "--dir", tmp_path, "--out", tmp_path / "swap.jsonl")
    assert isinstance(refused.exception, UsageError)
    assert "not promoted" in str(refused.exception)
    assert shelf.history() == []
    assert run("promote", "bad-1", "--force", "--dir", tmp_path, "--out", tmp_path / "swap.jsonl").exit_code == 0
    assert shelf.history() == ["bad-1"]


def test_without_a_daemon_promoting_says_so_and_changes_nothing(archive: Path, tmp_path: Path) -> None:
    identity = trained(archive, tmp_path / "shelf", "pca")
    done = run("promote", identity, "--dir", tmp_path / "shelf", "--state", tmp_path / "state")
    assert isinstance(done.exception, AiopsError)
    assert DetectorStore(tmp_path / "shelf").history() == []


@pytest.mark.parametrize("identity", ["../../etc/passwd", "", "history", "a/b", "x" * 200])
def test_an_id_is_no_path(identity: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected one of"):
        DetectorStore(tmp_path).get(identity)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "pca-1.json").write_text("{")
    with pytest.raises(AiopsError, match=r"pca-1\.json"):
        DetectorStore(tmp_path).models()


def test_too_few_alerts_are_told(tmp_path: Path) -> None:
    write(tmp_path / "few.jsonl", storm(50))
    done = run("train", tmp_path / "few.jsonl", "--dir", tmp_path / "shelf")
    assert isinstance(done.exception, UsageError)
    assert "at least 200 feature rows" in str(done.exception)


def test_the_commands_are_there() -> None:
    group = typer.main.get_command(models_app)
    assert sorted(getattr(group, "commands", {})) == ["evaluate", "list", "promote", "rollback", "train"]
