"""The ends of snoozes: incidents that still fire are open again; others stay as they are."""

from __future__ import annotations

from aiops.engine.arrival import Moment
from aiops.engine.engine import Engine
from aiops.records import Alert

T = 1_772_400_000.0


def test_only_what_still_fires_is_reported_and_forgotten_ones_are_passed_over() -> None:
    engine = Engine()
    engine.step([Alert(ts=T, name="Errors", entity="shop", severity="high", id="a", starts_at=T)])
    [name] = engine.incidents.by_id
    engine.handling.snooze(name, T + 1)
    engine.handling.snooze("inc-forgotten", T + 1)
    moment = Moment(engine.seq, T + 2)
    engine.snoozes.run_due(moment)
    [change] = moment.out
    assert getattr(change, "said", "") == "the snooze has ended: 1 alert stream still firing"
    engine.incidents.by_id[name].status = "resolved"
    engine.handling.snooze(name, T + 3)
    moment = Moment(engine.seq, T + 4)
    engine.snoozes.run_due(moment)
    assert moment.out == []
