"""Values that a tool should have replaced: never a name, an entity or a key; and real names that look like them."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.mapping.mapping import load_mapping
from aiops_connectors.mapping.placeholders import Placeholder, is_nothing
from aiops_connectors.workbench.samples import NOW

from aiops.errors import UsageError
from aiops.records import Alert

UNFILLED = [
    *("{{Name}}", "{{ .Labels.host }}", "{{#is_alert}}{{host}}{{/is_alert}}", "{HOST.NAME}", "{$MACRO}", "{name}"),
    *("$SERVICE$", "$result.host$", "$SERVICE", "%host%", "%sensor name%", "${x}", "#{host}", "<%= host %>"),
    *("*UNKNOWN*", "<no value>", "[no value]", "<nil>"),
]
REAL = [
    *("{availability-zone:a}", "{host:web-1,env:prod}", "[prod] api", "$5 plan", "100 % of {disk}", "{{a}} is down"),
    *("#ops", "*.example.org", "<host>", "%", "$", "{", "{}", "[]", "{1}", "$x", "web-{blue}"),
]


@pytest.mark.parametrize("value", UNFILLED)
def test_a_placeholder_is_known(value: str) -> None:
    assert Placeholder().occurs(value)


@pytest.mark.parametrize("value", REAL)
def test_a_real_name_is_none(value: str) -> None:
    assert not Placeholder().occurs(value)


def test_a_mapping_adds_its_own() -> None:
    find = Placeholder("^@@").occurs
    assert find("@@host")
    assert find("{{host}}")
    with pytest.raises(UsageError):
        Placeholder("(")


@pytest.mark.parametrize(("value", "expected"), [("N/A", True), ("NULL", True), ("unknown", True), ("none-1", False)])
def test_words_for_nothing(value: str, expected: bool) -> None:
    assert is_nothing(value) is expected


@pytest.mark.parametrize("value", [*UNFILLED, "N/A", "null", "undefined"])
def test_what_is_unfilled_is_no_entity(value: str) -> None:
    payload: dict[str, Any] = {"title": "Down", "host": value, "service": value, "status": "down", "dedup_key": value}
    [alert], _ = load_mapping("webhook").apply(payload, {}, None, NOW)
    assert isinstance(alert, Alert)
    assert (alert.entity, alert.service, alert.key) == (None, None, None)


@pytest.mark.parametrize("value", UNFILLED)
def test_an_alert_without_a_real_name_is_refused_with_the_reason(value: str) -> None:
    records, [problem] = load_mapping("alertmanager").apply(
        {"alerts": [{"status": "firing", "labels": {"alertname": value}}]}, {}, None, NOW
    )
    assert not records
    assert "which the tool should have replaced" in problem.reason
