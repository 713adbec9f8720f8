"""Constructs of the mapping language: JSON in text, rules that continue, tests of a channel, unfilled placeholders."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from aiops_connectors.mapping.expressions import Scope, compile_path
from aiops_connectors.mapping.mapping import Mapping, MappingFile
from aiops_connectors.workbench.samples import NOW

from aiops.records import Alert


def mapping(rules: list[dict[str, Any]], **more: Any) -> Mapping:
    file = {"apiVersion": "aiops/v1", "kind": "Mapping", "name": "own", "summary": "own", "rules": rules, **more}
    return Mapping(msgspec.convert(file, type=MappingFile))


def alerts(made: Mapping, payload: Any) -> list[Alert]:
    records, problems = made.apply(payload, {}, None, NOW)
    assert not problems
    return [record for record in records if isinstance(record, Alert)]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("text[json].a", 1),
        ("object[json].a", 1),
        ("list[json][0].a", 2),
        ("list[json][*].a", [2, 3]),
        ("plain[json].a", None),
        ("broken[json]", '{"a":'),
        ("none[json].a", None),
        ("$.text[json].a", 1),
    ],
)
def test_json_in_a_text_is_read_by_a_path(path: str, expected: Any) -> None:
    item = {"text": '{"a": 1}', "object": {"a": 1}, "list": '[{"a": 2}, {"a": 3}]', "plain": "x", "broken": '{"a":'}
    assert compile_path(path)(Scope(item, item, {}, None)) == expected


def test_rules_after_one_that_continues_apply_too() -> None:
    made = mapping(
        [
            {"when": [{"path": "new", "present": True}], "continue": True, "items": "new", "name": "n"},
            {
                "when": [{"path": "over", "present": True}],
                "continue": True,
                "items": "over",
                "name": "n",
                "status": {"value": "resolved"},
            },
        ]
    )
    got = alerts(made, {"new": [{"n": "a"}], "over": [{"n": "b"}]})
    assert [(one.name, one.status) for one in got] == [("a", "firing"), ("b", "resolved")]
    records, problems = made.apply({"other": 1}, {}, None, NOW)
    assert not records
    assert "no form of payload" in problems[0].reason


def test_a_list_in_an_envelope_is_one_payload_each() -> None:
    made = mapping([{"when": [{"path": "in", "present": True}], "again": "in"}, {"name": "n"}])
    assert [one.name for one in alerts(made, {"in": '[{"n": "a"}, {"n": "b"}]'})] == ["a", "b"]


def test_a_test_is_shown_and_pages_nobody() -> None:
    (got,) = alerts(mapping([{"name": "n", "key": "k", "status": "s"}]), {"n": "a", "k": "7", "s": "test"})
    assert (got.name, got.key, got.status, got.severity) == ("a (test)", "7 (test)", "firing", "info")
    assert got.ends_at is not None
    assert got.ends_at > NOW


@pytest.mark.parametrize(("stated", "status"), [({}, "resolved"), ({"s": "firing"}, "firing")])
def test_a_default_state_gives_way_to_an_end_in_the_past(stated: dict[str, str], status: str) -> None:
    made = mapping([{"name": "n", "status": {"path": "s", "default": "firing"}, "ends_at": "e"}])
    (got,) = alerts(made, {"n": "a", "e": NOW - 60, **stated})
    assert got.status == status


def test_an_unfilled_alternative_counts_as_empty() -> None:
    rule = {
        "name": ["title", "rule"],
        "entity": {"first": ["host", "node"]},
        "message": {"join": ["text", "rule"], "with": " "},
        "labels": {"copy": ["labels"], "tags": ["tags"], "set": {"team": ["team", "owner"]}},
    }
    payload = {
        "title": "$TITLE",
        "rule": "cpu",
        "host": "$HOST",
        "node": "db-1",
        "text": "$TEXT",
        "labels": {"env": "prod", "zone": "$ZONE"},
        "tags": ["shard:$SHARD", "tier:web"],
        "team": "$TEAM",
        "owner": "dba",
    }
    (got,) = alerts(mapping([rule], placeholder=r"^\$[A-Z_]+$"), payload)
    assert (got.name, got.entity, got.message) == ("cpu", "db-1", "cpu")
    assert got.labels == {"env": "prod", "tier": "web", "team": "dba"}
