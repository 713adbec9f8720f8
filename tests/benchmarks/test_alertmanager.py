"""The comparison with Alertmanager: its configuration, its receiver, its table, and a quick run beside the real one."""

from __future__ import annotations

from pathlib import Path

import httpx2
import msgspec
import pytest

from aiops.config import Config
from aiops.migration.alertmanager import translate
from aiops.notify.routing_view import RoutingView
from aiops.topology import Topology
from benchmarks.alertmanager.__main__ import PLACE, lines, run
from benchmarks.alertmanager.configuration import HELD_S, configuration, mute_end
from benchmarks.alertmanager.receiver import receiving
from benchmarks.alertmanager.scenarios import Row
from benchmarks.alertmanager.sides import BINARY

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("at", [1_772_452_800.0, 1_772_452_859.9, 1_772_495_990.0, 1_772_495_940.0])
def test_the_configuration_is_translated_at_any_time_of_the_day(at: float) -> None:
    made = translate(configuration(9, at).encode())
    view = RoutingView(msgspec.convert(made.config, Config), Topology())
    assert "unmuted" in view.receivers()
    # Groups are the correlator's, and the receiver is on loopback.
    assert {note.place.rsplit(".", 1)[-1] for note in made.notes} == {"group_by", "url"}


@pytest.mark.parametrize("at", [0.0, 1.0, 34.9, 35.1, 59.9])
def test_a_mute_ends_at_a_full_minute_that_is_far_enough(at: float) -> None:
    end = mute_end(at)
    assert end % 60 == 0
    assert HELD_S < end - at <= 60 + HELD_S


def test_the_receiver_keeps_what_came_by_path_and_refuses_as_told() -> None:
    body = {"status": "firing", "alerts": [{"labels": {"instance": "a"}, "status": "firing"}]}
    with receiving() as hooks:
        hooks.refuse["x"].append(500)
        answers = [httpx2.post(f"http://127.0.0.1:{hooks.port}/x", json=body, timeout=60) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [500, 200]
        assert [one.answer for one in hooks.attempts("x")] == [500, 200]
        assert [one.firing() for one in hooks.of("x")] == [{"a"}]


def test_a_difference_without_a_reason_is_seen() -> None:
    rows = [Row("a", "1", "1"), Row("b", "1", "2"), Row("c", "1", "2", "why")]
    assert [line.split(" | ")[-1] for line in lines(rows)[2:]] == ["equal |", "DIFFERENT |", "why |"]


def test_the_page_has_the_table_of_a_run_without_an_unexplained_difference() -> None:
    text = (ROOT / "docs" / "alertmanager.md").read_text()
    _, _, rest = text.partition(f"<!-- made by `{PLACE}`")
    table, _, _ = rest.partition("<!-- end of")
    assert table.count("\n| ") > 20
    assert "DIFFERENT" not in table


@pytest.mark.slow
@pytest.mark.skipif(BINARY is None, reason="needs Alertmanager (Debian: prometheus-alertmanager)")
def test_a_quick_run_beside_the_real_one_finds_no_difference(tmp_path: Path) -> None:
    rows = run(tmp_path, quick=True)
    assert len(rows) > 10
    assert [row for row in rows if not row.is_equal and not row.reason] == []
