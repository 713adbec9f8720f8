"""The incident of an action, its actor, and the alerts that it names."""

from __future__ import annotations

import pytest

from aiops.engine.acted_incident import MAX_ACTOR_CHARS, NOBODY, actor_of, ids_in, named
from aiops.records import Action


@pytest.mark.parametrize(
    ("actor", "shown"),
    [(None, NOBODY), ("", NOBODY), ("  ", NOBODY), (" alice ", "alice"), ("x" * 999, "x" * MAX_ACTOR_CHARS)],
)
def test_the_actor_is_a_name_or_an_operator(actor: str | None, shown: str) -> None:
    assert actor_of(Action(ts=0.0, verb="note", actor=actor)) == shown


def test_a_list_of_ids_has_each_once() -> None:
    assert ids_in("a,,b,a") == {"a", "b"}


def test_a_refusal_names_a_handful() -> None:
    assert named([]) == "none"
    assert named(["x" * 100]) == "x" * 80
    assert named("abcdefg") == "a, b, c, d, e and 2 more"
