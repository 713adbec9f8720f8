"""The detector store of earlier releases is taken over whole, once, also after a crash on the way."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from aiops.errors import AiopsError
from aiops.lifecycle import Registry
from aiops.lifecycle.earlier import FOLDER, Model
from aiops.model_state import canonical, version_id


def model(algorithm: str, at: float, verdict: bool = True) -> Model:
    state = {"weights": [0.25, at]}
    return Model(
        id=version_id(algorithm, canonical(state)),
        algorithm=algorithm,
        at=at,
        rows=300,
        area=0.8,
        verdict=verdict,
        reason="area 0.800 on planted anomalies",
        incumbent="hbos-0",
        incumbent_area=0.75,
        state=state,
    )


@pytest.fixture
def old(tmp_path: Path) -> list[Model]:
    """A store with three detectors, of which two were promoted, the first one twice."""
    models = [model("pca", 1.0), model("ecod", 2.0), model("hbos", 3.0, verdict=False)]
    for one in models:
        (tmp_path / f"{one.id}.json").write_bytes(msgspec.json.encode(one))
    history = [models[0].id, models[1].id, models[0].id]
    (tmp_path / "history.json").write_bytes(msgspec.json.encode(history))
    return models


def test_every_word_is_kept(old: list[Model], tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.json")}
    registry = Registry(tmp_path)
    found = registry.versions("detect")
    assert [one.id for one in found] == [one.id for one in old]
    for one, made in zip(old, found, strict=True):
        assert registry.state(made) == canonical(one.state)
        assert (made.algorithm, made.data.until, made.created) == (one.algorithm, one.at, one.at)
        assert (made.reason, made.incumbent) == (one.reason, one.incumbent)
        assert made.metrics == {
            "rows": 300.0,
            "planted_area": 0.8,
            "planted_verdict": float(one.verdict),
            "incumbent_planted_area": 0.75,
        }
        assert made.verdict is (None if one.verdict else False)
    assert registry.served("detect") == [old[0].id, old[1].id, old[0].id]
    assert registry.serving("detect") == registry.get(old[0].id)
    assert registry.before("detect").id == old[1].id
    assert {path.name: path.read_bytes() for path in (tmp_path / FOLDER).iterdir()} == before
    assert not list(tmp_path.glob("*.json"))


def test_it_happens_once(old: list[Model], tmp_path: Path) -> None:
    moves = Registry(tmp_path).moves()
    again = Registry(tmp_path)
    assert again.moves() == moves
    assert len(again.versions()) == len(old)


def test_a_crash_on_the_way_is_made_up_for(old: list[Model], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("aiops.lifecycle.earlier.os.replace", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            Registry(tmp_path)
    registry = Registry(tmp_path)
    assert len(registry.versions()) == len(old)
    assert registry.served("detect") == [old[0].id, old[1].id, old[0].id]


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "pca-1.json").write_text("{")
    with pytest.raises(AiopsError, match=r"pca-1\.json"):
        Registry(tmp_path)
