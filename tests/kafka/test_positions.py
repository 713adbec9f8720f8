"""Several members hand partitions to and fro; whatever the order, nothing is passed over."""

from __future__ import annotations

from aiops_connectors.broker.consumer import Commit, Mark
from aiops_connectors.broker.positions import READER, Positions, place_of
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
        self.commits: dict[tuple[str, int], Commit] = {}
        self.journals: list[dict[tuple[str, int], set[int]]] = [{} for _ in range(MEMBERS)]
        self.stored: list[Position | None] = [None] * MEMBERS
        self.members = [Positions(f"m{n}", None, "earliest", n) for n in range(MEMBERS)]
        self.reading: dict[tuple[str, int], tuple[int, int]] = {}

    def committed(self, partitions):
        return {one: self.commits[one] for one in partitions if one in self.commits}

    def starts(self, partitions, start):
        return dict.fromkeys(partitions, 0)

    def marks(self, partitions):
        return dict.fromkeys(partitions, Mark(0, 0, 1 << 40))

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
                # What this member has, and what another says to have, is not read again.
                mine = self.journals[number].get(one, set())
                assert not mine or offset > max(mine)
                committed = self.commits.get(one)
                assert committed is None or committed.note == f"aiops:{number:x}" or offset >= committed.offset
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
        self.commits |= self.members[number].commits()

    @rule(number=st.integers(0, MEMBERS - 1))
    def crash_and_come_back(self, number):
        self.members[number] = Positions(f"m{number}", self.stored[number], "earliest", number)
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


class Group3:
    """A group to which offset 3 was committed under a note, and what was asked for."""

    def __init__(self, note):
        self.note = note
        self.asked = []

    def committed(self, partitions):
        self.asked += partitions
        return {one: Commit(3, self.note) for one in partitions}

    def starts(self, partitions, start):
        raise AssertionError(partitions)

    def marks(self, partitions):
        return dict.fromkeys(partitions, Mark(0, 0, 1_000))


def test_a_partition_that_comes_straight_back_is_read_on():
    positions = Positions("s", Position("s", {"t/0": 7, READER: 5}), "latest")
    group = Group3("aiops:5")
    assert positions.assign([("t", 0)], group) == {("t", 0): 7}
    assert positions.revoke([("t", 0)]) == {("t", 0): Commit(7, "aiops:5")}
    assert positions.assign([("t", 0)], group) == {("t", 0): 7}
    assert positions.position({"t/0": 9}).at == {"t/0": 9, READER: 5}
    assert group.asked == [("t", 0)]
    positions.ask_again()
    positions.assign([("t", 0)], group)
    assert group.asked == [("t", 0)] * 2


def test_only_what_another_reader_committed_moves_us_on():
    ours = Position("s", {"t/0": 1, "t/1": 7, READER: 5})
    for note, start in [("aiops:5", 1), ("", 1), ("by hand", 1), ("aiops:6", 3)]:
        positions = Positions("s", ours, "latest")
        assert positions.assign([("t", 0), ("t", 1)], Group3(note)) == {("t", 0): start, ("t", 1): 7}
        assert positions.unsaved == (start == 3)


def test_a_number_is_drawn_once():
    first = Positions("s", None, "latest", 11)
    assert Positions("s", first.position({}), "latest", 12).position({}).at == {READER: 11}


def test_a_partition_that_went_away_is_marked():
    positions = Positions("s", Position("s", {"t/0": 7, "t/1": 3}), "latest")
    positions.assign([("t", 0), ("t", 1)], Group3(""))
    positions.revoke([("t", 0), ("t", 1)])
    positions.assign([("t", 1)], Group3(""))
    assert positions.unsaved
    assert positions.position({}).at == {"t/0": -8, "t/1": 3, READER: 0}
