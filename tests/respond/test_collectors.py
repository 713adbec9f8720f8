"""Collectors in the format of playbooks."""

from __future__ import annotations

import msgspec
import pytest

from aiops.respond.collector_checks import check_collector
from aiops.respond.collectors import Collect, read_kind, source_name, system_of
from aiops.respond.rendering import show

PLAIN = {"kind": "collect", "name": "load", "prometheus": {"query": "up"}}


def test_the_system_is_named_after_its_source_by_default() -> None:
    assert system_of(msgspec.convert(PLAIN, Collect)) == source_name(msgspec.convert(PLAIN, Collect)) == "prometheus"
    assert system_of(msgspec.convert({**PLAIN, "system": "mimir"}, Collect)) == "mimir"
    assert source_name(Collect(name="none")) == ""


SQL = {"dialect": "postgresql", "statement": "select 1"}
LOCKS = {"kind": "collect", "name": "locks", "sql": SQL}


def test_a_database_is_read_by_the_kind_of_its_dialect() -> None:
    locks = msgspec.convert(LOCKS, Collect)
    assert (source_name(locks), read_kind(locks), system_of(locks)) == ("sql", "postgresql", "postgresql")
    assert show(locks, {}).expect == "read from postgresql when the incident opens, if that system is configured"
    by_entity = msgspec.convert({**LOCKS, "entity": "{{ database }}"}, Collect)
    place = "read from the postgresql with the entity {} when the incident opens, if one is configured"
    assert show(by_entity, {"database": "orders-db"}).expect == place.format("orders-db")
    assert show(by_entity, {}).expect == place.format("<database>")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"entity": "a", "system": "b"}, "expected either a system or an entity"),
        ({"sql": {"dialect": "oracle", "statement": "select 1"}}, "'oracle' (use postgresql, sql)"),
        ({"sql": {**SQL, "statement": "select pg_sleep(9)"}}, "expected a statement that only reads; got pg_sleep"),
        ({"sql": {**SQL, "statement": "select :a"}}, "expected a value for :a"),
        ({"sql": {**SQL, "statement": "select 1 -- 2"}}, "got a comment"),
    ],
)  # fmt: skip
def test_lint_reports_what_no_database_would_read(fields: dict[str, object], problem: str) -> None:
    assert not list(check_collector(msgspec.convert(LOCKS, Collect), []))
    found = [text for _, text in check_collector(msgspec.convert({**LOCKS, **fields}, Collect), [])]
    assert any(problem in one for one in found), found


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "https://elsewhere.example"},
        {"prometheus": {"query": "up", "selector": [{"label": 'a"}', "value": "b"}]}},
        {"kubernetes": {"read": "delete"}},
        {"kubernetes": {"read": "object", "resource": "secrets"}},
        {"http": {"path": []}},
        {"http": {"path": ["a"], "method": "POST"}},
        {"sql": {"statement": "select 1", "parameters": {"a b": 1}}},
        {"lookFor": [{"field": "value", "value": 1, "says": "yes", "supports": "a.b.c"}]},
        {"lookFor": [{"field": "value", "value": 1, "says": "yes", "weight": -1}]},
    ],
)
def test_what_no_collector_may_be_is_refused_by_the_format(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**PLAIN, **wrong}, Collect)
