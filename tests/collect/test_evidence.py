"""What an answer is evidence for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aiops.collect.evidence import Hit, fits, hits_of
from aiops.collect.tables import Row
from aiops.respond.collectors import FindingRule

ROWS: list[Row] = [
    {"pod": ["cart-1"], "restarts": [7.0], "reason": ["OOMKilled", "Completed"]},
    {"pod": ["cart-2"], "restarts": [0.0], "reason": []},
    {"pod": ["cart-3"], "restarts": [9.0], "reason": ["OOMKilled"]},
]


def look(**fields: Any) -> FindingRule:
    return msgspec.convert({"field": "restarts", "op": ">", "value": 3, "says": "it restarts", **fields}, FindingRule)


@pytest.mark.parametrize(
    ("rule", "fitting"),
    [
        ({}, [0, 2]),
        ({"op": ">=", "value": 7}, [0, 2]),
        ({"op": "<", "value": 7}, [1]),
        ({"op": "<=", "value": 7}, [0, 1]),
        ({"op": "=", "value": 7}, [0]),
        ({"op": "!=", "value": 7}, [1, 2]),
        ({"field": "reason", "op": "=", "value": "OOMKilled"}, [0, 2]),
        ({"field": "reason", "op": "!=", "value": "OOMKilled"}, []),
        ({"field": "reason", "op": "=~", "value": "OOM.*"}, [0, 2]),
        ({"field": "reason", "op": "!~", "value": "Comp.*"}, [2]),
        ({"field": "pod", "op": ">", "value": 1}, []),
        ({"field": "none", "op": "=", "value": 1}, []),
    ],
)
def test_rows_that_fit(rule: dict[str, Any], fitting: list[int]) -> None:
    assert [at for at, row in enumerate(ROWS) if fits(look(**rule), row)] == fitting


def test_a_finding_supports_the_first_suspect_or_a_parameter_or_what_the_row_names() -> None:
    says = "{{ row.pod }} of {{ app }} restarted {{ row.restarts }} times"
    rules = [look(says=says), look(supports="host", weight="strong"), look(says=says, supports="row.pod")]
    assert hits_of(rules, ROWS, {"host": "node-1", "app": "cart"}, "cart") == [
        Hit("cart", "cart-1 of cart restarted 7 times", "medium"),
        Hit("node-1", "it restarts", "strong"),
        Hit("cart-1", "cart-1 of cart restarted 7 times", "medium"),
        Hit("cart-3", "cart-3 of cart restarted 9 times", "medium"),
    ]


def test_values_of_an_answer_are_no_templates() -> None:
    """Whoever writes a label would otherwise read the values of parameters, or of other columns."""
    rows: list[Row] = [{"restarts": [9.0], "pod": ["{{ app }} {{ row.restarts }}"]}]
    rules = [look(says="{{ row.pod }} of {{ app }}")]
    [hit] = hits_of(rules, rows, {"app": "{{ row.pod }} {{ secret }}", "secret": "s3cret"}, "cart")
    assert hit.sentence == "{{ app }} {{ row.restarts }} of {{ row.pod }} {{ secret }}"


def test_without_an_entity_or_enough_rows_there_is_none() -> None:
    rules = [look(), look(supports="host"), look(supports="row.reason"), look(supports="row.none")]
    assert hits_of(rules, ROWS[:1], {"host": 7}, "") == []
    assert hits_of([look(atLeast=1)], ROWS, {}, "cart") != []
    assert hits_of([look(atLeast=3)], ROWS, {}, "cart") == []


def test_one_finding_of_two_rules_is_one() -> None:
    assert len(hits_of([look(), look(atLeast=2)], ROWS, {}, "cart")) == 1


@pytest.mark.parametrize("rule", [{"op": ">", "value": 0}, {"op": "=", "value": 1}, {"op": "<=", "value": 1}])
def test_a_truth_value_is_no_number(rule: dict[str, Any]) -> None:
    assert not fits(look(**rule), {"restarts": [True]})
    assert fits(look(op="=", value=True), {"restarts": [True]})


def test_sentences_and_findings_are_bounded() -> None:
    rows: list[Row] = [{"restarts": [9.0], "pod": [f"pod-{n}" + "x" * 500]} for n in range(50)]
    found = hits_of([look(says="{{ row.pod }}" * 10, supports="row.pod")], rows, {}, "")
    assert len(found) == 5
    assert max(len(one.sentence) for one in found) <= 300
