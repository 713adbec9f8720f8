"""Sentences for evidence: true, short, one line."""

from __future__ import annotations

import pytest
from aiops_models.causes.changes import Suspect
from aiops_models.causes.random_walk import random_walk
from aiops_models.causes.text import (
    LISTED,
    MAX_TEXT,
    change_text,
    contrast_text,
    internal_text,
    likeness_text,
    symptom_text,
    walk_text,
)

from aiops.records import Change
from tests.models.scenes import AT, CPU, fact, surprise


def test_internal_names_the_signals_and_says_who_else_has_them() -> None:
    alone = internal_text(surprise(fact("host-1", CPU)), "host-1")
    assert CPU in alone
    assert "nothing else has" in alone
    two = internal_text(surprise(fact("host-1", CPU), fact("host-2", CPU)), "host-1")
    assert "1 other has too" in two


def test_many_signals_are_named_in_part() -> None:
    facts = [fact("host-1", f"HostDisk{letter}Full") for letter in "ABCDEF"]
    assert "and 3 more" in internal_text(surprise(*facts), "host-1")
    assert LISTED == 3


def test_symptom_is_seen_and_contrast_is_counted() -> None:
    assert "seen at cart" in symptom_text(surprise(fact("cart")), "cart")
    assert "2 of 2 siblings do not show" in contrast_text(surprise(fact("cart-1", CPU)), "cart-1")


def test_blame_says_dependencies_only_where_it_came_along_them() -> None:
    lonely = surprise(fact("db"))
    assert "is on db itself" in walk_text(lonely, "db", 1.0)
    both = surprise(fact("cart"), fact("db"))
    shares = random_walk(both.graph, both)
    share = shares["db"] / sum(shares.values())
    assert "along the dependencies to db" in walk_text(both, "db", share)
    assert "stays on cart" in walk_text(both, "cart", 0.2)
    silent = walk_text(surprise(fact("cart")), "db", 0.1)
    assert "raised no alert" in silent


@pytest.mark.parametrize(
    ("before_s", "when"),
    [(41.2, "41 s before"), (600.0, "10 min before"), (7_300.0, "2.0 h before"), (-20.0, "20 s after")],
)
def test_change_says_when(before_s: float, when: str) -> None:
    change = Change(ts=AT - before_s, entity="cart", name="deploy", message="1.2\n.3")
    assert change_text(Suspect(change, 1.0, before_s)) == f"deploy 1.2 .3 on cart {when} the first alert"


def test_hostile_names_are_cut_to_a_line() -> None:
    text = internal_text(surprise(fact("host-1", "Disk\n" + "x" * 500)), "host-1")
    assert "\n" not in text
    assert len(text) < 3 * MAX_TEXT + 100


def test_likeness_names_the_incident_and_the_replica_service() -> None:
    found = surprise(fact("cart-1", CPU))
    assert likeness_text(found, "cart-1", 0.83, "inc-7") == (
        "incident inc-7, 83% alike, was confirmed to be caused by cart-1 or its service"
    )
    assert likeness_text(found, "cart", 0.5, "inc-7").endswith("by cart")
