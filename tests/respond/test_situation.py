"""Situations: what of an incident a playbook sees, within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.ports import AlertFact, IncidentView
from aiops.records import Cause, Change
from aiops.respond.situation import (
    CHANGE_AFTER_S,
    CHANGE_BEFORE_S,
    MAX_FACTS,
    MAX_FACTS_A_NAME,
    MAX_MESSAGE,
    same_kind,
    severity_label,
    situation,
)
from aiops.topology import Edge, Node, Topology

AT = 1_700_000_000.0
TOPOLOGY = Topology.build(
    [Node("shop"), Node("web-1", "VM"), Node("web-2", "unknown")],
    [Edge("web-1", "shop", "part_of"), Edge("web-2", "shop", "part_of")],
)


def fact(entity: str, name: str = "A", severity: int = 3, message: str | None = None) -> AlertFact:
    return AlertFact(entity, name, severity, 1, AT, AT, message=message)


def view(*facts: AlertFact, cause: str | None = "web-1", changes: list[Change] | None = None) -> IncidentView:
    causes = [Cause(cause, confidence="high"), Cause("second"), Cause("third"), Cause("fourth")] if cause else []
    return IncidentView("i1", AT, list(facts), changes or [], severity=3, causes=causes)


def test_cause_brings_its_kind_service_and_classes() -> None:
    now = situation(view(fact("web-1", "HostHighCpuLoad"), fact("db", "HighErrorRate")), TOPOLOGY)
    assert (now.incident, now.severity, now.opened_at) == ("i1", 3, AT)
    assert (now.cause, now.kind, now.service, now.confidence) == ("web-1", "host", "shop", "high")
    assert now.runners_up == ("second", "third")
    assert now.classes == {"resource"}


@pytest.mark.parametrize("cause", ["web-2", "nobody-knows"])
def test_kind_that_nobody_knows_is_none(cause: str) -> None:
    assert situation(view(fact(cause), cause=cause), TOPOLOGY).kind is None


def test_incident_without_a_suspect_has_no_cause() -> None:
    now = situation(view(fact("web-1"), cause=None, changes=[Change(ts=AT, entity="web-1", name="deploy")]), TOPOLOGY)
    assert (now.cause, now.kind, now.service, now.confidence, now.changes) == (None, None, None, None, ())


@pytest.mark.parametrize(
    ("before_s", "counts"),
    [
        (CHANGE_BEFORE_S, True),
        (CHANGE_BEFORE_S + 1, False),
        (0.0, True),
        (-CHANGE_AFTER_S, True),
        (-CHANGE_AFTER_S - 1, False),
    ],
)
def test_change_counts_within_its_window(before_s: float, counts: bool) -> None:
    now = situation(view(fact("web-1"), changes=[Change(ts=AT - before_s, entity="web-1", name="Deploy")]), TOPOLOGY)
    assert now.changes == ((("deploy", max(0.0, before_s)),) if counts else ())


def test_changes_on_the_cause_and_its_service_come_youngest_first() -> None:
    changes = [
        Change(ts=AT - 900, entity="shop", name="Config"),
        Change(ts=AT - 600, entity="web-1", name="deploy"),
        Change(ts=AT - 60, entity="web-1", name="DEPLOY"),
        Change(ts=AT - 10, entity="elsewhere", name="restart"),
    ]
    assert situation(view(fact("web-1"), changes=changes), TOPOLOGY).changes == (("deploy", 60.0), ("config", 900.0))


def test_change_of_the_service_counts_by_its_kind_as_well() -> None:
    change = Change(ts=AT - 60, entity="web", name="sync Succeeded", service="shop", labels={"kind": "Deploy"})
    elsewhere = Change(ts=AT - 60, entity="other", name="config")
    now = situation(view(fact("web-1"), changes=[change, elsewhere]), TOPOLOGY)
    assert now.changes == (("deploy", 60.0), ("sync succeeded", 60.0))
    alone = situation(view(fact("nobody"), cause="nobody", changes=[elsewhere]), TOPOLOGY)
    assert alone.changes == ()


def test_few_alerts_are_all_seen_in_their_order() -> None:
    facts = [fact(f"e{number}", severity=number % 5) for number in range(MAX_FACTS_A_NAME)]
    assert [one.fact for one in situation(view(*facts), TOPOLOGY).seen] == facts


def test_many_alerts_are_seen_in_part_the_cause_and_the_most_severe_first() -> None:
    facts = [fact(f"e{number}", f"A{number % 20}", number % 5) for number in range(2_000)]
    facts.append(fact("web-1", "Last", 0))
    seen = [one.fact for one in situation(view(*facts), TOPOLOGY).seen]
    assert len(seen) == MAX_FACTS
    assert seen[0].name == "Last"
    severities = [one.severity for one in seen[1:]]
    assert severities == sorted(severities, reverse=True)


@given(
    st.lists(st.tuples(st.integers(-3, 9), st.sampled_from("abc"), st.sampled_from(["x", "y", "web-1"])), max_size=80)
)
def test_seen_alerts_are_bounded_by_name_and_in_all(given_facts: list[tuple[int, str, str]]) -> None:
    """Severities off the scale, too: a plugin may have made them."""
    seen = situation(view(*[fact(entity, name, level) for level, name, entity in given_facts]), TOPOLOGY).seen
    assert len(seen) <= MAX_FACTS
    if len(given_facts) > MAX_FACTS_A_NAME:
        names = [one.fact.name for one in seen]
        assert all(names.count(name) <= MAX_FACTS_A_NAME for name in "abc")
        assert {name for _, name, _ in given_facts} == set(names)


def test_text_is_the_words_and_the_beginning_of_the_message_in_lower_case() -> None:
    [seen] = situation(view(fact("web-1", "DiskFull", message="No SPACE left " + "x" * 9_999)), TOPOLOGY).seen
    assert seen.words == "disk full"
    assert seen.text.startswith("disk full no space left x")
    assert len(seen.text) == len("disk full ") + MAX_MESSAGE
    [bare] = situation(view(fact("web-1", "DiskFull")), TOPOLOGY).seen
    assert bare.text == "disk full"


@pytest.mark.parametrize(
    ("kind", "same"), [(" Node ", "host"), ("VM", "host"), ("db", "database"), ("Topic", "queue"), ("Lambda", "lambda")]
)
def test_kinds_that_mean_the_same_have_one_word(kind: str, same: str) -> None:
    assert same_kind(kind) == same


@pytest.mark.parametrize(("level", "word"), [(-7, "ok"), (0, "ok"), (2, "warning"), (4, "critical"), (99, "critical")])
def test_severity_label_is_cut_to_the_scale(level: int, word: str) -> None:
    assert severity_label(level) == word


def test_alerts_on_replicas_of_a_suspected_workload_are_on_the_cause() -> None:
    pods = [fact(f"pod/cart-{letter}x7k2", "HostHighCpuLoad", severity=1) for letter in "bcd"]
    for one in pods:
        one.workload = "cart"
    others = [fact(f"db-{number}", "HostHighCpuLoad") for number in range(MAX_FACTS_A_NAME)]
    now = situation(view(*others, *pods, fact("db", "HighErrorRate"), cause="cart"), TOPOLOGY)
    assert [now.is_on_cause(seen.fact) for seen in now.seen[:4]] == [True, True, True, False]
    assert now.classes == {"resource"}


def test_service_of_the_topology_is_no_workload_and_keeps_its_replicas_apart() -> None:
    one = fact("web-1")
    one.workload = "shop"
    now = situation(view(one, cause="shop"), TOPOLOGY)
    assert not now.is_on_cause(one)
    assert now.workload is None
