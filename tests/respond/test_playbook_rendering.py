"""Parameters and rendering: nothing hostile gets through, types are kept, whole values only."""

from __future__ import annotations

import shlex
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.ports import AlertFact
from aiops.respond.format import Parameter
from aiops.respond.parameters import check, resolve
from aiops.respond.rendering import command, fill, request, show
from aiops.respond.situation import situation
from aiops.respond.steps import Http, Manual, Webhook


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_value_is_one_word_of_a_command(value: str) -> None:
    assert shlex.split(command("echo {{ x }} end", {"x": value})) == ["echo", value, "end"]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_text_without_a_pattern_is_still_bounded(value: str) -> None:
    try:
        passed = check(Parameter(), value)
    except ValueError:
        return
    assert passed == value
    assert shlex.quote(value) == value.replace("'", "") or not set(value) & set(" ;|&$`<>\"'\\\n")
    assert not value.startswith("-")
    assert len(value) <= 253


@pytest.mark.parametrize(
    ("parameter", "raw", "expected"),
    [
        (Parameter(type="integer"), "42", 42),
        (Parameter(type="number"), "1.5", 1.5),
        (Parameter(type="boolean"), "yes", True),
        (Parameter(enum=["a", "b"]), "a", "a"),
        (Parameter(pattern="[a-z ]+"), "two words", "two words"),
    ],
)
def test_types(parameter: Parameter, raw: object, expected: object) -> None:
    got = check(parameter, raw)
    assert got == expected
    assert type(got) is type(expected)


@pytest.mark.parametrize(
    ("parameter", "raw"),
    [
        (Parameter(type="integer"), "4e2"),
        (Parameter(type="integer"), True),
        (Parameter(type="integer", maximum=10), "11"),
        (Parameter(type="number"), "nan"),
        (Parameter(type="boolean"), "maybe"),
        (Parameter(enum=["a"]), "b"),
        (Parameter(), "a b"),
        (Parameter(), "-rf"),
        (Parameter(pattern=".*"), "-rf"),
        (Parameter(pattern="(?s).*"), "a\nb"),
        (Parameter(max_length=3), "abcd"),
        (Parameter(pattern="((a+))+b"), "a" * 100),
        (Parameter(pattern="(?=a).*"), "abc"),
        (Parameter(), 5),
    ],
)
def test_what_does_not_validate(parameter: Parameter, raw: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        check(parameter, raw)


def test_no_value_of_a_request_takes_for_ever() -> None:
    for text in ("{{" * 100_000, "{{ " * 60_000 + "}", "{{ x" * 60_000):
        assert fill({"a": text}, {}) == {"a": text}
    with pytest.raises(UsageError, match="whole of a value"):
        fill("{{" * 1_000 + "}}", {})


def test_sources_are_tried_in_order_and_a_bad_one_is_passed_over(samples: SimpleNamespace) -> None:
    playbook = samples.playbook(
        parameters={
            "pod": {"from": ["alert.labels.pod", "alert.entity"], "pattern": "[a-z0-9-]+"},
            "n": {"type": "integer", "default": 3},
        }
    )
    now = situation(samples.view("A"), samples.topology())
    fact = AlertFact("cart-1", "A", 3, 1, 0.0, 0.0, labels={"pod": "x; reboot"})
    assert resolve(playbook, now, fact).values == {"pod": "cart-1", "n": 3}
    refused = resolve(playbook, now, AlertFact("Not OK", "A", 3, 1, 0.0, 0.0))
    assert "pod" in refused.missing
    assert "expected text like" in refused.missing["pod"]
    given_values = resolve(playbook, now, fact, {"pod": "other", "nope": "1"})
    assert given_values.values["pod"] == "other"
    assert "no parameter" in given_values.missing["nope"]


@pytest.mark.parametrize(
    ("entity", "expected"),
    [("pods/cart-1", "cart-1"), ("pod/cart-1", "cart-1"), ("replicasets/cart", None), ("pod/a/b", None)],
)
def test_the_kind_before_an_entity_is_dropped_where_it_is_the_right_one(
    samples: SimpleNamespace, entity: str, expected: str | None
) -> None:
    playbook = samples.playbook(parameters={"pod": {"from": ["alert.entity"], "pattern": "[a-z0-9-]+"}})
    now = situation(samples.view("A"), samples.topology())
    assert resolve(playbook, now, AlertFact(entity, "A", 3, 1, 0.0, 0.0)).values.get("pod") == expected


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
