"""Conditions: operators, the ways in, refusals with their reason; the fast path gives the same answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.patterns import Expression
from aiops.ports import AlertFact, IncidentView
from aiops.records import Cause, Change
from aiops.respond.format import Matcher
from aiops.respond.matching import _matches, _test, compile_match, fit
from aiops.respond.situation import MAX_FACTS, Seen, situation
from aiops.respond.symptom_words import words_of
from aiops.topology import Topology


def _seen(name: str = "KubePodCrashLooping", message: str = "", **labels: str) -> Seen:
    fact = AlertFact("cart-1", name, 3, 1, 0.0, 0.0, "cart", "prometheus", message, labels=labels)
    return Seen(fact, words_of(name), f"{words_of(name)} {message.lower()}")


@pytest.mark.parametrize(
    ("label", "op", "value", "expected"),
    [
        ("name", "=", "KubePodCrashLooping", True),
        ("alertname", "!=", "KubePodCrashLooping", False),
        ("words", "=~", ".*crash loop.*", True),
        ("words", "=~", "crash loop", False),
        ("words", "!~", "crash loop", True),
        ("severity", "=", "high", True),
        ("service", "=", "cart", True),
        ("env", "=", "prod", True),
        ("team", "=", "", True),
        ("text", "=~", ".*no space.*", True),
        ("source", "=~", "(?i)PROM.*", True),
    ],
)
def test_operators(label: str, op: Any, value: str, expected: bool) -> None:
    assert _test(Matcher(label=label, op=op, value=value))(_seen(message="No SPACE left", env="prod")) is expected


PARTS = st.text(alphabet="ab c.|()*+?[]^$d\\", min_size=1, max_size=14)
TEXTS = st.text(alphabet="abcd .x", max_size=30)


@settings(max_examples=400, deadline=None)
@given(PARTS, TEXTS, st.booleans())
def test_the_fast_path_says_what_the_expression_says(part: str, text: str, wrapped: bool) -> None:
    pattern = f".*({part}).*" if wrapped else part
    try:
        full = Expression(pattern)
    except UsageError:
        return
    assert _matches(pattern)(text) == full.matches(text)


@pytest.mark.parametrize("pattern", ["(?=a)b", r"(a)\1", "(", "a" * 5 + "[", "(.{1000}){1000}"])
def test_expressions_that_cannot_be_matched_in_linear_time_are_refused(pattern: str, samples: SimpleNamespace) -> None:
    with pytest.raises(UsageError, match="RE2"):
        compile_match(samples.playbook(match={"alert": [{"label": "name", "op": "=~", "value": pattern}]}))


def test_the_kind_of_an_unknown_entity_refuses_a_run_but_no_suggestion(samples: SimpleNamespace) -> None:
    compiled = compile_match(samples.playbook())
    now = situation(samples.view("WorkerHangs"), Topology())
    assert fit(compiled, now).ok
    strict = fit(compiled, now, strict=True)
    assert not strict.ok
    assert "unknown kind" in strict.reason


def test_a_known_kind_that_differs_refuses(samples: SimpleNamespace) -> None:
    compiled = compile_match(
        samples.playbook(match={"alert": [{"label": "name", "value": "A"}], "cause": {"kind": ["queue"]}})
    )
    assert not fit(compiled, situation(samples.view("A"), samples.topology())).ok


@pytest.mark.parametrize(
    ("match", "names", "reason"),
    [
        ({"alert": [{"label": "name", "value": "A"}]}, ["B"], "no alert"),
        (
            {"anyAlert": [[{"label": "name", "value": "A"}]], "noAlert": [[{"label": "name", "value": "B"}]]},
            ["A", "B"],
            "excludes it",
        ),
        (
            {"alert": [{"label": "name", "value": "A"}], "incident": {"minSeverity": "critical"}},
            ["A"],
            "critical and above",
        ),
        ({"alert": [{"label": "name", "value": "A"}], "cause": {"class": ["latency"]}}, ["A"], "are about"),
        (
            {"alert": [{"label": "name", "value": "A"}], "anyAlert": [[{"label": "name", "value": "B"}]]},
            ["A"],
            "no alert",
        ),
    ],
)
def test_refusals_say_why(samples: SimpleNamespace, match: dict[str, Any], names: list[str], reason: str) -> None:
    found = fit(compile_match(samples.playbook(match=match)), situation(samples.view(*names), samples.topology()))
    assert not found.ok
    assert reason in found.reason


def test_confidence_is_ordered(samples: SimpleNamespace) -> None:
    match = {"alert": [{"label": "name", "value": "A"}], "cause": {"minConfidence": "medium"}}
    compiled = compile_match(samples.playbook(match=match))
    for confidence, expected in (("low", False), ("medium", True), ("high", True)):
        assert fit(compiled, situation(samples.view("A", confidence=confidence), samples.topology())).ok is expected
    assert not fit(compiled, situation(samples.view("A", cause=None), samples.topology())).ok


def test_a_change_on_the_cause_is_a_way_in(samples: SimpleNamespace) -> None:
    compiled = compile_match(samples.playbook(match={"alert": [{"label": "name", "value": "A"}], "change": ["deploy"]}))
    view = samples.view("Other")
    assert not fit(compiled, situation(view, samples.topology())).ok
    view.changes = [Change(ts=samples.at - 60, entity="elsewhere", name="deploy")]
    assert not fit(compiled, situation(view, samples.topology())).ok
    view.changes = [Change(ts=samples.at - 60, entity="work", name="Deploy v2")]
    assert fit(compiled, situation(view, samples.topology())).ok
    for ts in (samples.at - 2 * 3600, samples.at + 3600):
        view.changes = [Change(ts=ts, entity="work", name="deploy")]
        assert not fit(compiled, situation(view, samples.topology())).ok


def test_a_storm_is_looked_at_in_part_but_the_cause_first() -> None:
    facts = [AlertFact(f"e{i}", f"Name{i % 300}", 2, 1, 0.0, 0.0) for i in range(5000)]
    facts.append(AlertFact("culprit", "Odd", 0, 1, 0.0, 0.0))
    now = situation(IncidentView("i", 0.0, facts, causes=[Cause("culprit")]), Topology())
    assert len(now.seen) == MAX_FACTS
    assert now.seen[0].fact.entity == "culprit"
