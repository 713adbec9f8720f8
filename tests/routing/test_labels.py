"""The labels that matchers of routes read: of the alert, else of its node in the topology."""

from __future__ import annotations

import pytest

from aiops.errors import UsageError
from aiops.matchers import read_matcher
from aiops.routing.labels import Condition, conditions
from aiops.topology import Node, Topology
from tests.routing.trees import alert

GRAPH = Topology.build(
    [
        Node("db-1", "database", {"team": "storage", "tier": "1"}),
        Node("api", "service", {"owner": "web"}),
        Node("cart", "service", {"owner": "shop", "tier": "2"}),
    ],
    [],
)


def matches(text: str, **labels: object) -> bool:
    return Condition(read_matcher(text), GRAPH).matches(alert(**labels))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('alertname="Down"', True),
        ('name=~"Do.*"', True),
        ('entity="web-1"', True),
        ('workload="web"', True),
        ('service="shop"', True),
        ('source="prometheus"', True),
        ('team="db"', True),
        ('team!="db"', False),
        ('absent=""', True),
        ('absent!="x"', True),
        ('absent=~".+"', False),
    ],
)
def test_fields_and_labels_are_read(text: str, expected: bool) -> None:
    given = {"workload": "web", "service": "shop", "source": "prometheus", "team": "db"}
    assert matches(text, **given) is expected


@pytest.mark.parametrize(
    ("text", "severity", "word", "expected"),
    [
        ('severity="critical"', "critical", None, True),
        ('severity="page"', "critical", None, True),
        ('severity=~"page|ticket"', "critical", None, True),
        ('severity=~"warn.*"', "warning", None, True),
        ('severity!="critical"', "critical", None, False),
        ('severity!~"critical|high"', "high", None, False),
        ('severity!~"critical|high"', "info", None, True),
        ('severity="ticket"', "warning", "ticket", True),
        ('severity="ticket"', "warning", None, False),
        ('severity!="ticket"', "warning", "ticket", False),
        ('severity=~".*"', "ok", None, True),
    ],
)
def test_a_severity_matches_by_level_and_by_the_senders_word(
    text: str, severity: str, word: str | None, expected: bool
) -> None:
    labels = {"severity": word} if word is not None else {}
    one = alert(severity=severity)
    one = type(one)("f", "Down", "web-1", severity=one.severity, labels=labels)
    assert Condition(read_matcher(text), GRAPH).matches(one) is expected


def test_a_word_that_is_no_level_is_reported() -> None:
    assert "no level" in Condition(read_matcher('severity="ticket"'), GRAPH).warning
    assert Condition(read_matcher('severity="page"'), GRAPH).warning == ""


def test_a_service_is_the_field_or_the_senders_label_and_neither_may_be_excluded() -> None:
    one = alert(service="cart")
    one = type(one)("f", "Down", "web-1", "cart", labels={"service": "basket"})
    for text, expected in (("cart", True), ("basket", True), ("other", False)):
        assert Condition(read_matcher(f'service="{text}"'), GRAPH).matches(one) is expected
        assert Condition(read_matcher(f'service!="{text}"'), GRAPH).matches(one) is not expected


def test_what_the_alert_lacks_is_read_from_its_node() -> None:
    assert matches('tier="1"', entity="db-1")
    assert matches('tier="2"', entity="pod-7", workload="cart")
    assert matches('tier="2"', entity="pod-7", service="cart")
    assert not matches('tier="1"', entity="db-1", tier="3"), "the alert's own label counts first"


def test_an_owner_is_the_owner_or_the_team_of_the_alert_then_of_the_node() -> None:
    assert matches('owner="storage"', entity="db-1")
    assert matches('owner="web"', entity="api")
    assert matches('owner="night"', entity="db-1", team="night")
    assert matches('owner="day"', entity="db-1", team="night", owner="day")
    assert not matches('team="web"', entity="api"), "an owner is no team"


def test_a_wrong_matcher_is_refused_with_its_place() -> None:
    with pytest.raises(UsageError, match=r"\$\.route\.matchers\[1\]: "):
        conditions(["a=b", 'a=~"("'], GRAPH, "$.route.matchers")
    with pytest.raises(UsageError, match="at most 32 matchers"):
        conditions([f"label{number}=x" for number in range(33)], GRAPH, "$.route.matchers")
