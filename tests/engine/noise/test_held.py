"""Growth of a held cluster."""

from __future__ import annotations

import pytest

from aiops.engine.noise.held import new_held
from aiops.engine.noise.sight import Sight
from tests.engine.made import made


def sight(severity: int = 2, kinds: str = "Slow @ db", entities: str = "db-1", **more: bool) -> Sight:
    fields = {"kinds": kinds.split(","), "entities": entities.split(","), "values": [], **more}
    return made(Sight, at=0.0, severity=severity, **fields)


@pytest.mark.parametrize(
    ("now", "growth"),
    [
        (sight(), ""),
        (sight(severity=1), ""),
        (sight(severity=3), "it became more severe"),
        (sight(entities="db-1,db-2"), "a new entity joined: db-2"),
        (sight(kinds="Slow @ db,Slow @ web"), "a new kind of alert joined: Slow @ web"),
        (sight(is_cut=True), "it grew"),
    ],
)
def test_growth_names_what_is_new(now: Sight, growth: str) -> None:
    assert new_held(7, sight(), "like noise", 60.0).growth(now) == growth
