"""The registry: versions with their files, stages, rollbacks, runs; bounded, private, and whole after a crash."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from aiops.errors import AiopsError, UsageError
from aiops.lifecycle import Data, Move, Registry, Run, Version
from aiops.lifecycle import registry as module
from aiops.lifecycle.database import FILE_NAME, reading, writing
from aiops.lifecycle.registry import served
from aiops.lifecycle.state_files import FOLDER
from aiops.lifecycle.version import Stage
from aiops.model_state import canonical, version_id


def version(number: int, slot: str = "causes", **fields: Any) -> tuple[Version, str]:
    """A version of a state that holds a number."""
    text = canonical({"number": number})
    made = Version(id=version_id("causes", text), slot=slot, algorithm="causes", created=float(number), **fields)
    return made, text


def added(registry: Registry, number: int, slot: str = "causes", **fields: Any) -> Version:
    made, text = version(number, slot, **fields)
    registry.put(made, text)
    return registry.get(made.id, slot)


def promote(registry: Registry, one: Version, stage: Stage = "serving", *, is_rollback: bool = False) -> None:
    registry.stage(one, Move(slot=one.slot, version=one.id, stage=stage, at=1.0, is_rollback=is_rollback))


def test_a_version_keeps_all_its_fields_and_its_text(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    data = Data(sources=["journal"], since=1.0, until=2.0, records=3, hash="abc", confirmed=4, labelled=5)
    made, text = version(1, data=data, parent="causes-0", code="1.0", parameters={"recent": "7d"}, verdict=True)
    made = structs.replace(made, metrics={"top1": 0.5}, reason="better", incumbent="causes-0")
    registry.put(made, text)
    found = Registry(tmp_path).get(made.id)
    assert found == structs.replace(made, size=len(text))
    assert registry.state(found) == text


def test_a_directory_that_is_not_there_holds_nothing_and_stays_away(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models")
    assert (registry.versions(), registry.runs(), registry.moves(), registry.serving("causes")) == ([], [], [], None)
    assert not (tmp_path / "models").exists()


def test_files_are_private(tmp_path: Path) -> None:
    added(Registry(tmp_path / "models"), 1)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "models").rglob("*")}
    assert modes.pop(FOLDER) == 0o700
    assert set(modes.values()) == {0o600}


def test_one_version_serves_and_the_one_before_it_retires(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    first, second = added(registry, 1), added(registry, 2)
    other = added(registry, 3, "similar")
    for one in (first, other, second):
        promote(registry, one)
    assert [(one.id, one.stage) for one in registry.versions("causes")] == [
        (first.id, "retired"),
        (second.id, "serving"),
    ]
    assert registry.serving("similar") == registry.get(other.id)
    promote(registry, first, "shadow")
    assert [one.id for one in registry.staged("causes", "shadow")] == [first.id]
    assert [move.stage for move in registry.moves("causes")] == ["serving", "serving", "shadow"]


def test_rollbacks_lead_back_step_by_step(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    first, second, third = (added(registry, number) for number in (1, 2, 3))
    with pytest.raises(UsageError, match="nothing to roll back to: 0 versions"):
        registry.before("causes")
    for one in (first, second, third):
        promote(registry, one)
    for expected in (second, first):
        assert registry.before("causes").id == expected.id
        promote(registry, registry.before("causes"), is_rollback=True)
    assert registry.served("causes") == [first.id]
    with pytest.raises(UsageError, match="nothing to roll back to: 1 version"):
        registry.before("causes")
    promote(registry, third)
    assert registry.served("causes") == [first.id, third.id]


def test_a_rollback_beyond_what_is_known_leaves_that_version_alone() -> None:
    move = Move(slot="causes", version="b", stage="serving", at=1.0)
    assert served([move, structs.replace(move, version="a", is_rollback=True)]) == ["a"]
    assert served([move, move, structs.replace(move, stage="shadow", version="c")]) == ["b"]


def test_training_the_same_again_changes_measures_and_nothing_else(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    one = added(registry, 1)
    promote(registry, one)
    again, text = version(1, metrics={"top1": 1.0})
    registry.put(structs.replace(again, created=99.0), text)
    (found,) = registry.versions()
    assert (found.stage, found.created, found.metrics) == ("serving", 1.0, {"top1": 1.0})
    registry.update(structs.replace(found, reason="measured"))
    assert registry.get(one.id).reason == "measured"
    assert registry.serving("causes") is not None


def test_the_oldest_versions_are_removed_but_never_what_serves_or_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEEP_VERSIONS", 3)
    registry = Registry(tmp_path)
    kept = [added(registry, number) for number in range(3)]
    for one, stage in zip(kept, ("serving", "serving", "canary"), strict=True):
        promote(registry, one, stage)  # type: ignore[arg-type]
    later = [added(registry, number) for number in range(10, 20)]
    names = [one.id for one in registry.versions()]
    assert names == [one.id for one in (*kept, *later[-3:])]
    files = sorted(path.name for path in (tmp_path / FOLDER).iterdir())
    assert files == sorted(f"causes--{name}.json" for name in names)


def test_runs_and_moves_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEEP_RUNS", 3)
    monkeypatch.setattr(module, "KEEP_MOVES", 2)
    registry = Registry(tmp_path)
    one = added(registry, 1)
    for number in range(5):
        run = registry.begin(Run(slot="causes", started=float(number)))
        registry.end(structs.replace(run, outcome="done", version=one.id, seconds=1.5))
        promote(registry, one)
    assert [(run.number, run.started, run.outcome) for run in registry.runs()] == [
        (number + 1, float(number), "done") for number in (2, 3, 4)
    ]
    assert len(registry.moves()) == 2


def test_a_file_that_is_not_what_its_id_stands_for_is_refused(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    one = added(registry, 1)
    path = tmp_path / FOLDER / f"causes--{one.id}.json"
    path.write_text('{"number":2}')
    with pytest.raises(AiopsError, match=rf"{one.id}.*is not that of"):
        registry.state(one)
    path.unlink()
    with pytest.raises(AiopsError, match="train it once more"):
        registry.state(one)


@pytest.mark.parametrize("id", ["../../etc/passwd", "", "a/b", "x" * 200, "."])
def test_an_id_is_no_path(id: str, tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    with pytest.raises(UsageError, match="expected one of"):
        registry.get(id)
    with pytest.raises(UsageError, match="expected the id"):
        registry.put(Version(id=id, slot="causes", algorithm="causes"), "{}")


def test_an_id_in_two_slots_needs_the_slot(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    one = added(registry, 1)
    added(registry, 1, "similar")
    with pytest.raises(UsageError, match=r"several slots: add --slot with one of causes, similar"):
        registry.get(one.id)
    assert registry.get(one.id, "similar").slot == "similar"


def test_a_version_that_was_removed_cannot_be_promoted(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    with pytest.raises(UsageError, match="no longer in the registry"):
        promote(registry, version(1)[0])
    assert registry.moves() == []


def test_a_file_without_a_row_is_removed_once_it_is_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry(tmp_path)
    added(registry, 1)
    orphan = tmp_path / FOLDER / "causes--causes-0.json"
    orphan.write_text("{}")
    added(registry, 2)
    assert orphan.exists()
    monkeypatch.setattr("aiops.lifecycle.state_files._ORPHAN_S", -1.0)
    added(registry, 3)
    assert not orphan.exists()
    assert len(list((tmp_path / FOLDER).iterdir())) == 3


def test_a_crash_between_file_and_row_leaves_the_registry_whole(tmp_path: Path) -> None:
    """A process that dies before its transaction ends has written a file that no row names."""
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from aiops.lifecycle import registry\n"
        "from tests.lifecycle.test_registry import added\n"
        "held = registry.Registry(Path(sys.argv[1]))\n"
        "added(held, 1)\n"
        "registry.Registry._prune = lambda *_: os._exit(9)\n"
        "added(held, 2)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 9
    registry = Registry(tmp_path)
    (one,) = registry.versions()
    assert registry.state(one) == '{"number":1}'
    assert len(list((tmp_path / FOLDER).glob("causes--*"))) == 2
    added(registry, 2)
    assert len(registry.versions()) == 2


def test_threads_may_write_at_once(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    threads = [threading.Thread(target=added, args=(registry, number)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(registry.versions()) == 6


def test_a_later_format_and_a_broken_file_are_refused(tmp_path: Path) -> None:
    added(Registry(tmp_path), 1)
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(AiopsError, match="of a later release"), reading(tmp_path):
        pass
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 100)
    with pytest.raises(AiopsError, match="expected a writable SQLite file"):
        Registry(tmp_path).versions()


def test_a_transaction_that_fails_changes_nothing(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    added(registry, 1)
    with pytest.raises(RuntimeError), writing(tmp_path) as connection:  # noqa: PT012
        connection.execute("delete from versions")
        raise RuntimeError
    assert len(registry.versions()) == 1


def test_a_row_that_cannot_be_read_is_an_error_with_a_reason(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    added(registry, 1)
    with writing(tmp_path) as connection:
        connection.execute("update versions set body = ?", (b"{",))
    with pytest.raises(AiopsError, match="cannot be read"):
        registry.versions()
