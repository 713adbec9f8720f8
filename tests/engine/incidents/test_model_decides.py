"""A promoted detector has a say in what opens: the warnings of an ordinary minute do not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from aiops.engine.config import DetectConfig, EngineConfig, IncidentConfig
from aiops.engine.detect.feature_row import NAMES
from aiops.engine.engine import Engine
from aiops.engine.events import Placed
from aiops.records import Action, Alert, Logged

START = 1_700_000_000.0 // 60 * 60


class Types:
    """Finds an entity the more unusual, the more kinds of alerts it has in a minute."""

    def __init__(self, state: Any) -> None:
        self.fails = state == "fails"

    def score(self, rows: Sequence[Sequence[float]]) -> list[float]:
        if self.fails and rows[0][0]:
            raise ValueError("broken")
        return [row[NAMES.index("log_types")] for row in rows]


def engine(ordinary_p: float = 0.3) -> Engine:
    config = EngineConfig(detect=DetectConfig(ordinary_p=ordinary_p), incidents=IncidentConfig(lone_warning_s=0.0))
    made = Engine(config, scorers={"types": Types})
    # 300 entities with one warning each: what is ordinary here.
    for number in range(300):
        made.step([alert(60.0 * number, f"old-{number}", "N")])
    return made


def alert(at: float, entity: str, name: str, severity: str = "warning") -> Alert:
    return Alert(ts=START + at, name=name, entity=entity, severity=severity, id=f"{entity}/{name}/{at}")


def promote(state: str = "works") -> Action:
    args = {"slot": "rows", "algorithm": "types", "state": json.dumps(state)}
    return Action(ts=START + 18_000.0, verb="swap_model", args=args)


def placed(made: Engine, *records: Logged) -> list[Placed]:
    return [event for event in made.step(records) if isinstance(event, Placed)]


def test_a_warning_of_an_ordinary_minute_opens_nothing_once_a_model_is_promoted() -> None:
    before, after = engine(), engine()
    after.step([promote()])
    [opened], [held] = (placed(made, alert(18_060.0, "new", "N")) for made in (before, after))
    assert opened.disposition == "incident"
    assert held.disposition == "background"
    assert held.reason is not None
    assert held.reason.startswith("as usual for new: the promoted detector finds this minute ordinary, p = ")


def test_an_unusual_minute_opens_its_incident() -> None:
    made = engine()
    made.step([promote()])
    found = placed(made, *[alert(18_060.0 + at, "new", f"N{at}") for at in range(4)])
    assert next(event.disposition for event in found) == "background"
    assert found[-1].disposition == "incident"


def test_what_is_severe_opens_whatever_the_model_finds() -> None:
    made = engine()
    made.step([promote()])
    [found] = placed(made, alert(18_060.0, "new", "N", "high"))
    assert found.disposition == "incident"


@pytest.mark.parametrize("how", ["switched off", "fails", "no rows"])
def test_without_a_verdict_nothing_changes(how: str) -> None:
    made = engine(1.0 if how == "switched off" else 0.3)
    if how == "no rows":
        made.detect._training.clear()
    made.step([promote("fails" if how == "fails" else "works")])
    [found] = placed(made, alert(18_060.0, "new", "N"))
    assert found.disposition == "incident"


def test_a_restart_decides_the_same() -> None:
    whole, first = engine(), engine()
    for made in (whole, first):
        made.step([promote()])
    second = Engine(first.config, scorers={"types": Types})
    second.restore(first.snapshot())
    records = [alert(18_060.0 + 20 * at, f"e{at % 7}", f"N{at % 3}") for at in range(60)]
    assert placed(second, *records) == placed(whole, *records)
    assert second.snapshot() == whole.snapshot()
