"""Rendering: nothing hostile gets through, types are kept, whole values only."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.respond.rendering import command, fill, request, show
from aiops.respond.steps import Http, Manual, Webhook


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_value_is_one_word_of_a_command(value: str) -> None:
    assert shlex.split(command("echo {{ x }} end", {"x": value})) == ["echo", value, "end"]


def test_no_value_of_a_request_takes_for_ever() -> None:
    for text in ("{{" * 100_000, "{{ " * 60_000 + "}", "{{ x" * 60_000):
        assert fill({"a": text}, {}) == {"a": text}
    with pytest.raises(UsageError, match="whole of a value"):
        fill("{{" * 1_000 + "}}", {})


def test_what_is_missing_stays_visible() -> None:
    shown = show(Manual(name="look", run="kubectl -n {{ namespace }} get pods"), {})
    assert shown.run == "kubectl -n <namespace> get pods"
    assert shown.missing == ["namespace"]


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.floats(allow_nan=False)))
def test_whole_scalars_keep_their_type(value: Any) -> None:
    assert fill({"a": ["{{ x }}", {"b": "{{x}}"}], "c": "plain"}, {"x": value}) == {
        "a": [value, {"b": value}],
        "c": "plain",
    }


@pytest.mark.parametrize("text", ["a {{ x }}", "{{ x }}{{ x }}", "{{ x.y }}", "{{ }}", "{{ 1 }}"])
def test_parts_of_values_and_expressions_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        fill(text, {"x": "1"})


def test_a_placeholder_in_a_value_is_not_filled_again() -> None:
    assert fill("{{ x }}", {"x": "{{ y }}", "y": "secret"}) == "{{ y }}"


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=30))
def test_a_value_never_leaves_its_path_segment(value: str) -> None:
    step = Http(name="call", url="https://ops.example/hosts", path=["{{ x }}", "restart"], query={"q": "{{ x }}"})
    try:
        made = request(step, {"x": value})
    except (UsageError, UnicodeEncodeError):
        return
    assert made.url.startswith("https://ops.example/hosts/")
    assert made.url.split("?")[0].count("/") == 5


@pytest.mark.parametrize("value", ["..", "."])
def test_a_path_cannot_climb(value: str) -> None:
    with pytest.raises(UsageError, match="path segment"):
        request(Http(name="call", url="https://ops.example/hosts", path=["{{ x }}"]), {"x": value})


def test_a_webhook_names_its_secret_and_never_holds_it() -> None:
    made = request(
        Webhook(name="tell", url="https://ops.example/hook", body={"n": "{{ n }}"}, secret="ops-hook"), {"n": 2}
    )
    assert (made.method, made.body, made.secret) == ("POST", {"n": 2}, "ops-hook")
