"""Parameters: sources in order, types, bounds, and nothing hostile gets through."""

from __future__ import annotations

import json
import shlex
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.ports import AlertFact
from aiops.respond.format import Parameter
from aiops.respond.parameters import check, read_source, resolve
from aiops.respond.situation import Situation, situation

KINDS = ["string", "integer", "number", "boolean"]


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


@pytest.mark.parametrize(
    ("parameter", "raw"),
    [
        (Parameter(type="number"), float("nan")),
        (Parameter(type="number"), float("inf")),
        pytest.param(Parameter(type="number"), 10**400, id="beyond a float"),
        pytest.param(Parameter(type="integer"), 10**5000, id="thousands of digits"),
        (Parameter(type="integer"), 10**18),
        (Parameter(type="integer"), 5.0),
        (Parameter(type="integer"), "\u0661"),
        (Parameter(type="integer"), ""),
        (Parameter(type="number"), "1e9"),
        (Parameter(type="number"), None),
        (Parameter(type="boolean"), None),
        (Parameter(pattern=".*"), "a\u202eb"),
        (Parameter(pattern=".*"), "\x1b[31m"),
        (Parameter(enum=["-x"]), "-x"),
    ],
)
def test_values_that_a_system_could_misread_are_refused(parameter: Parameter, raw: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        check(parameter, raw)


@pytest.mark.parametrize(
    ("raw", "minimum", "maximum", "passes"),
    [("5", 5, 5, True), ("4", 5, None, False), ("6", None, 5, False), ("-3", -3, None, True), ("0", None, None, True)],
)
def test_range_includes_its_ends(raw: str, minimum: float | None, maximum: float | None, passes: bool) -> None:
    parameter = Parameter(type="integer", minimum=minimum, maximum=maximum)
    if passes:
        assert check(parameter, raw) == int(raw)
    else:
        with pytest.raises(ValueError, match=f"got '?{raw}"):
            check(parameter, raw)


def test_refused_value_is_shown_in_part() -> None:
    with pytest.raises(ValueError, match="got") as caught:
        check(Parameter(max_length=1000), "! " * 400)
    assert len(str(caught.value)) < 250


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.booleans(), st.none()), st.sampled_from(KINDS))
def test_check_gives_a_value_of_the_type_or_a_value_error(raw: object, kind: Any) -> None:
    try:
        value = check(Parameter(type=kind), raw)
    except ValueError:
        return
    assert type(value) is {"string": str, "integer": int, "number": float, "boolean": bool}[kind]
    assert json.loads(json.dumps(value, allow_nan=False)) == value


def test_sources_name_the_cause_the_incident_and_the_alert() -> None:
    now = Situation("i1", 4, [], cause="web-1", kind="host", service="shop")
    fact = AlertFact("db-1", "Slow", 3, 1, 0.0, 0.0, service="store", labels={"pod": "p", "a.b-c": "d"})
    wanted = {
        "cause.entity": "web-1",
        "cause.kind": "host",
        "cause.service": "shop",
        "incident.id": "i1",
        "incident.severity": "critical",
        "alert.name": "Slow",
        "alert.entity": "db-1",
        "alert.service": "store",
        "alert.labels.pod": "p",
        "alert.labels.a.b-c": "d",
        "alert.labels.gone": None,
    }
    assert {source: read_source(source, now, fact) for source in wanted} == wanted
    assert read_source("alert.name", now, None) is None
    assert read_source("alert.source", now, fact) is None


def test_empty_values_count_as_absent_and_the_next_source_is_read(samples: SimpleNamespace) -> None:
    parameters = {"x": {"from": ["alert.labels.x", "alert.service", "cause.entity"]}}
    book = samples.playbook(parameters=parameters)
    fact = AlertFact("db-1", "Slow", 3, 1, 0.0, 0.0, labels={"x": ""})
    assert resolve(book, Situation("i", 3, [], cause="web-1"), fact).values == {"x": "web-1"}
    assert resolve(book, Situation("i", 3, []), fact).missing == {"x": "no value was found"}


def test_given_value_that_does_not_pass_is_not_replaced_by_a_default(samples: SimpleNamespace) -> None:
    """A person who mistyped a value must not get another one silently."""
    book = samples.playbook(parameters={"n": {"type": "integer", "default": 3, "from": ["alert.labels.n"]}})
    fact = AlertFact("e", "A", 3, 1, 0.0, 0.0, labels={"n": "5"})
    now = Situation("i", 3, [])
    assert resolve(book, now, fact).values == {"n": 5}
    assert resolve(book, now, None).values == {"n": 3}
    refused = resolve(book, now, fact, {"n": "five"})
    assert refused.values == {}
    assert refused.missing["n"].startswith("given: expected a whole number")


def test_false_is_a_value(samples: SimpleNamespace) -> None:
    book = samples.playbook(parameters={"force": {"type": "boolean", "default": False}})
    assert resolve(book, Situation("i", 3, []), None).values == {"force": False}
