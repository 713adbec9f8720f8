"""Long lists of a snapshot: made a few items at a time, and given back while they are read."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from aiops.engine.snapshot_records import Each, used_up, values_of


class Pair(Struct, array_like=True):
    a: int
    b: str = ""


@given(st.lists(st.integers(-(2**63), 2**63)))
def test_list_that_is_made_while_it_is_encoded_is_the_same(items: list[int]) -> None:
    each = Each(items, lambda item: [item, str(item)])
    assert len(each) == len(items)
    whole = msgspec.msgpack.encode([[item, str(item)] for item in items])
    assert msgspec.msgpack.encode(each, enc_hook=list) == whole
    assert each == Each(list(items), lambda item: [item, str(item)])
    assert each != Each([*items, 1], lambda item: [item, str(item)])
    assert each != items


def test_items_are_made_only_when_they_are_asked_for() -> None:
    made: list[int] = []

    def dump(item: int) -> int:
        made.append(item)
        return item

    each = iter(Each([1, 2, 3], dump))
    assert made == []
    assert next(each) == 1
    assert made == [1]


@given(st.lists(st.integers(-(2**63), 2**63)))
def test_list_that_is_used_up_keeps_its_order_and_is_empty(items: list[int]) -> None:
    given_items = list(items)
    assert list(used_up(given_items)) == items
    assert given_items == []


def test_other_sequences_are_read_as_they_are() -> None:
    given_items = (1, 2)
    assert list(used_up(given_items)) == [1, 2]
    assert given_items == (1, 2)


def test_item_is_not_held_beside_what_is_made_of_it() -> None:
    class Item:
        pass

    items: list[Any] = [Item() for _ in range(3)]
    watched = weakref.ref(items[0])
    found = used_up(items)
    first: Any = next(found)
    assert watched() is first
    del first
    gc.collect()
    assert watched() is None


def test_fields_are_taken_in_the_order_that_makes_one_again() -> None:
    pair = Pair(3, "x")
    assert Pair(*values_of(Pair)(pair)) == pair
