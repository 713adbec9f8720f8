"""What is learned from: records in bounds, a hash of them, lessons by the engine, labels where nobody confirmed."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from aiops.config import Config
from aiops.errors import UsageError
from aiops.model_state import swap_action
from aiops.ports import Calibrated, Identified, Ranker, Stateful
from aiops.records import Incident, Record
from aiops.training.history import ReplayedHistory
from aiops.training.lessons import Lessons
from aiops.training.order import Source
from tests.training import site
from tests.training.conftest import PLAYBOOK, ROOTS


def test_confirmations_of_people_are_lessons(confirmed: ReplayedHistory) -> None:
    causes = [one for one in confirmed.lessons("cause") if one.root is not None]
    assert {one.root for one in causes} == set(ROOTS)
    assert not any(one.is_label for one in causes)
    assert {(one.playbook, one.outcome) for one in confirmed.lessons("playbook")} == {(PLAYBOOK, "resolved")}
    assert any(one.meta.get("root") for one in confirmed.lessons("similar"))
    assert confirmed.data.confirmed == len({one.view.id for one in causes})
    assert confirmed.data.labelled == 0


def test_labels_stand_for_confirmations(labelled: ReplayedHistory) -> None:
    causes = [one for one in labelled.lessons("cause") if one.root is not None]
    assert all(one.is_label for one in causes)
    assert labelled.data.confirmed == 0
    assert labelled.data.labelled == len(causes) >= 20


def test_lessons_and_records_lie_between_their_bounds(confirmed: ReplayedHistory) -> None:
    middle = site.START + 12 * site.PERIOD_S
    early, late = list(confirmed.lessons("cause", until=middle)), list(confirmed.lessons("cause", since=middle))
    assert early
    assert late
    assert max(one.at for one in early) < middle <= min(one.at for one in late)
    assert len(early) + len(late) == len(list(confirmed.lessons("cause")))
    assert all(one.ts < middle for one in confirmed.records(middle) if not isinstance(one, Incident))
    engine = confirmed.engine(middle)
    assert 0 < engine.timeline.now < middle


def test_the_hash_is_that_of_the_records(confirmed_records: list[Record], tmp_path: Path) -> None:
    first = site.history(confirmed_records, tmp_path).data
    assert first == site.history(confirmed_records, tmp_path).data
    changed = [*confirmed_records[:-1], structs.replace(confirmed_records[-1], id="another")]
    assert site.history(changed, tmp_path).data.hash != first.hash


def test_a_stretch_has_other_records(confirmed_records: list[Record], tmp_path: Path) -> None:
    path = str(site.stored(confirmed_records, tmp_path))
    middle = site.START + 12 * site.PERIOD_S
    part = ReplayedHistory(Source((path,), since=middle), Config(), site.topology(), 1_000)
    assert part.data.since is not None
    assert part.data.since >= middle


def test_a_swap_in_the_history_does_not_end_the_recording(confirmed_records: list[Record], tmp_path: Path) -> None:
    swap = swap_action("causes", "causes", {}, site.START)
    found = site.history([swap, *confirmed_records], tmp_path)
    assert len({one.view.id for one in found.lessons("cause")}) >= len(ROOTS)


def test_no_record_and_too_many_are_refused(confirmed_records: list[Record], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no record to learn from"):
        _ = site.history([], tmp_path).data
    with pytest.raises(UsageError, match="more than 5 records"):
        list(site.history(confirmed_records, tmp_path, limit=5).records())


def test_a_recorded_model_implements_what_the_model_does(confirmed: ReplayedHistory) -> None:
    engine = confirmed.engine(site.START)
    ranker = Lessons(lambda: 0.0).recorded(engine.ranking.models).ranker
    for port in (Ranker, Calibrated, Identified, Stateful):
        assert isinstance(ranker, port)
    assert ranker.digest == engine.ranking.models.ranker.digest  # type: ignore[union-attr]
