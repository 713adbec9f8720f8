"""Triggers: the same answer as asking for each of them, in one pass."""

from __future__ import annotations

from aiops_models.playbooks.triggers import Triggers
from hypothesis import given
from hypothesis import strategies as st

WORDS = st.text(alphabet="abc ", min_size=3, max_size=6)


@given(st.lists(st.lists(WORDS, max_size=3), max_size=5), st.text(alphabet="abc ", max_size=40))
def test_triggers_find_what_asking_for_each_would_find(triggers: list[list[str]], text: str) -> None:
    found = Triggers(list(enumerate(triggers))).playbooks(text)
    assert found == {number for number, words in enumerate(triggers) if any(word in text for word in words)}


def test_short_text_and_no_triggers_find_nothing() -> None:
    assert Triggers([(1, ["disk"])]).playbooks("di") == set()
    assert Triggers([]).playbooks("disk") == set()


def test_triggers_with_one_beginning_are_told_apart() -> None:
    made = Triggers([(1, ["disk full"]), (2, ["disk"]), (2, ["disc"])])
    assert made.playbooks("the disk is full") == {2}
    assert made.playbooks("disk full") == {1, 2}
