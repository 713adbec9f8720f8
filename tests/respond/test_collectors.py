"""Collectors in the format of playbooks."""

from __future__ import annotations

import msgspec
import pytest

from aiops.respond.collectors import Collect, source_name, system_of

PLAIN = {"kind": "collect", "name": "load", "prometheus": {"query": "up"}}


def test_the_system_is_named_after_its_source_by_default() -> None:
    assert system_of(msgspec.convert(PLAIN, Collect)) == source_name(msgspec.convert(PLAIN, Collect)) == "prometheus"
    assert system_of(msgspec.convert({**PLAIN, "system": "mimir"}, Collect)) == "mimir"
    assert source_name(Collect(name="none")) == ""


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
