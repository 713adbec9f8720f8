"""Several members hand partitions to and fro; whatever the order, nothing is passed over."""

from __future__ import annotations

from collections.abc import Iterable

from aiops_connectors.kafka.consumer import Commit, Mark, Partition, Start
from aiops_connectors.kafka.offsets import READER, Positions, place_of
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

    def committed(self, partitions: Iterable[Partition]) -> dict[Partition, Commit]:
        return {one: self.commits[one] for one in partitions if one in self.commits}

    def starts(self, partitions: Iterable[Partition], start: Start) -> dict[Partition, int]:
        return dict.fromkeys(partitions, 0)

    def marks(self, partitions: Iterable[Partition]) -> dict[Partition, Mark]:
        return dict.fromkeys(partitions, Mark(0, 0, 1 << 40))

    @rule(shares=st.lists(st.integers(0, MEMBERS - 1), min_size=3, max_size=3), polite=st.booleans())
    def rebalance(self, shares: list[int], polite: bool) -> None:
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
                known = self.journals[number].get(one, set())
                assert not known or offset > max(known)
                committed = self.commits.get(one)
                assert committed is None or committed.note == f"aiops:{number:x}" or offset >= committed.offset
                self.reading[one] = (number, offset)
            self.stored[number] = member.position({})

    @precondition(lambda self: self.reading)
    @rule(which=st.integers(0, 2), count=st.integers(1, 5))
    def journal(self, which: int, count: int) -> None:
        one = PARTITIONS[which]
        number, offset = self.reading[one]
        self.journals[number].setdefault(one, set()).update(range(offset, offset + count))
        self.members[number].advance({place_of(one): offset + count})
        self.stored[number] = self.members[number].position({})
        self.reading[one] = (number, offset + count)

    @precondition(lambda self: self.reading)
    @rule(number=st.integers(0, MEMBERS - 1))
    def commit(self, number: int) -> None:
        self.commits |= self.members[number].commits()

    @rule(number=st.integers(0, MEMBERS - 1))
    def crash_and_come_back(self, number: int) -> None:
        self.members[number] = Positions(f"m{number}", self.stored[number], "earliest", number)
        self.reading = {}
        for other, member in enumerate(self.members):
            if other != number:
                member.lose(sorted(member.owned))

    @invariant()
    def nothing_is_passed_over(self) -> None:
        for one, (_, offset) in self.reading.items():
            seen: set[int] = set().union(*(journal.get(one, set()) for journal in self.journals))
            assert set(range(offset)) <= seen, (one, offset, seen)


Group.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestGroup = Group.TestCase


class Group3:
    """A group to which offset 3 was committed under a note, and what was asked for."""

    def __init__(self, note: str) -> None:
        self.note = note
        self.answers: list[Partition] = []

    def committed(self, partitions: Iterable[Partition]) -> dict[Partition, Commit]:
        self.answers += partitions
        return {one: Commit(3, self.note) for one in partitions}

    def starts(self, partitions: Iterable[Partition], start: Start) -> dict[Partition, int]:
        raise AssertionError(partitions)

    def marks(self, partitions: Iterable[Partition]) -> dict[Partition, Mark]:
        return dict.fromkeys(partitions, Mark(0, 0, 1_000))


def test_a_partition_that_comes_straight_back_is_read_on() -> None:
    positions = Positions("s", Position("s", {"t/0": 7, READER: 5}), "latest")
    group = Group3("aiops:5")
    assert positions.assign([("t", 0)], group) == {("t", 0): 7}
    assert positions.revoke([("t", 0)]) == {("t", 0): Commit(7, "aiops:5")}
    assert positions.assign([("t", 0)], group) == {("t", 0): 7}
    assert positions.position({"t/0": 9}).at == {"t/0": 9, READER: 5}
    assert group.answers == [("t", 0)]
    positions.forget_lookups()
    positions.assign([("t", 0)], group)
    assert group.answers == [("t", 0)] * 2


def test_only_what_another_reader_committed_moves_us_on() -> None:
    ours = Position("s", {"t/0": 1, "t/1": 7, READER: 5})
    for note, start in [("aiops:5", 1), ("", 1), ("by hand", 1), ("aiops:6", 3)]:
        positions = Positions("s", ours, "latest")
        assert positions.assign([("t", 0), ("t", 1)], Group3(note)) == {("t", 0): start, ("t", 1): 7}
        assert positions.unsaved == (start == 3)


def test_a_number_is_drawn_once() -> None:
    first = Positions("s", None, "latest", 11)
    assert Positions("s", first.position({}), "latest", 12).position({}).at == {READER: 11}


def test_a_partition_that_went_away_is_marked() -> None:
    positions = Positions("s", Position("s", {"t/0": 7, "t/1": 3}), "latest")
    positions.assign([("t", 0), ("t", 1)], Group3(""))
    positions.revoke([("t", 0), ("t", 1)])
    positions.assign([("t", 1)], Group3(""))
    assert positions.unsaved
    assert positions.position({}).at == {"t/0": -8, "t/1": 3, READER: 0}


