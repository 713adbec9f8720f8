"""Names that were learned: bounded, and new ones stay new."""

from __future__ import annotations

from aiops.engine.drift import known_names
from aiops.engine.drift.known_names import KnownNames


def test_name_after_the_learning_stays_new() -> None:
    known = KnownNames()
    known.learn_until(5)
    assert not known.is_new("a", 4)
    assert [known.is_new(name, 9) for name in ("a", "b", "b")] == [False, True, True]


def test_learning_anew_forgets() -> None:
    known = KnownNames()
    known.learn_until(5)
    known.is_new("a", 1)
    known.learn_until(20)
    assert len(known) == 0
    assert not known.is_new("b", 10)
    assert known.is_new("a", 20)


def test_more_names_than_are_kept_are_reported() -> None:
    known = KnownNames()
    known.learn_until(5)
    for number in range(known_names._MAX_NAMES + 1):
        known.is_new(str(number), 0)
    assert len(known) == known_names._MAX_NAMES
    assert known.is_full
    restored = KnownNames()
    restored.load(known.dump())
    assert restored.dump() == known.dump()
