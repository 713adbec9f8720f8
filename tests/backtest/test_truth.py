"""Scores of a replay against its labels."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.app.engine import build_engine
from aiops.backtest import replay
from aiops.backtest.truth import truth_report
from aiops.config import Config
from aiops.records import Alert, Incident, Record, RootCause, Truth
from aiops.topology import Topology

T0 = 1_795_000_000.0


def storm(
    start: float, entity: str, label: str | None, names: tuple[str, ...] = ("DiskFull", "DiskSlow", "DbDown")
) -> list[Record]:
    return [
        Alert(
            ts=T0 + start + turn * 5 + place,
            name=name,
            entity=entity,
            service=entity,
            severity="critical",
            id=f"{entity}-{turn}-{name}",
            truth=Truth(label) if label else None,
        )
        for turn in range(3)
        for place, name in enumerate(names)
    ]


def report(*records: Record) -> Any:
    return truth_report(replay(list(records), build_engine(Config(), Topology())), Topology())


def test_replay_without_labels_has_no_scores() -> None:
    assert report(*storm(0, "db", None)) is None


def test_incident_that_was_found_whole_scores_one() -> None:
    found = report(*storm(0, "db", "a"))
    assert found.grouping.incidents == 1
    assert (found.grouping.incident_recall, found.grouping.pairwise_f1) == (1.0, 1.0)
    assert found.grouping.seconds_to_incident_p50 >= 0.0
    assert found.causes is None


def test_two_labels_in_one_incident_cost_precision() -> None:
    mixed = [
        record
        for pair in zip(storm(0, "db", "a"), storm(0, "db", "b", ("Cpu", "Load", "Heat")), strict=True)
        for record in pair
    ]
    found = report(*mixed)
    assert found.grouping.pairwise_precision < 1.0
    assert found.grouping.incidents == 2


def test_label_that_nothing_reported_is_not_found() -> None:
    quiet = Alert(ts=T0 + 7200, name="Idle", entity="x", severity="info", truth=Truth("lost"), id="q")
    found = report(*storm(0, "db", "a"), quiet)
    assert found.grouping.incident_recall == 0.5


@pytest.mark.parametrize(("cause", "top1"), [("db", 1.0), ("elsewhere", 0.0)])
def test_labelled_cause_is_compared_with_the_ranked_one(cause: str, top1: float) -> None:
    label = Incident(id="a", root_cause=RootCause(cause))
    found = report(*storm(0, "db", "a"), label)
    assert (found.causes.cases, found.causes.top1) == (1, top1)
    assert found.causes_given_grouping.cases == 1


def test_label_without_alerts_stays_in_the_denominator() -> None:
    found = report(*storm(0, "db", "a"), Incident(id="silent", root_cause=RootCause("db")))
    assert found.causes.cases == 1
    assert found.causes.top1 == 0.0


def test_labelled_playbook_is_compared_with_the_suggested_ones() -> None:
    found = report(*storm(0, "db", "a"), Incident(id="a", playbook="no-such-playbook"))
    assert (found.playbooks.cases, found.playbooks.recall_at_5) == (1, 0.0)


def test_background_counts_apart() -> None:
    noise = Alert(ts=T0 + 9_000, name="Idle", entity="x", severity="info", id="n", truth=Truth(None))
    found = report(*storm(0, "db", "a"), noise)
    assert found.grouping_with_background.alerts >= found.grouping.alerts
