"""Selectors: a value of an alert is a literal in PromQL and LogQL, whatever it holds."""

from __future__ import annotations

import pytest

from aiops.errors import UsageError
from aiops.respond.collectors import LabelMatch
from aiops.respond.selectors import literal, marks_of, quoted, with_selector

HOSTILE = 'x"} or vector(1) # \\'


def test_values_are_escaped_literals() -> None:
    made = with_selector("up{$selector}", [LabelMatch(label="pod", value="{{ pod }}")], {"pod": HOSTILE})
    assert made == 'up{pod="x\\"} or vector(1) # \\\\"}'


def test_only_the_author_writes_expressions() -> None:
    of_alert = LabelMatch(label="pod", op="=~", value="{{ workload }}", then="-.*")
    of_author = LabelMatch(label="code", op="=~", value="5..")
    made = with_selector('sum(up{job="a",$selector})', [of_alert, of_author], {"workload": ".*|a"})
    assert made == 'sum(up{job="a",pod=~"\\\\.\\\\*\\\\|a-.*",code=~"5.."})'


@pytest.mark.parametrize(
    "query",
    [
        "up $selector",
        'up{a="$selector"}',
        "up{a=`$selector`}",
        'up{a="\\"$selector"}',
        'up{a="b} $selector',
        "up{$selector} # }",
        "{{$selector}}",
        "up{",
    ],
)
def test_a_selector_stands_in_braces_and_outside_of_strings(query: str) -> None:
    with pytest.raises(UsageError, match="query: expected"):
        with_selector(query, [LabelMatch(label="a", value="b")], {})


def test_a_backslash_in_backticks_ends_nothing() -> None:
    assert marks_of("up{a=`\\`,$selector}") == [9]


@pytest.mark.parametrize(("query", "selector"), [("up", [LabelMatch(label="a", value="b")]), ("up{$selector}", [])])
def test_selector_and_mark_go_together(query: str, selector: list[LabelMatch]) -> None:
    with pytest.raises(UsageError, match="exactly if there is a selector"):
        with_selector(query, selector, {})


def test_then_needs_an_expression() -> None:
    with pytest.raises(UsageError, match="`then`"):
        with_selector("up{$selector}", [LabelMatch(label="a", value="b", then=".*")], {})


def test_a_missing_value_is_no_empty_one() -> None:
    with pytest.raises(UsageError, match="'pod' has no value"):
        with_selector("up{$selector}", [LabelMatch(label="a", value="{{ pod }}")], {})


def test_literals_are_printable_ascii() -> None:
    assert literal("a\n\x00é😀") == '"a\\u000a\\u0000\\u00e9\\U0001f600"'
    assert quoted("a+b|c") == "a\\+b\\|c"
    with pytest.raises(UsageError, match="surrogate"):
        literal("\ud800")
