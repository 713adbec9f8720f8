"""Rule packs: data, switchable, told apart, and silent elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiops_models.causes import CauseRanker
from aiops_models.causes.rules import load_packs, shipped_packs

from aiops.errors import UsageError
from aiops.ports import AlertFact, IncidentView
from aiops.records import Cause
from aiops.topology import Node, Topology

TOPOLOGY = Topology.build([Node("cart"), Node("web"), Node("node/cp-master", "node")], [])
NONE: dict[str, list[str]] = {"rules": []}


def fact(entity: str, name: str, message: str, **labels: str) -> AlertFact:
    return AlertFact(entity, name, 2, 1, 0.0, 0.0, service="cart", message=message, labels=labels)


def causes(*facts: AlertFact, options: dict[str, list[str]] | None = None) -> list[Cause]:
    return CauseRanker(TOPOLOGY, options).rank(IncidentView("i", 0.0, list(facts)))


REFUSED = fact(
    "replicasets/cart-1", "FailedCreate", 'pods "cart-1" is forbidden: exceeded quota: cpu', namespace="shop"
)
PENDING = fact("pods/cart-1-x", "KubePodNotReady", "Pod cart-1-x is Pending, 0/1 containers ready")


def test_quota_speaks_against_the_namespace() -> None:
    first = causes(REFUSED)[0]
    assert first.entity == "namespace/shop"
    assert [each.name for each in first.evidence] == ["kubernetes/quota"]
    assert "quota" in first.evidence[0].text


def test_rule_needs_both_name_and_message() -> None:
    other = fact("replicasets/cart-1", "FailedCreate", "no nodes are available", namespace="shop")
    assert all(cause.entity != "namespace/shop" for cause in causes(other))
    twice = causes(REFUSED, fact("cart", "FailedCreate", "no nodes are available", namespace="till"))
    assert [cause.entity for cause in twice if cause.entity.startswith("namespace/")] == ["namespace/shop"]


def test_memory_is_not_asked_where_a_rule_fires() -> None:
    view = IncidentView("now", 0.0, [REFUSED])
    same = []
    for options in (None, NONE):
        ranker = CauseRanker(TOPOLOGY, options)
        before = ranker.rank(view)
        for number in range(8):
            ranker._memory.add(f"i{number}", ["cart"], [("cart", "failed create"), ("web", "slow")])
        same.append(ranker.rank(view) == before)
    assert same == [True, False]


def test_packs_can_be_switched_off() -> None:
    assert causes(REFUSED, options=NONE)[0].entity == "cart"


def test_quota_without_a_namespace_names_nobody_new() -> None:
    assert causes(fact("cart", "FailedCreate", "exceeded quota"))[0].entity == "cart"


def test_pending_without_a_reason_speaks_against_the_control_plane() -> None:
    assert causes(PENDING)[0].entity == "node/cp-master"


def test_pending_with_a_reason_does_not() -> None:
    explained = causes(PENDING, fact("pods/cart-1-x", "FailedScheduling", "0/4 nodes are available"))
    assert explained == causes(
        PENDING, fact("pods/cart-1-x", "FailedScheduling", "0/4 nodes are available"), options=NONE
    )


def test_own_pack_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\nsummary: s\nrules:\n- name: n\n  text: the tape is full\n  when: {name: [tape]}\n"
        "  blame: {words: [web]}\n  weight: 5\n"
    )
    first = causes(fact("cart", "TapeFull", "x"), options={"rules": [str(path)]})[0]
    assert (first.entity, first.evidence[0].name) == ("web", "mine/n")


@pytest.mark.parametrize("text", ["name: [", "name: a\nsummary: b\nrules: [{name: c}]", "nothing: here"])
def test_bad_pack_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"bad\.yaml"):
        load_packs([str(path)])


def test_unknown_pack_lists_what_there_is() -> None:
    with pytest.raises(UsageError, match="kubernetes"):
        load_packs(["nomad"])


def test_unknown_option_is_told() -> None:
    with pytest.raises(UsageError, match="lexikon"):
        CauseRanker(TOPOLOGY, {"lexikon": "x"})


def test_shipped_packs_load() -> None:
    assert [pack.name for pack in load_packs(shipped_packs())] == shipped_packs()
