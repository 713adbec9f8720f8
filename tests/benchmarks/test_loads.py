"""The generated loads are what their names say, and the same each time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from aiops.records import Alert
from aiops.records.decode import decode
from benchmarks.throughput.generate import HIT, QUIET_S, lines, topology
from benchmarks.throughput.load import LARGE, LOADS, MIN_ALERTS, Load, find

GENERATED = [load for load in LOADS if load.mix not in ("real", "simulated")]


def alerts_of(load: Load, truth: bool = False) -> list[Alert]:
    found = [decode(line) for line in lines(load, truth)]
    assert all(isinstance(each, Alert) for each in found)
    return [each for each in found if isinstance(each, Alert)]


@pytest.mark.parametrize("load", GENERATED, ids=lambda load: load.name)
def test_as_many_alerts_as_said_and_the_same_each_time(load: Load) -> None:
    short = find(load.name, 0.001)
    first = list(lines(short))
    assert len(first) == short.alerts == MIN_ALERTS
    assert first == list(lines(short))


def test_names_are_unique() -> None:
    assert max(Counter(load.name for load in (*LOADS, *LARGE)).values()) == 1


def test_sizes_reach_from_one_to_ten_thousand_and_ten_million() -> None:
    assert {load.size for load in LOADS if load.mix == "storm"} >= {1, 10, 100, 1_000, 10_000}
    assert {load.entities for load in LOADS if load.mix == "repeated"} >= {1, 100, 10_000, 100_000}
    assert max(load.alerts for load in LARGE) == 10_000_000


def test_a_storm_stays_on_neighbours_and_storms_are_apart() -> None:
    load = Load("storms", "storm", 400, 50, 100, graph=True)
    alerts, graph = alerts_of(load, truth=True), topology(load)
    for storm in range(4):
        part = alerts[storm * 100 : storm * 100 + 100]
        assert {each.truth.incident for each in part if each.truth} == {f"storm-{storm}"}
        hosts = {each.entity for each in part if each.entity}
        assert len(hosts) == HIT
        assert hosts <= set(graph.within(min(hosts), 2))
    assert alerts[100].ts - alerts[99].ts == pytest.approx(QUIET_S)


def test_services_are_named_where_the_load_says_so() -> None:
    alerts = alerts_of(Load("storms", "storm", 200, 70, 100, service=True))
    assert [{each.service for each in alerts[at : at + 100]} for at in (0, 100)] == [{"rack-0"}, {"rack-1"}]
    assert {each.service for each in alerts_of(Load("storms", "storm", 200, 70, 100))} == {None}


def test_labels_are_left_out_where_time_is_measured() -> None:
    load = Load("storms", "storm", 100, 50, 10)
    assert all(each.truth is None for each in alerts_of(load))


def test_what_fires_is_resolved_later() -> None:
    alerts = alerts_of(Load("ends", "storm", 2_000, 50, 100, resolved=True))
    fired = {each.id: each for each in alerts if each.status == "firing"}
    ended = [each for each in alerts if each.status == "resolved"]
    assert len(ended) > 900
    assert all(each.ts > fired[each.id.removesuffix("-over")].ts for each in ended)
    assert [each.ts for each in alerts] == sorted(each.ts for each in alerts)


def test_late_alerts_come_at_most_so_late() -> None:
    alerts = alerts_of(Load("late", "storm", 2_000, 50, 100, late_s=30.0))
    latest, delays = 0.0, []
    for each in alerts:
        latest = max(latest, each.ts)
        delays.append(latest - each.ts)
    assert 15.0 < max(delays) <= 30.0


def test_real_loads_without_data_are_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIOPS_DATA", str(tmp_path))
    real = [load for load in LOADS if load.mix == "real"]
    assert real
    assert [list(lines(load)) for load in real] == [[] for _ in real]
