"""Lessons and precedents in words."""

from __future__ import annotations

import pytest

from aiops.engine.correlate.lesson import Precedent, new_lesson
from tests.engine.made import made

ONE, OTHER = ("Errors", "cart"), ("Latency", "web")
MAY_3 = 1_777_800_000.0


@pytest.mark.parametrize(
    ("verb", "sentence"),
    [
        ("merge", "bob merged Errors on cart with Latency on web on 3 May 2026"),
        ("split", "kept apart: bob split Errors on cart from Latency on web on 3 May 2026"),
        ("belongs", "bob confirmed Errors on cart as one with Latency on web on 3 May 2026"),
        ("wrong", "kept apart: bob marked Errors on cart as not belonging with Latency on web on 3 May 2026"),
    ],
)
def test_a_precedent_names_the_person_the_streams_and_the_day(verb: str, sentence: str) -> None:
    one = made(Precedent, level="streams", one=ONE, other=OTHER, verb=verb, at=MAY_3, by="bob", joined=1, parted=0)
    assert one.sentence() == sentence
    one.parted = 2
    assert one.sentence() == f"{sentence}, the latest of 3 corrections of the two"


def test_a_precedent_of_their_like_counts_what_people_did() -> None:
    one = made(Precedent, level="kinds", one=ONE, other=OTHER, verb="split", at=MAY_3, by="bob", joined=0, parted=3)
    assert one.sentence() == (
        "kept apart: people joined alerts of the kinds Errors and Latency never and parted them 3 times, "
        "last bob on 3 May 2026"
    )
    one = made(Precedent, level="workloads", one=ONE, other=OTHER, verb="merge", at=MAY_3, by="bob", joined=2, parted=1)
    assert one.sentence() == (
        "people joined alerts of cart and web 2 times and parted them once, last bob on 3 May 2026"
    )


def test_a_new_lesson_is_about_no_streams_yet() -> None:
    one = new_lesson("act-1", "merge", MAY_3, "bob", "inc-1")
    assert (one.id, one.verb, one.at, one.by, one.incident, one.left, one.right) == (
        "act-1", "merge", MAY_3, "bob", "inc-1", [], [],
    )  # fmt: skip
