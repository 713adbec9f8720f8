"""Attack networks as rows of the benchmark of generality, on made data: the figures are those of the grouping suite."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks.accuracy import grouping
from benchmarks.accuracy.generality_attacks import ATTACK_BY_NAME, ATTACK_ROWS, distance, names_of
from benchmarks.accuracy.generality_rows import ATTACKS
from benchmarks.accuracy.generality_run import Plan, lines, present, rows_of
from benchmarks.accuracy.grouping_measure import Result
from benchmarks.accuracy.grouping_rules import COLD
from tests.benchmarks.test_grouping import write_alerts

ROW = ATTACK_BY_NAME["simul-attacks"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two of the three small networks."""
    for number, name in enumerate(("train-0", "train-1")):
        write_alerts(tmp_path / "ait-ads-a" / f"simul-attacks.{name}.jsonl.gz", number)
    return tmp_path


def test_a_row_pools_its_networks_as_the_grouping_suite_does(data: Path) -> None:
    [found] = lines([ROW], Plan(data), {})
    options = Namespace(quick=True, network=[], seeds=1, jobs=1)
    pooled = grouping.network_rows(data, "simul-attacks", (COLD,), options)[0]
    assert found["area"] == pytest.approx(pooled["area"], abs=1e-6)
    assert found["area with background"] == pytest.approx(pooled["area_background"], abs=1e-6)
    assert (found["f1"], found["recall"]) == pytest.approx((pooled["f1"], pooled["tpr"]), abs=1e-6)
    assert (found["family"], found["orders"]) == (ATTACKS, 1)


def test_settings_reach_the_networks(data: Path) -> None:
    for number, name in enumerate(("train-0", "train-1")):
        write_alerts(data / "ait-ads-a" / f"simul-attacks.{name}.jsonl.gz", number, step_s=3)
    [plain], [apart] = lines([ROW], Plan(data, 1), {}), lines([ROW], Plan(data, 1), {"idle_s": "1"})
    assert apart["recall"] < plain["recall"]


def test_a_row_of_chosen_networks_needs_them_all(data: Path) -> None:
    small = ATTACK_BY_NAME["three small attack networks"]
    assert names_of(small, data) == []
    assert names_of(ROW, data) == ["train-0", "train-1"]
    assert present([small, ROW], data) == [ROW]
    write_alerts(data / "ait-ads-a" / "simul-attacks.val-1.jsonl.gz", 2)
    assert names_of(small, data) == ["train-0", "train-1", "val-1"]


def test_the_distance_is_that_of_the_worst_of_three_figures() -> None:
    good = Result(0.95, 0.97, 0.9, 0.9, 0.9, 1.0, 1.0)
    assert distance(ROW, good, [0.5]) == pytest.approx(0.01)
    assert distance(ROW, good._replace(area=0.8), [0.5]) == pytest.approx(-0.1)
    assert distance(ROW, good._replace(f1=0.5), [0.5]) == pytest.approx(-0.33)
    assert distance(ROW, good, [0.5, 0.95]) == pytest.approx(-0.05)


def test_large_networks_are_measured_where_they_are_asked_for() -> None:
    slow = {row.name for row in ATTACK_ROWS if row.slow}
    assert slow
    assert not slow & {row.name for row in rows_of([])}
    assert slow <= {row.name for row in rows_of([], everything=True)}
    assert {row.name for row in rows_of(["attacks: "])} == set(ATTACK_BY_NAME)
    assert {row.name for row in rows_of(["attacks: ", "!original"])} == set(ATTACK_BY_NAME) - {"original"}
