"""The entries of open clusters in the order of their last alerts."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.correlate.state import Recent


class Item:
    """What the list needs of an entry."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.older: Item | None = None
        self.newer: Item | None = None


MOVES = st.lists(st.tuples(st.sampled_from(["add", "discard", "renew", "clear"]), st.integers(0, 7)), max_size=60)


@given(MOVES)
def test_list_is_what_an_ordered_dict_would_be(moves: list[tuple[str, int]]) -> None:
    items: list[Any] = [Item(number) for number in range(8)]
    recent, wanted = Recent(), OrderedDict[int, None]()
    for move, number in moves:
        if move == "clear":
            recent.clear()
            wanted.clear()
        elif move == "add" and number not in wanted:
            recent.add(items[number])
            wanted[number] = None
        elif move == "discard":
            recent.discard(items[number])
            wanted.pop(number, None)
        elif move == "renew" and number in wanted:
            recent.renew(items[number])
            wanted.move_to_end(number)
        found: list[Any] = list(recent.values())
        assert [item.number for item in found] == list(wanted)
        assert len(recent) == len(wanted)
        newest: Any = recent.newest
        assert (newest.number if newest else None) == (next(reversed(wanted)) if wanted else None)
    for item in items:
        if item.number not in wanted:
            assert (item.older, item.newer) == (None, None), "what left holds nobody"
