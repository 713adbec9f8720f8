"""How entities are spelled, and whom a message speaks of."""

from __future__ import annotations

import pytest
from aiops_models.causes.entity_names import spelled, subject, tail
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("entity", "kind", "name"),
    [
        ("pods/cart-1", "pod", "cart-1"),
        ("Deployment/cart", "deployment", "cart"),
        ("node/a/b", "node", "a/b"),
        ("nodes/", "unknown", "nodes/"),
        ("/x", "unknown", "/x"),
        ("team/db", "unknown", "team/db"),
        ("", "unknown", ""),
    ],
)
def test_kind_before_a_slash_is_read_where_it_is_one(entity: str, kind: str, name: str) -> None:
    assert spelled(entity) == (kind, name)
    assert tail(entity) == name


@pytest.mark.parametrize(
    ("message", "who"),
    [
        ("Pod cart-1 is not ready", "pod/cart-1"),
        ("db-1: DiskFull at 97 %", "db-1"),
        ("db-1: other text", None),
        (": DiskFull", None),
        ("disk is full", None),
        ("Node", None),
        ("", None),
        ("   ", None),
    ],
)
def test_message_speaks_of_its_first_words(message: str, who: str | None) -> None:
    assert subject(message, "DiskFull") == who


@given(st.text(max_size=2_000), st.text(max_size=20))
def test_any_message_is_read(message: str, name: str) -> None:
    found = subject(message, name)
    assert found is None or found


@given(st.text(max_size=50))
def test_name_is_the_end_of_the_entity(entity: str) -> None:
    kind, name = spelled(entity)
    assert entity.endswith(name)
    assert kind