class Broker:
    """A broker that knows one topic `t`: its marks, and what was committed."""

    def __init__(self, mark: Mark, commits: dict[Partition, Commit] | None = None) -> None:
        self.mark = mark
        self.commits = commits or {}

    def committed(self, partitions: Iterable[Partition]) -> dict[Partition, Commit]:
        return {one: self.commits[one] for one in partitions if one in self.commits}

    def starts(self, partitions: Iterable[Partition], start: Start) -> dict[Partition, int]:
        return dict.fromkeys(partitions, {"earliest": self.mark.start, "latest": self.mark.end}[str(start)])

    def marks(self, partitions: Iterable[Partition]) -> dict[Partition, Mark]:
        return dict.fromkeys(partitions, self.mark)


STORED = {"t/0": 7, "t/1": -4, "#id/t": 11, "#start/t/0": 3, "#epoch/t/0": 2, READER: 5}
WITHOUT_ID = {place: at for place, at in STORED.items() if place != "#id/t"}


def test_another_topic_of_the_same_name_is_read_from_its_start() -> None:
    positions = Positions("s", Position("s", dict(STORED)), "latest")
    commits = {("t", 0): Commit(6, "aiops:5:b"), ("t", 1): Commit(9, "by a tool")}
    assert positions.assign([("t", 0)], Broker(Mark(12, 2, 20, 0), commits)) == {("t", 0): 2}
    [remade] = positions.remade
    assert (remade.partition, remade.before, remade.mark.start) == (("t", 0), 7, 2)
    assert positions.unsaved
    # The other partition is new as well: nothing of it was read, whatever was known of the old one.
    assert positions.position({}).at == {"t/0": 2, "t/1": -1, "#id/t": 12, "#start/t/0": 2, READER: 5}


def test_the_same_topic_is_read_on() -> None:
    positions = Positions("s", Position("s", dict(STORED)), "latest")
    assert positions.assign([("t", 0)], Broker(Mark(11, 5, 20, 4))) == {("t", 0): 7}
    assert positions.remade == []
    assert positions.position({}).at == STORED | {"#start/t/0": 5, "#epoch/t/0": 4}


def test_without_ids_what_went_back_tells() -> None:
    for mark, start in [
        (Mark(0, 3, 20, 2), 7),
        (Mark(0, 3, 7, 2), 7),
        (Mark(0, 3, 20, -1), 7),
        (Mark(0, 3, 6, 2), 3),
        (Mark(0, 2, 20, 2), 2),
        (Mark(0, 3, 20, 1), 3),
    ]:
        positions = Positions("s", Position("s", dict(WITHOUT_ID)), "latest")
        assert positions.assign([("t", 0)], Broker(mark)) == {("t", 0): start}, mark
        assert bool(positions.remade) == (start != 7)


def test_a_topic_made_anew_while_we_read_another_partition_of_it() -> None:
    positions = Positions("s", Position("s", {"t/0": 7, "t/1": 4, READER: 5}), "earliest")
    positions.assign([("t", 0)], Broker(Mark(11, 0, 20)))
    assert positions.assign([("t", 0), ("t", 1)], Broker(Mark(12, 0, 20))) == {("t", 0): 0, ("t", 1): 0}


def test_a_commit_says_of_which_topic_it_is() -> None:
    positions = Positions("s", Position("s", dict(STORED)), "latest")
    positions.assign([("t", 0)], Broker(Mark(11, 3, 20, 2)))
    assert positions.commits() == {("t", 0): Commit(7, "aiops:5:b")}
    # Another reader's commit moves us on where it is of this topic, and not where it is of an earlier one.
    for note, start in [("aiops:6:b", 9), ("aiops:6", 9), ("aiops:6:a", 7), ("aiops:5:b", 7)]:
        positions = Positions("s", Position("s", dict(STORED)), "latest")
        broker = Broker(Mark(11, 3, 20, 2), {("t", 0): Commit(9, note)})
        assert positions.assign([("t", 0)], broker) == {("t", 0): start}, note


def test_a_commit_of_an_earlier_topic_is_none_for_a_new_reader() -> None:
    positions = Positions("s", None, "earliest", 7)
    broker = Broker(Mark(11, 3, 20), {("t", 0): Commit(9, "aiops:6:a")})
    assert positions.assign([("t", 0)], broker) == {("t", 0): 3}


def test_a_change_of_id_is_seen_between_looks() -> None:
    positions = Positions("s", Position("s", dict(STORED)), "latest")
    assert [positions.is_remade("t", id) for id in (11, 12, 0)] == [False, True, False]
    assert not positions.is_remade("other", 12)
