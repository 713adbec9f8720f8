"""What a step may send is plain data, and answers of any sort can be read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.respond.http_kinds import HttpKind
from aiops.step_kinds.exchange import Prepared, Progress, Reply, Taken, at

JSON = st.recursive(st.none() | st.integers() | st.text(max_size=3), lambda one: st.lists(one, max_size=3))


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=40))
def test_any_body_can_be_read(body: bytes) -> None:
    at(Reply(200, body=body).json(), "a", 0)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"", b"\xff", b'{"a": 1', b"1e999999"])
def test_what_is_no_json_is_nothing(body: bytes) -> None:
    assert Reply(200, body=body).json() is None


@settings(max_examples=50, deadline=None)
@given(JSON, st.lists(st.integers(-2, 2) | st.text(max_size=2), max_size=4))
def test_a_place_that_is_not_there_is_none(value: Any, place: list[Any]) -> None:
    at(value, *place)


def test_defaults_are_not_written() -> None:
    """The keys of requests in the trails of earlier releases stay the same."""
    plain = msgspec.to_builtins(Prepared("GET", "https://x.example"))
    assert plain == {"method": "GET", "url": "https://x.example"}
    assert msgspec.to_builtins(Taken("read", "an id")) == {"source": "read", "what": "an id"}


@pytest.mark.parametrize(
    ("reply", "state"),
    [(Reply(200), "done"), (Reply(404), "failed"), (Reply(error="no answer"), "failed"), (Reply(0), "failed")],
)
def test_by_default_the_status_decides(reply: Reply, state: str) -> None:
    found: Progress = HttpKind().progress(Prepared("GET", "https://x.example", statuses=[200]), reply)
    assert found.state == state
