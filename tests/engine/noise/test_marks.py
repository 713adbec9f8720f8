"""A mark, as it is made."""

from __future__ import annotations

from aiops.engine.noise.marks import LABELS, new_mark


def test_a_mark_is_explicit_unless_it_is_implied() -> None:
    mark = new_mark("inc-1", LABELS[0], 1.0, "alice", None)
    assert (mark.incident, mark.label, mark.at, mark.actor) == ("inc-1", "noise", 1.0, "alice")
    assert (mark.sight, mark.lasted_s, mark.is_implied) == (None, 0.0, False)
