"""The trainer of detectors: rows of labelled or confirmed incidents judge, and without them nothing does."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from aiops.config import Config
from aiops.engine.config import DetectConfig
from aiops.errors import UsageError
from aiops.model_state import canonical
from aiops.records import Action, Alert, Record
from aiops.topology import Topology
from aiops.training.detect import DetectTrainer, labelled
from aiops.training.history import ReplayedHistory
from aiops.training.order import Source
from tests.cli.storms import storm
from tests.training import site


@pytest.fixture(scope="module")
def bursts(tmp_path_factory: pytest.TempPathFactory) -> ReplayedHistory:
    """Background of ten entities with labelled bursts."""
    path = site.stored(storm(1_600), tmp_path_factory.mktemp("bursts"))
    return ReplayedHistory(Source((str(path),)), Config(), Topology(), 100_000)


def trainer(algorithm: str = "hbos") -> DetectTrainer:
    return DetectTrainer(Config(), Topology(), {"algorithm": algorithm})


def test_labelled_bursts_judge_a_detector(bursts: ReplayedHistory) -> None:
    made = trainer()
    learned = made.fit(bursts)
    assert canonical(made.fit(bursts).state) == canonical(learned.state)
    judged = made.judge(learned, bursts, 0.0)
    assert len(judged) >= 3
    assert all(one.measures["area"] > 0.8 for one in judged)
    nothing = made.judge(made.untrained(), bursts, 0.0)
    assert all(one.measures == {"saved": 0.0, "area": 0.5} for one in nothing)
    assert made.judge(learned, bursts, max(one.at for one in judged) + 1) == []


def test_a_detector_is_judged_by_what_it_sets_aside_and_loses(bursts: ReplayedHistory) -> None:
    made = trainer("ecod")
    learned = made.fit(bursts)
    times = sorted(one.at for one in made.judge(learned, bursts, 0.0))
    saved = {one.measures["saved"] for one in made.judge(learned, bursts, times[len(times) // 2])}
    assert saved <= {-5.0, max(saved)}
    assert max(saved) > 0.1
    off = DetectTrainer(Config(detect=DetectConfig(ordinary_p=1.0)), Topology(), {"algorithm": "ecod"})
    assert all(one.measures["saved"] == 0.0 for one in off.judge(off.fit(bursts), bursts, 0.0))


def test_an_archive_without_labels_judges_nothing(tmp_path: Path) -> None:
    path = site.stored([one for one in storm(1_600) if one.truth is None], tmp_path)
    history = ReplayedHistory(Source((str(path),)), Config(), Topology(), 100_000)
    made = trainer()
    assert made.judge(made.fit(history), history, 0.0) == []


def test_confirmed_incidents_judge_as_well(confirmed_records: list[Record], tmp_path: Path) -> None:
    faults = [structs.replace(one, truth=None) if isinstance(one, Alert) else one for one in confirmed_records]
    calm = [Alert(ts=site.START + 1_800 * n, name="Slow", entity=f"host-{n % 5}", severity="info") for n in range(100)]
    records = sorted([*faults, *calm], key=lambda one: one.ts if isinstance(one, Alert | Action) else 0.0)
    assert labelled(records, 60.0) == {}
    history = site.history(records, tmp_path)
    judged = trainer().judge(trainer().untrained(), history, 0.0)
    assert len(judged) >= 10
    assert {one.id for one in judged} <= {one.view.id for one in history.lessons("cause")}


def test_few_rows_and_unknown_detectors_are_refused(confirmed: ReplayedHistory) -> None:
    with pytest.raises(UsageError, match="at least 200 feature rows"):
        trainer().fit(confirmed, site.START + 1)
    with pytest.raises(UsageError, match=r"aiops\.detectors"):
        trainer("none").fit(confirmed)
