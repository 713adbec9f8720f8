"""Inhibition rules: which alert is a source, which one a target, and what they must share."""

from __future__ import annotations

import pytest

from aiops.errors import UsageError
from aiops.routing.config import InhibitRule
from aiops.routing.rules import read_rules
from aiops.topology import Node, Topology
from tests.routing.trees import alert

RULE = InhibitRule(['alertname="NodeDown"'], ['severity=~"warning|info"'], ["node"], "node-down")


def test_a_rule_tells_sources_from_targets_and_reads_what_they_share() -> None:
    (rule,) = read_rules([RULE], Topology())
    source, target = alert("NodeDown", node="n1"), alert("PodDown", "warning", node="n1")
    assert rule.is_source(source)
    assert not rule.is_target(source)
    assert rule.is_target(target)
    assert not rule.is_source(target)
    assert rule.equal(source) == rule.equal(target) == ("n1",)
    assert rule.equal(alert()) == ("",), "an absent label is the empty text"


def test_labels_that_must_be_equal_are_read_from_the_topology_too() -> None:
    graph = Topology.build([Node("pod-1", "pod", {"node": "n1"})], [])
    (rule,) = read_rules([RULE], graph)
    assert rule.equal(alert(entity="pod-1")) == ("n1",)


def test_a_rule_without_a_name_is_named_by_its_place() -> None:
    first, second = read_rules([RULE, InhibitRule(["a=b"], ["c=d"])], Topology())
    assert (first.name, second.name) == ("node-down", "rule 2")


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        (InhibitRule([], ["a=b"]), r"\$\.inhibit_rules\[0\]\.source_matchers: expected at least one"),
        (InhibitRule(["a=b"], []), r"\$\.inhibit_rules\[0\]\.target_matchers: expected at least one"),
        (InhibitRule(['a=~"("'], ["a=b"]), r"\$\.inhibit_rules\[0\]\.source_matchers\[0\]: "),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(rule: InhibitRule, place: str) -> None:
    with pytest.raises(UsageError, match=place):
        read_rules([rule], Topology())
