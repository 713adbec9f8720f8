"""The address of the list: choices come back as they were made, and hostile ones are refused or dropped."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.pages.list_address import Choice, choice_of, choice_of_text
from aiops.search.conditions import NARROW
from aiops.search.listing import Order
from aiops.search.syntax import read_query
from aiops.web.operations import ApiError

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


def again(choice: Choice) -> Choice:
    return choice_of(parse_qsl(urlsplit(choice.href).query))


def test_the_plain_list_has_a_plain_address() -> None:
    assert Choice().href == "/"
    assert choice_of([]) == Choice()
    assert Choice().is_plain


@given(TEXT, st.sampled_from(["service", "owner", "source", "team"]), st.sampled_from(["last", "alerts"]))
def test_an_address_gives_its_choice_again(text: str, facet: str, sort: str) -> None:
    choice = Choice(text=text.strip(), sort=sort).toggled(facet, text).toggled("status", "snoozed")  # type: ignore[arg-type]
    assert again(choice) == choice
    assert choice_of_text(choice.href) == choice


@pytest.mark.parametrize(
    ("query", "states"),
    [
        ("", NARROW),
        ("status=open", ("open",)),
        ("status=recent&status=open", ("open", "recent")),
        ("status=active", ("open", "acknowledged", "snoozed")),
        ("status=resolved", ("recent", "resolved")),
        ("status=all", ("open", "acknowledged", "snoozed", "recent", "resolved", "merged")),
    ],
)
def test_states_are_those_of_the_address(query: str, states: tuple[str, ...]) -> None:
    assert choice_of(parse_qsl(query)).states == states


def test_values_are_chosen_and_dropped() -> None:
    one = Choice(before="1~x").toggled("severity", "critical")
    assert (one.chosen("severity"), one.before) == (("critical",), None)
    both = one.toggled("severity", "high")
    assert both.href == "/?severity=critical&severity=high"
    assert both.toggled("severity", "critical").toggled("severity", "high") == Choice()


def test_the_last_status_that_is_dropped_gives_the_plain_list() -> None:
    assert Choice(states=("open",)).toggled("status", "open").states == NARROW
    assert Choice().toggled("status", "snoozed").states == ("open", "acknowledged", "recent")


def test_one_age_is_chosen_at_a_time() -> None:
    assert Choice().toggled("age", "15m").toggled("age", "1h").chosen("age") == ("1h",)
    assert Choice().toggled("age", "15m").toggled("age", "15m").is_plain


def test_a_column_sorts_and_then_the_other_way_round() -> None:
    last = Choice().sorted_by("last")
    assert (last.sort, last.order) == ("last", "desc")
    assert last.sorted_by("last").order == "asc"
    assert last.sorted_by("last").ordered() == Order("last", True, True)
    assert Choice().sorted_by("severity").href == "/?order=asc"


def test_a_status_in_the_search_stands_for_the_chosen_ones() -> None:
    choice = Choice(text="status:merged")
    assert choice.wanted(read_query(choice.text), 0.0).states == ()
    assert choice.wanted(read_query("disk"), 0.0).states == NARROW
    assert choice_of([("status", "all")]).wanted(read_query(""), 0.0).states == ()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("status=gone", "status: expected open"),
        ("severity=hihg", "severity: expected"),
        ("age=2h", "age: expected 15m, 1h, 1d"),
        ("storm=maybe", "storm: expected yes, no"),
        ("sort=size", "sort: expected severity"),
        ("order=up", "order: expected desc, asc"),
        ("service=" + "x" * 301, "service: expected at most 300 characters"),
        ("&".join(f"service={n}" for n in range(41)), "at most 40 values"),
    ],
)
def test_a_value_that_no_list_has_is_refused(query: str, words: str) -> None:
    with pytest.raises(ApiError, match=words):
        choice_of(parse_qsl(query))
    assert choice_of_text(f"/?{query}") == Choice()


@given(st.text(max_size=200))
def test_any_text_of_a_form_leads_to_a_list(text: str) -> None:
    href = choice_of_text(text).href
    assert href.startswith("/")
    assert not href.startswith("//")
