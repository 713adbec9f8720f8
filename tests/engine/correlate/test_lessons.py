"""Lessons: votes with a prior, what like pairs show, bounds, fading and forgetting."""

from __future__ import annotations

import json
from math import log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.correlate import lessons as room
from aiops.engine.correlate.lesson import VERBS, Lesson, new_lesson
from aiops.engine.correlate.lessons import DAY_S, DOUBT, HALF_LIFE_DAYS, MAX_EACH, MOST_AGAINST, MOST_FOR, SURE, Lessons
from aiops.engine.correlate.state import Name

DAY = 20_000
T = DAY * DAY_S
A, B, C, D = ("Errors", "cart"), ("Latency", "web"), ("Errors", "db"), ("Latency", "mail")
NAMES = [A, B, C, D, ("Disk", "cart"), ("Swap", "web")]


def against(votes: float) -> float:
    """Votes against alone, added to the prior, less what their number leaves open."""
    joined, parted = DOUBT / 2, DOUBT / 2 + votes
    return log(joined / parted) + SURE * sqrt(1 / joined + 1 / parted)


# One vote against.
ONE_AGAINST = against(1.0)


def lesson(verb: str, left: list[Name], right: list[Name], number: int = 0, at: float = T) -> Lesson:
    made = new_lesson(f"act-{number}", verb, at, f"person-{number % 3}", f"inc-{number}")
    made.left, made.right = left, right
    return made


def taught(*given: Lesson) -> Lessons:
    found = Lessons()
    for one in given:
        found.add(one)
    return found


def table(found: Lessons, day: int = DAY) -> list[float]:
    return [found.nats(one, other, day) for one in NAMES for other in NAMES]


def test_nothing_is_known_before_a_lesson() -> None:
    found = Lessons()
    assert found.row(A, T) is None
    assert found.nats(A, B, DAY) == 0.0


def test_one_split_counts_most_for_its_own_streams_and_less_for_their_like() -> None:
    found = taught(lesson("split", [A], [B]))
    assert found.nats(A, B, DAY) == found.nats(B, A, DAY) > -2.0
    assert found.nats(A, B, DAY) < ONE_AGAINST
    # The same kinds elsewhere, and other kinds on the same workloads.
    assert found.nats(C, D, DAY) == pytest.approx(ONE_AGAINST)
    assert found.nats(("Disk", "cart"), ("Swap", "web"), DAY) == pytest.approx(ONE_AGAINST)
    assert found.nats(("Disk", "db"), ("Swap", "mail"), DAY) == 0.0


def test_one_merge_counts_for_its_own_streams_alone() -> None:
    found = taught(lesson("merge", [A], [B]))
    assert 0.0 < found.to_join(A, B, DAY) < 0.5 < found.nats(A, B, DAY)
    row = found.row(A, T)
    assert row is not None
    assert found.weigh(row, A, B) == found.to_join(A, B, DAY)
    assert found.to_join(C, D, DAY) == found.to_join(("Disk", "cart"), ("Swap", "web"), DAY) == 0.0


def test_opposite_corrections_cancel_out() -> None:
    found = taught(lesson("merge", [A], [B], 1), lesson("split", [A], [B], 2))
    assert found.nats(A, B, DAY) == pytest.approx(0.0)


def test_votes_that_contradict_each_other_count_next_to_nothing_and_those_that_agree_do() -> None:
    split = [lesson("split", [A], [B], number) for number in range(4)]
    mixed = [lesson("merge", [A], [B], number) for number in range(10, 13)]
    assert taught(*split).nats(C, D, DAY) == pytest.approx(against(4.0))
    assert against(4.0) < 2.0 * ONE_AGAINST
    assert log(4 / 5) / 3 < taught(*split, *mixed).nats(C, D, DAY) < 0.0
    assert taught(*split, *mixed).to_join(A, B, DAY) == 0.0


def test_parts_of_a_split_weigh_against_splits_elsewhere_and_are_no_reason_to_join() -> None:
    found = taught(lesson("split", [A, B], [C, D]))
    assert found.to_join(A, B, DAY) == 0.0
    before = found.nats(A, ("Latency", "queue"), DAY)
    found = taught(lesson("split", [A], [D]))
    assert found.nats(A, ("Latency", "queue"), DAY) < before


@pytest.mark.parametrize(("verb", "most"), [("merge", MOST_AGAINST), ("split", -MOST_AGAINST)])
def test_no_number_of_corrections_counts_for_more_and_as_many_turn_it(verb: str, most: float) -> None:
    found = taught(*(lesson(verb, [A], [B], number) for number in range(60)))
    assert abs(found.nats(A, B, DAY)) <= abs(most)
    assert found.to_join(A, B, DAY) <= MOST_FOR
    other = "split" if verb == "merge" else "merge"
    for number in range(100, 100 + room.MAX_VOTES):
        assert found.add(lesson(other, [A], [B], number))
    assert found.nats(A, B, DAY) * most < 0.0


def test_a_lesson_fades_and_is_dropped_after_a_year() -> None:
    found = taught(lesson("split", [A], [B]))
    fresh, later = found.nats(C, D, DAY), found.nats(C, D, DAY + int(HALF_LIFE_DAYS))
    assert later == pytest.approx(against(0.5))
    assert fresh < later < 0.0
    assert found.add(lesson("split", [C], [D], 1, T + 366 * DAY_S))
    assert [one.id for one in found.all] == ["act-1"]


