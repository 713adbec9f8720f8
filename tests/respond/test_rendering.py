"""Rendering of steps for people: commands of quoted words, requests with blanks for what is missing."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.respond.filled import command_parts
from aiops.respond.http_kinds import Http
from aiops.respond.rendering import command, show
from aiops.respond.steps import Manual


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_value_is_one_word_of_a_command(value: str) -> None:
    assert shlex.split(command("echo {{ x }} end", {"x": value})) == ["echo", value, "end"]


def test_what_is_missing_stays_visible() -> None:
    shown = show(Manual(name="look", run="kubectl -n {{ namespace }} get pods"), {})
    assert shown.run == "kubectl -n <namespace> get pods"
    assert shown.missing == ["namespace"]


def test_a_request_is_shown_with_a_blank_for_what_is_missing() -> None:
    shown = show(Http(name="call", url="https://ops.example", path=["{{ host }}"], body={"n": "{{ n }}"}), {"n": 2})
    assert shown.request is not None
    assert (shown.kind, shown.request.body, shown.missing) == ("http", {"n": 2}, ["host"])


def test_a_step_that_takes_no_blank_is_shown_without_a_request() -> None:
    step = Http(name="call", url="https://ops.example", path=["{{ host }}", "{{ part }}"])
    shown = show(step, {"part": "restart"})
    assert shown.request is not None
    with pytest.raises(UsageError):
        show(step, {"host": "a", "part": ".."})
    without = show(step, {"part": ".."})
    assert (without.request, without.missing) == (None, ["host"])


@pytest.mark.parametrize("value", ["<pod>", "a'<b>'c", "<a><b>", "{{ other }}"])
def test_a_value_that_looks_like_a_blank_or_a_placeholder_is_a_value(value: str) -> None:
    shown = command("kubectl delete {{ pod }} <node>", {"pod": value, "other": "x"})
    assert shlex.split(shown) == ["kubectl", "delete", value, "<node>"]
    assert [part.text for part in command_parts(shown) if part.is_blank] == ["<node>"]
