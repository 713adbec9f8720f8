"""A whole sweep over a simulated archive with truth: planned, done in processes, reported."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from aiops.errors import UsageError
from aiops.sweep import Base, Request, Source, execute, plan

KEY = "correlate.sensitivity"


def request(site: Path, *sweeps: str, **options: object) -> Request:
    files = (str(site / "alerts.jsonl"), str(site / "incidents.jsonl"))
    return Request(Source(files), Base(), sweeps, str(site / "topology.json"), **options)  # type: ignore[arg-type]


def test_sweep_in_processes_is_that_of_one_process(site: Path) -> None:
    plain = execute(plan(request(site, f"{KEY}=.05,.5", suggest=True)), lambda one: None)
    spread = execute(plan(request(site, f"{KEY}=.05,.5", suggest=True, jobs=2)), lambda one: None)
    assert msgspec.json.encode(plain.report) == msgspec.json.encode(spread.report)
    assert [row.label for row in plain.report.rows] == ["0.05", "0.5"]
    assert plain.report.truth == "labels"
    assert plain.report.suggestion is not None


def test_suggestion_leaves_a_bad_value(hourly: Path) -> None:
    base = Base(sets=(f"{KEY}=0.01",))
    wanted = Request(Source((str(hourly),)), base, (f"{KEY}=.01,.5",), suggest=True)
    found = execute(plan(wanted), lambda one: None).report
    assert [row.is_current for row in found.rows] == [True, False]
    assert found.suggestion is not None
    assert (found.suggestion.verdict, found.suggestion.paste) == ("change", "[correlate]\nsensitivity = 0.5")
    assert [row.is_suggested for row in found.rows] == [False, True]


@pytest.mark.parametrize(
    ("sweeps", "diff", "message"),
    [
        ((f"{KEY}=.1",), (".5",), "this is the current setting"),
        ((f"{KEY}=.1",), ("1.5",), "Expected `float` < 1.0"),
        ((f"{KEY}=.1", "incidents.storm_incidents=5"), (".3",), "expected KEY=VALUE with a key of the sweep"),
        ((f"{KEY}=.1",), ("incidents.storm_incidents=5",), "Expected `float`, got `str`"),
        ((f"{KEY}=.1", "causes.options.x=1"), (f"{KEY}=.3",), "causes.options.x has no current value"),
        (("causes.use=magic",), (), "magic"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_any_replay(
    site: Path, sweeps: tuple[str, ...], diff: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UsageError) as refused:
        plan(request(site, *sweeps, diff=diff))
    assert message in str(refused.value)


def test_strictest_policy_is_no_aim(site: Path) -> None:
    with pytest.raises(UsageError, match="the strictest policy always pages least"):
        plan(request(site, "endpoints.pager.min_severity=high", objective="pages"))


def test_compared_value_is_checked_and_inserted_in_order(site: Path) -> None:
    found = plan(request(site, f"{KEY}=.1,.9", diff=(".7",)))
    assert [task.setting.label for task in found.tasks] == ["0.1", "0.5", "0.7", "0.9"]
    assert [task.is_detailed for task in found.tasks] == [False, True, True, False]
    assert found.compared == 2


def test_one_of_several_keys_can_be_compared(site: Path) -> None:
    found = plan(request(site, f"{KEY}=.1", "incidents.storm_incidents=7", diff=("incidents.storm_incidents=7",)))
    assert found.compared is not None
    assert found.tasks[found.compared].setting.label == "0.5, 7"
