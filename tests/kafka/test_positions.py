"""Several members hand partitions to and fro; whatever the order, nothing is passed over."""

from __future__ import annotations

from aiops_connectors.broker.positions import Positions, place_of
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aiops.ports import Position

PARTITIONS = [("t", 0), ("t", 1), ("t", 2)]
MEMBERS = 2


class Group(RuleBasedStateMachine):
    """A group with one log of offsets a partition. Members journal in steps, commit now and then, crash, come back."""

    def __init__(self) -> None:
        super().__init__()
        self.commits: dict[tuple[str, int], int] = {}
        self.journals: list[dict[tuple[str, int], set[int]]] = [{} for _ in range(MEMBERS)]
        self.stored: list[Position | None] = [None] * MEMBERS
        self.members = [Positions(f"m{n}", None, "earliest") for n in range(MEMBERS)]
        self.reading: dict[tuple[str, int], tuple[int, int]] = {}

    def committed(self, partitions):
        return {one: self.commits[one] for one in partitions if one in self.commits}

    def starts(self, partitions, start):
        return dict.fromkeys(partitions, 0)

    @rule(shares=st.lists(st.integers(0, MEMBERS - 1), min_size=3, max_size=3), polite=st.booleans())
    def rebalance(self, shares, polite):
        for number, member in enumerate(self.members):
            owned = sorted(member.owned)
            if polite:
                self.commits |= member.revoke(owned)
            else:
                member.lose(owned)
            assert number < MEMBERS
        self.reading = {}
        for number, member in enumerate(self.members):
            mine = [one for one, share in zip(PARTITIONS, shares, strict=True) if share == number]
            for one, offset in member.assign(mine, self).items():
                self.reading[one] = (number, offset)
            self.stored[number] = member.position({})

    @precondition(lambda self: self.reading)
    @rule(which=st.integers(0, 2), count=st.integers(1, 5))
    def journal(self, which, count):
        one = PARTITIONS[which]
        number, offset = self.reading[one]
        self.journals[number].setdefault(one, set()).update(range(offset, offset + count))
        self.members[number].advance({place_of(one): offset + count})
        self.stored[number] = self.members[number].position({})
        self.reading[one] = (number, offset + count)

    @precondition(lambda self: self.reading)
    @rule(number=st.integers(0, MEMBERS - 1))
    def commit(self, number):
        self.commits |= self.members[number].own_offsets()

    @rule(number=st.integers(0, MEMBERS - 1))
    def crash_and_come_back(self, number):
        self.members[number] = Positions(f"m{number}", self.stored[number], "earliest")
        self.reading = {}
        for other, member in enumerate(self.members):
            if other != number:
                member.lose(sorted(member.owned))

    @invariant()
    def nothing_is_passed_over(self):
        for one, (_, offset) in self.reading.items():
            seen = set().union(*(journal.get(one, set()) for journal in self.journals))
            assert set(range(offset)) <= seen, (one, offset, seen)


Group.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestGroup = Group.TestCase


class NoLookup:
    """The broker is not asked where we know."""

    def committed(self, partitions):
        raise AssertionError(partitions)

    starts = committed


def test_a_partition_that_comes_straight_back_is_read_on():
    positions = Positions("s", Position("s", {"t/0": 7}), "latest")
    assert positions.assign([("t", 0)], NoLookup()) == {("t", 0): 7}
    assert positions.revoke([("t", 0)]) == {("t", 0): 7}
    assert positions.assign([("t", 0)], NoLookup()) == {("t", 0): 7}
    assert positions.position({"t/0": 9}).at == {"t/0": 9}


def test_a_partition_that_went_away_is_marked():
    positions = Positions("s", Position("s", {"t/0": 7, "t/1": 3}), "latest")
    positions.assign([("t", 0), ("t", 1)], NoLookup())
    positions.revoke([("t", 0), ("t", 1)])
    positions.assign([("t", 1)], NoLookup())
    assert positions.unsaved
    assert positions.position({}).at == {"t/0": -8, "t/1": 3}
