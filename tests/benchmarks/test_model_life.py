"""The session of a model's life: the same records each time, and commands that do what they print."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.app.engine import build_engine
from aiops.config import Config
from aiops.lifecycle import Registry
from aiops.model_state import given
from aiops.records import Action, Alert
from aiops.training import job, process
from aiops.training.order import Found, Order
from benchmarks.accuracy.model_life import Month, Session, alarms, month_of, taken


@pytest.fixture(scope="module")
def month() -> Month:
    return month_of(days=1.0, faults=3)


def test_two_sites_follow_each_other_and_nothing_is_labelled(month: Month) -> None:
    alerts = [one for one in month.records if isinstance(one, Alert)]
    assert not any(one.truth for one in alerts)
    assert all(one.name.endswith(" v2") == one.id.startswith("b-") for one in alerts)
    confirmed = [one for one in month.records if isinstance(one, Action) and one.verb == "confirm_cause"]
    assert len(confirmed) == month.confirmed >= 2


def test_a_session_trains_refuses_and_promotes(
    month: Month, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def do(order: Order, report: object = None) -> list[Found]:
        return job.found_by(order)

    monkeypatch.setattr(process, "in_process", do)
    play = Session(tmp_path, month)
    first = play.train(month.end)
    assert "refused: " in play.promote(first)
    play.promote(first, "--force", "--reason", "the first")
    assert given(play.action()).id == first
    assert Registry(play.models).served("causes") == [first]
    assert "state " in taken(build_engine(Config(), month.topology), play.action())
    assert "$ aiops models promote" in capsys.readouterr().out


def test_a_day_has_no_alarm(month: Month) -> None:
    assert alarms(month) == []
