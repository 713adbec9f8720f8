"""Which models a daemon works with, as health and metrics tell it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiops import __version__
from aiops.app.engine import build_engine
from aiops.config import Config, StateConfig
from aiops.daemon.models_in_use import models_of
from aiops.engine.config import CausesConfig, PlaybooksConfig, SimilarConfig
from aiops.engine.engine import Engine
from aiops.ports import Received
from aiops.records import Action
from aiops.topology import Topology
from tests.daemons import bare_daemon
from tests.engine.noise.models import state

# What people taught, by slot: algorithm and state.
LEARNED = {"noise": ("logistic", state()), "grouping": ("lessons", "[]")}


class Flat:
    """A detector that finds nothing."""

    def score(self, rows: Sequence[Sequence[float]]) -> list[float]:
        return [0.0 for _ in rows]


def in_use(**sections: object) -> dict[str, tuple[str, str, str]]:
    config = Config(**sections)  # type: ignore[arg-type]
    found = models_of(config, build_engine(config, Topology()))
    return {stage: (one.model, one.version, one.digest) for stage, one in found.items()}


def test_name_version_and_digest_of_each_stage() -> None:
    found = in_use()
    assert {stage: one[:2] for stage, one in found.items()} == {
        stage: (stage, __version__) for stage in ("causes", "playbooks", "similar")
    }
    assert all(len(digest) == 16 for _, _, digest in found.values())
    assert found == in_use()
    assert set(in_use(similar=SimilarConfig(use=""))) == {"causes", "playbooks"}


def test_other_data_is_another_digest(tmp_path: Path) -> None:
    shipped = in_use()
    words: dict[str, Any] = {"lexicon": {"blorp": "resource"}}
    own = in_use(causes=CausesConfig(options=words), playbooks=PlaybooksConfig(options={"playbooks": [str(tmp_path)]}))
    assert own["causes"] != shipped["causes"]
    assert own["playbooks"] != shipped["playbooks"]
    assert own["similar"] == shipped["similar"]
    assert in_use(causes=CausesConfig(options={"rules": []}))["causes"] not in (own["causes"], shipped["causes"])


def test_a_detector_that_was_put_in_place_is_told_by_its_id(tmp_path: Path) -> None:
    def make() -> Engine:
        return Engine(scorers={"flat": lambda state: Flat()})

    config = Config(state=StateConfig(str(tmp_path)))
    digest = hashlib.sha256(b"flat\n{}").hexdigest()[:16]
    for is_new in (True, False):
        daemon = bare_daemon(config, make)
        if is_new:
            assert "detect" not in daemon.models()
            swap = Action(ts=1_800_000_000.0, verb="swap_model", args={"algorithm": "flat", "state": "{}"})
            assert daemon.inbox.submit(Received([swap])) is not None
            daemon.pump.round()
        found = daemon.models()["detect"]
        assert (found.model, found.digest) == ("flat", digest)
        assert (
            f'aiops_model_info{{stage="detect",model="flat",version="",digest="{digest}"}} 1' in daemon.metrics_text()
        )
        assert daemon.health()["models"]["detect"]["digest"] == digest
        daemon.snapshots.wait(120.0)
        daemon.close()


def test_slots_that_the_configuration_names_no_model_for_are_listed_once_a_version_serves(tmp_path: Path) -> None:
    daemon = bare_daemon(Config(state=StateConfig(str(tmp_path))), Engine)
    assert not {"noise", "grouping"} & set(daemon.models())
    for slot, at in (("noise", 1_800_000_000.0), ("grouping", 1_800_000_001.0)):
        algorithm, text = LEARNED[slot]
        swap = Action(ts=at, verb="swap_model", actor="ann", args={"slot": slot, "algorithm": algorithm, "state": text})
        assert daemon.inbox.submit(Received([swap])) is not None
        daemon.pump.round()
        found = daemon.health()["models"][slot]
        assert (found["model"], found["version"], found["by"]) == (algorithm, __version__, "ann")
        assert found["version_id"] == f"{algorithm}-{found['digest']}"
        assert (
            f'aiops_model_serving_info{{slot="{slot}",id="{found["version_id"]}",by="ann"}} 1' in daemon.metrics_text()
        )
    back = Action(ts=1_800_000_002.0, verb="swap_model", args={"slot": "noise", "from": "previous"})
    assert daemon.inbox.submit(Received([back])) is not None
    daemon.pump.round()
    assert "noise" not in daemon.models()
    daemon.snapshots.wait(120.0)
    daemon.close()
