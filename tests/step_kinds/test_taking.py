"""Holes: filled only with values that match their pattern, quoted in URLs, and only once they can be known."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.step_kinds.exchange import Poll, Prepared, Request, Taken
from aiops.step_kinds.taking import MAX_TAKEN_BYTES, checked, faults, for_trail, holes, with_values

ID = Taken("change", "the id", "[a-z0-9-]{1,20}")
ANY = Taken("read", "the template")
VERSION = Taken("read", "the version", "[0-9]{1,9}")


def test_holes_are_filled_in_urls_and_bodies() -> None:
    request = Request(
        "POST", "https://x.example/jobs/{id}?v={id}", body={"a": [{"$taken": "t"}], "n": {"$taken": "id"}}
    )
    made = with_values(request, {"id": "a-1", "t": {"deep": [1]}})
    assert (made.url, made.body) == ("https://x.example/jobs/a-1?v=a-1", {"a": [{"deep": [1]}], "n": "a-1"})
    assert holes(request) == ["id", "t"]


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=30))
def test_a_value_of_an_answer_never_leaves_its_segment(value: str) -> None:
    try:
        made = with_values(Request("GET", "https://x.example/jobs/{id}"), {"id": value})
    except UnicodeEncodeError:
        return
    assert urlsplit(made.url).netloc == "x.example"
    assert made.url.count("/") == 4
    assert "?" not in made.url
    assert "#" not in made.url


@pytest.mark.parametrize("value", ["", "A", "a/b", "a b", "a\n", "x" * 21, True, 1.5, ["a"], {"a": 1}, "..", 10**18])
def test_a_value_that_does_not_match_its_pattern_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match=r"the id \(id\): expected"):
        checked({"id": ID}, {"id": value})


@pytest.mark.parametrize("value", [".", ".."])
def test_a_pattern_that_allows_dots_allows_no_climbing(value: str) -> None:
    with pytest.raises(UsageError, match="expected an id"):
        checked({"id": Taken("change", "the id", ".*")}, {"id": value})


def test_what_is_absent_is_left_out_and_a_number_stays_one() -> None:
    assert checked({"id": ID, "version": VERSION}, {"id": None, "version": 7}) == {"version": 7}


def test_json_without_a_pattern_is_bounded_and_kept_out_of_the_trail() -> None:
    taken = {"t": ANY, "id": ID}
    assert for_trail(taken, {"t": {"password": "x"}, "id": "a"}) == {"id": "a"}
    with pytest.raises(UsageError, match="expected at most"):
        checked(taken, {"t": "x" * MAX_TAKEN_BYTES})


def test_a_hole_without_a_value_is_not_sent() -> None:
    for request in (
        Request("GET", "https://x.example/{id}"),
        Request("GET", "https://x.example", body={"$taken": "id"}),
    ):
        with pytest.raises(UsageError, match="no 'id'"):
            with_values(request, {})


FIRST = Request("GET", "https://x.example")


def prepared(**more: Any) -> Prepared:
    return Prepared("POST", "https://x.example", taken={"id": ID, "t": ANY, "version": VERSION}, **more)


@pytest.mark.parametrize(
    ("one", "fault"),
    [
        (prepared(reads=[Request("GET", "https://x.example/{version}")]), "read 0: nothing is known as 'version'"),
        (prepared(reads=[FIRST, Request("GET", "https://x.example/{id}")]), "read 1: nothing is known as 'id'"),
        (prepared(reads=[FIRST, Request("GET", "https://x.example/{t}")]), "read 1: 't' in a URL needs a pattern"),
        (prepared(reads=[Request("POST", "https://x.example")]), "read 0: expected GET or HEAD"),
        (prepared(reads=[Request("GET", "https://x.example", body={})]), "read 0: expected GET or HEAD"),
        (prepared(body={"$taken": "id"}), "change: nothing is known as 'id'"),
        (prepared(body={"$taken": "other"}), "change: nothing is known as 'other'"),
        (prepared(dry_run=Request("POST", "https://x.example/{id}")), "dry run: nothing is known as 'id'"),
        (prepared(undo=Request("POST", "https://x.example", body={"$taken": "t"})), "undo: nothing is known as 't'"),
        (prepared(poll=Poll(Request("GET", "https://x.example/{t}"))), "poll: 't' in a URL needs a pattern"),
        (prepared(poll=Poll(Request("DELETE", "https://x.example/{id}"))), "poll: expected GET; got DELETE"),
    ],
)
def test_faults_of_what_a_kind_prepares(one: Prepared, fault: str) -> None:
    assert any(fault in found for found in faults(one))


def test_what_is_known_in_time_has_no_fault() -> None:
    one = prepared(
        reads=[FIRST, Request("GET", "https://x.example/{version}")],
        body={"v": {"$taken": "version"}, "t": {"$taken": "t"}},
        poll=Poll(Request("POST", "https://x.example/{id}")),
        undo=Request("DELETE", "https://x.example/{id}"),
    )
    assert list(faults(one, "POST")) == []
    literal = Prepared("POST", "https://x.example", body={"$taken": "no kind declared it"})
    assert list(faults(literal)) == []
