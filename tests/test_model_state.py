"""States of models as text: ids are digests of exactly that, and records carry it whole, or are refused."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given as property_of
from hypothesis import settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.model_state import (
    MAX_PLAIN_CHARS,
    MAX_STATE_CHARS,
    SLOTS,
    Given,
    action_of,
    canonical,
    decoded,
    digest_of,
    given,
    slot_named,
    swap_action,
    version_id,
)
from aiops.records import Action
from aiops.records.decode import MAX_RECORD_BYTES, encode

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**9), 10**9)
STATES = st.recursive(
    NUMBERS | st.text(max_size=10) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=30)
@property_of(STATES, st.sampled_from(SLOTS))
def test_a_record_carries_a_state_to_the_byte(state: Any, slot: str) -> None:
    action = swap_action(slot, "algorithm", state, 5.0)
    found = given(msgspec.json.decode(encode(action), type=Action))
    assert (found.slot, found.algorithm) == (slot, "algorithm")
    assert found.text == canonical(state)
    assert canonical(found.state) == found.text
    assert found.id in action.id


def test_an_id_is_the_digest_that_earlier_releases_made() -> None:
    text = '{"a":[1.0,2.0]}'
    assert version_id("pca", text) == "pca-" + hashlib.sha256(f"pca\n{text}".encode()).hexdigest()[:16]
    assert swap_action("rows", "pca", {"a": [1.0, 2.0]}, 1.0).id == f"model-{version_id('pca', text)}"
    assert digest_of("pca", text) != digest_of("hbos", text)


def test_equal_models_of_two_slots_are_two_records() -> None:
    assert swap_action("causes", "x", {}, 1.0).id != swap_action("similar", "x", {}, 1.0).id


def test_a_long_state_is_packed_and_fits_into_a_record() -> None:
    state = [[f"payments-api-{number}", f"type-{number % 7}", number] for number in range(20_000)]
    action = swap_action("causes", "causes", state, 1.0)
    assert "state" not in action.args
    assert len(encode(action)) < MAX_RECORD_BYTES
    assert given(action).state == state


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({"slot": "roots"}, r"\$\.args\.slot: expected one of detect"),
        ({"slot": "causes", "packed": "%"}, r"\$\.args\.packed: expected base64 of zlib"),
        ({"slot": "causes", "packed": base64.b64encode(b"no zlib").decode()}, "expected base64 of zlib"),
        ({"slot": "causes", "packed": base64.b64encode(zlib.compress(b"{}")[:-3]).decode()}, "a whole text"),
        ({"slot": "causes", "state": "x" * (MAX_STATE_CHARS + 1)}, "expected at most"),
    ],
)
def test_what_is_no_state_is_refused_with_its_place(args: dict[str, str], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        given(Action(ts=1.0, verb="swap_model", args=args))


def test_a_bomb_is_not_unpacked() -> None:
    bomb = base64.b64encode(zlib.compress(b" " * (MAX_STATE_CHARS + 1), 9)).decode()
    assert len(bomb) < 100_000
    with pytest.raises(UsageError, match="characters unpacked"):
        given(Action(ts=1.0, verb="swap_model", args={"slot": "causes", "packed": bomb}))


@pytest.mark.parametrize("text", ["", "[NaN]", "[1, Infinity]", "[1e999]", '{"a": -Infinity}', "[" * 100_000])
def test_a_text_with_a_number_that_is_not_finite_is_no_state(text: str) -> None:
    with pytest.raises(UsageError, match="model state: expected JSON"):
        decoded(text)


def test_two_packed_texts_in_one_are_refused() -> None:
    twice = base64.b64encode(zlib.compress(b"{}") + zlib.compress(b"{}")).decode()
    with pytest.raises(UsageError, match="a whole text"):
        given(Action(ts=1.0, verb="swap_model", args={"slot": "causes", "packed": twice}))


@pytest.mark.parametrize("state", [float("nan"), {"a": float("inf")}, {1: object()}, b"x"])
def test_what_is_no_plain_json_is_no_state(state: Any) -> None:
    with pytest.raises(UsageError, match="plain numbers"):
        canonical(state)


def test_a_text_that_is_no_json_and_a_slot_that_is_none() -> None:
    with pytest.raises(UsageError, match="expected JSON"):
        decoded("{")
    with pytest.raises(UsageError, match="--slot: expected one of"):
        slot_named("roots", "--slot")
    assert slot_named("rows", "x") == "detect"


def test_a_state_that_fits_into_no_record_is_refused() -> None:
    noise = hashlib.shake_256(b"1").hexdigest(MAX_PLAIN_CHARS * 4)
    with pytest.raises(UsageError, match="when packed"):
        action_of(Given("causes", "x", f'"{noise}"'), 1.0)
