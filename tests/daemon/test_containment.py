"""Faults that were contained are shown for a day, and counted for ever."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from aiops.daemon.containment import contained_families, contained_warnings, skipped_health
from aiops.engine.model_faults import PORTS
from aiops.journal.skips import Skip
from aiops.telemetry.metrics import render

NOW, DAY_S = 1_795_000_000.0, 86_400.0


def core(*skips: Skip, warnings: tuple[str, ...] = (), opened_at: float = NOW, **accounts: Any) -> Any:
    found = SimpleNamespace(all={skip.seq: skip for skip in skips})
    return SimpleNamespace(
        pump=SimpleNamespace(processor=SimpleNamespace(skips=found), accounts=accounts),
        clocks=SimpleNamespace(wall=lambda: NOW),
        state=SimpleNamespace(warnings=list(warnings), opened_at=opened_at),
    )


def test_daemon_without_faults_warns_of_nothing() -> None:
    assert contained_warnings(core(), {}) == []
    assert skipped_health(core()) == {"count": 0, "newest": []}


def test_health_counts_all_and_names_the_newest() -> None:
    found = skipped_health(core(*[Skip(n, f"reason {n}", NOW) for n in range(9)]))
    assert found["count"] == 9
    assert [one["seq"] for one in found["newest"]] == [4, 5, 6, 7, 8]


@pytest.mark.parametrize(("age_s", "shown"), [(0.0, True), (DAY_S, True), (DAY_S + 1, False)])
def test_records_that_were_set_aside_are_shown_for_a_day(age_s: float, shown: bool) -> None:
    warnings = contained_warnings(core(Skip(7, "it raised", NOW - age_s)), {})
    assert bool(warnings) == shown
    if shown:
        assert "record 7: it raised" in warnings[0]
        assert "1 record" in warnings[0]


def test_only_the_records_of_the_day_are_counted() -> None:
    [warning] = contained_warnings(core(Skip(1, "old", NOW - 2 * DAY_S), Skip(2, "a", NOW), Skip(3, "b", NOW)), {})
    assert "2 records" in warning
    assert "record 3: b" in warning


@pytest.mark.parametrize(("age_s", "shown"), [(10.0, True), (DAY_S + 1, False)])
def test_warnings_of_the_start_are_shown_for_a_day(age_s: float, shown: bool) -> None:
    found = contained_warnings(core(warnings=("a snapshot was damaged",), opened_at=NOW - age_s), {})
    assert (found == ["a snapshot was damaged"]) == shown


@pytest.mark.parametrize(("count", "before", "said"), [(1, 0, "once"), (5, 2, "3 times"), (5, 5, ""), (0, 0, "")])
def test_faults_of_models_since_the_start_are_said(count: int, before: int, said: str) -> None:
    found = contained_warnings(core(faults={"causes": count}), {"causes": before})
    assert bool(found) == bool(said)
    if said:
        assert f"causes failed {said}" in found[0]


def test_metrics_have_every_port() -> None:
    page = render(contained_families(core(faults={"causes": 3}, skipped=2))).splitlines()
    assert "aiops_records_skipped_total 2" in page
    assert 'aiops_model_faults_total{port="causes"} 3' in page
    assert sum(line.startswith("aiops_model_faults_total{") for line in page) == len(PORTS)