def test_rows_follow_the_day_and_every_change() -> None:
    found = taught(lesson("split", [A], [B]))
    row = found.row(A, T)
    assert row is not None
    assert found.weigh(row, A, B) == found.nats(A, B, DAY) == found.weigh(row, A, B)
    later = found.row(A, T + 90 * DAY_S)
    assert later is not None
    assert found.weigh(later, A, B) == found.nats(A, B, DAY + 90)
    assert found.row(("Unknown", "nowhere"), T) is None
    found.remove(["act-0"])
    assert found.row(A, T) is None


def test_lessons_that_do_not_apply_are_kept() -> None:
    found = taught(lesson("split", [A], [B]))
    found.applies = False
    assert found.row(A, T) is None
    assert len(found.all) == 1


def test_an_incident_teaches_so_often_and_the_same_once() -> None:
    found = Lessons()
    one = lesson("split", [A], [B])
    assert found.add(one)
    assert not found.add(lesson("wrong", [A], [B]))
    assert not found.add(lesson("split", [A], [A], 5))
    assert not found.add(lesson("split", [], [A], 6))
    more = [found.add(lesson("split", [A], [(f"Kind{number}", "web")])) for number in range(MAX_EACH)]
    assert more == [True] * (MAX_EACH - 1) + [False]
    # The incident is open again the next day, and so is the mistake.
    assert found.add(lesson("split", [A], [B], at=T + DAY_S + 1.0))


def test_the_oldest_lessons_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_LESSONS", 3)
    found = taught(*(lesson("split", [A], [(f"Kind{number}", f"w{number}")], number) for number in range(5)))
    assert [one.id for one in found.all] == ["act-2", "act-3", "act-4"]
    assert found.nats(A, ("Kind0", "w0"), DAY) == 0.0
    assert ("Kind0", "w0") not in [name for pair in found.streams for name in pair]


def test_a_precedent_is_the_latest_lesson_for_the_term_of_the_closest_level() -> None:
    found = taught(lesson("split", [A], [B], 1), lesson("split", [A], [B], 2), lesson("merge", [A], [B], 3))
    known = found.precedent(A, B, -1.0)
    assert known is not None
    assert (known.level, known.verb, known.by, known.joined, known.parted) == ("streams", "split", "person-2", 1, 2)
    known = found.precedent(A, B, 1.0)
    assert known is not None
    assert known.verb == "merge"
    known = found.precedent(C, D, -1.0)
    assert known is not None
    assert known.level == "kinds"
    known = found.precedent(("Disk", "cart"), ("Swap", "web"), -1.0)
    assert known is not None
    assert known.level == "workloads"
    assert found.precedent(("Disk", "db"), ("Swap", "mail"), -1.0) is None


def test_a_dump_is_plain_and_loads_the_same() -> None:
    found = taught(lesson("split", [A], [B, C], 1), lesson("merge", [A], [D], 2))
    again = Lessons()
    again.load(json.loads(json.dumps(found.dump())))
    assert again.dump() == found.dump()
    assert table(again) == table(found)


@pytest.mark.parametrize(
    "state", [[["x"]], [["a", "steal", 1.0, "b", "i", [], []]], 7, [["a", "split", "x", 1, 2, 3, 4]]]
)
def test_a_state_that_does_not_fit_changes_nothing(state: object) -> None:
    found = taught(lesson("split", [A], [B]))
    before = found.dump()
    with pytest.raises((ValueError, TypeError)):
        found.load(state)
    assert found.dump() == before


def test_time_that_is_set_back_leaves_no_lesson_ahead() -> None:
    found = taught(lesson("split", [A], [B]))
    found.set_back(T - DAY_S)
    assert [one.at for one in found.all] == [T - DAY_S]


SIDES = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True)
LESSONS = st.lists(st.tuples(st.sampled_from(VERBS), SIDES, SIDES), max_size=4)


@given(LESSONS, st.data())
def test_a_forgotten_lesson_was_never_learned(
    drawn: list[tuple[str, list[Name], list[Name]]], data: st.DataObject
) -> None:
    made = [lesson(verb, left, right, number) for number, (verb, left, right) in enumerate(drawn)]
    gone = data.draw(st.sets(st.sampled_from([one.id for one in made]))) if made else set()
    found = taught(*made)
    found.remove(sorted(gone))
    never = taught(*(one for one in made if one.id not in gone))
    assert found.dump() == never.dump()
    assert table(found) == table(never)


@given(LESSONS)
def test_every_pair_stays_within_the_bounds_in_any_order(drawn: list[tuple[str, list[Name], list[Name]]]) -> None:
    made = [lesson(verb, left, right, number) for number, (verb, left, right) in enumerate(drawn)]
    found = taught(*made)
    assert all(-MOST_AGAINST <= value <= MOST_AGAINST for value in table(found))
    assert all(0.0 <= found.to_join(one, other, DAY) <= MOST_FOR for one in NAMES for other in NAMES)
    assert table(taught(*reversed(made))) == pytest.approx(table(found))
