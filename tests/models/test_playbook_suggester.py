"""Suggestions: what fits comes first with reasons that add up, and nothing comes where nothing fits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiops_models.playbooks import PlaybookSuggester
from aiops_models.playbooks import suggester as suggesting
from aiops_models.playbooks.base_rates import MAX_INCIDENTS, Usual
from aiops_models.playbooks.library import Library, SuggesterOptions
from aiops_models.playbooks.outcomes import MAX_ARMS, MAX_DECISIONS, Outcomes

from aiops.errors import UsageError
from aiops.ports import AlertFact, IncidentView, Stateful, Suggester
from aiops.records import Cause, Change
from aiops.respond.catalogue import read_catalogue, shipped
from aiops.respond.matching import fit, hit
from aiops.respond.situation import situation
from aiops.testing.playbooks import check_suggester
from aiops.topology import Edge, Node, Topology

TOPOLOGY = Topology.build(
    [Node("cart"), Node("cart-1", "pod"), Node("web-1", "host"), Node("orders-db", "database")],
    [Edge("cart-1", "cart", "part_of"), Edge("cart-1", "web-1", "runs_on"), Edge("cart", "orders-db", "uses")],
)


def _view(*facts: tuple[str, str], cause: str | None = None, incident: str = "i1", **more: Any) -> IncidentView:
    made = [AlertFact(entity, name, 3, 1, float(i), float(i), **more) for i, (entity, name) in enumerate(facts)]
    return IncidentView(incident, 0.0, made, severity=3, causes=[Cause(cause, confidence="medium")] if cause else [])


@pytest.fixture
def suggester() -> PlaybookSuggester:
    return PlaybookSuggester(TOPOLOGY)


def test_it_is_what_the_ports_ask_for(suggester: PlaybookSuggester) -> None:
    assert isinstance(suggester, Suggester)
    assert isinstance(suggester, Stateful)
    assert suggester.problems == []


@pytest.mark.parametrize(
    ("facts", "cause", "first"),
    [
        ([("cart-1", "KubePodCrashLooping")], "cart-1", "pod-crash-loop"),
        ([("web-1", "NodeFilesystemSpaceFillingUp"), ("cart", "HighErrorRate")], "web-1", "host-disk-full"),
        (
            [("cart", "HighRequestLatency"), ("orders-db", "PostgresqlTooManyConnections")],
            "orders-db",
            "database-connections-exhausted",
        ),
        ([("kafka", "KafkaConsumersGroupLag")], None, "kafka-consumer-lag"),
        ([("shop.example", "SSLCertExpiringSoon")], None, "certificate-expiring"),
    ],
)
def test_the_right_one_first(
    suggester: PlaybookSuggester, facts: list[tuple[str, str]], cause: str | None, first: str
) -> None:
    found = suggester.suggest(_view(*facts, cause=cause))
    assert found[0].name == first
    assert len(found) <= 5
    for one in found:
        assert one.score == pytest.approx(sum(evidence.value for evidence in one.evidence), abs=1e-9)
        assert all(evidence.text for evidence in one.evidence)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


@pytest.mark.parametrize("name", ["Watchdog", "InfoInhibitor", "TeapotTooHot", "x" * 1024, "\u202e\x00"])
def test_nothing_fits_nothing_is_said(suggester: PlaybookSuggester, name: str) -> None:
    assert suggester.suggest(_view(("cart", name))) == []


def test_no_alerts_no_suggestions(suggester: PlaybookSuggester) -> None:
    assert suggester.suggest(IncidentView("i", 0.0, [])) == []


def test_a_deploy_on_the_cause_suggests_going_back(suggester: PlaybookSuggester) -> None:
    view = _view(("cart", "HighErrorRate"), cause="cart")
    assert "bad-deploy-rollback" not in [one.name for one in suggester.suggest(view)]
    view.changes = [Change(ts=0, entity="cart", name="deploy")]
    assert suggester.suggest(view)[0].name == "bad-deploy-rollback"


def test_the_suspected_cause_decides_between_two(suggester: PlaybookSuggester) -> None:
    facts = [("cart-1", "KubePodCrashLooping"), ("web-1", "HostHighCpuLoad")]
    assert suggester.suggest(_view(*facts, cause="cart-1"))[0].name == "pod-crash-loop"
    assert suggester.suggest(_view(*facts, cause="web-1"))[0].name == "host-cpu-saturated"


def test_links_are_shown_as_text_and_only_if_they_are_links(suggester: PlaybookSuggester) -> None:
    link = "https://runbooks.example/teapot"
    found = suggester.suggest(_view(("cart", "TeapotTooHot"), labels={"runbook_url": link}))
    assert [one.name for one in found] == ["runbook-of-the-alert"]
    found = suggester.suggest(_view(("cart", "TeapotTooHot"), annotations={"runbook": link}))
    assert [one.name for one in found] == ["runbook-of-the-alert"]
    assert link in found[0].evidence[0].text
    for bad in (
        "javascript:alert(1)",
        "https://x y",
        "file:///etc/passwd",
        "https://a/\x1b[2J",
        "https://" + "a" * 600,
    ):
        assert suggester.suggest(_view(("cart", "TeapotTooHot"), labels={"runbook_url": bad})) == []


def test_runbooks_by_name_then_by_text(tmp_path: Path) -> None:
    (tmp_path / "TeapotTooHot.md").write_text("# TeapotTooHot\n## Meaning\nThe teapot boils over and whistles.\n")
    (tmp_path / "Other.md").write_text("# Other\n## Meaning\nSprockets misaligned in the gearbox assembly.\n")
    suggester = PlaybookSuggester(Topology(), {"runbooks": str(tmp_path)})
    assert suggester.suggest(_view(("a", "teapot_too_hot")))[0].name == "runbook/TeapotTooHot"
    found = suggester.suggest(_view(("a", "Kettle"), message="sprockets of the gearbox are misaligned"))
    assert [one.name for one in found] == ["runbook/Other"]
    assert suggester.suggest(_view(("a", "Weather"), message="it rains")) == []


def test_options_that_do_not_exist_are_told() -> None:
    with pytest.raises(UsageError, match=r"unknown option 'playbook' \(use playbooks, runbooks, rules\)"):
        PlaybookSuggester(Topology(), {"playbook": "x"})
    with pytest.raises(UsageError, match="expected a folder"):
        PlaybookSuggester(Topology(), {"runbooks": "no-such-folder"})


def test_own_playbooks_replace_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("nonsense")
    suggester = PlaybookSuggester(Topology(), {"playbooks": [str(tmp_path)]})
    assert len(suggester.problems) == 1
    assert suggester.suggest(_view(("cart-1", "KubePodCrashLooping"))) == []


def test_what_helped_comes_first_and_what_did_not_last() -> None:
    suggester = PlaybookSuggester(TOPOLOGY)
    facts = [("cart", "HighErrorRate"), ("cart", "HighRequestLatency")]
    before = [one.name for one in suggester.suggest(_view(*facts, cause="cart"))]
    assert set(before) >= {"service-error-rate", "service-latency-high"}
    worse, better = before[0], before[1]
    for number in range(12):
        view = _view(*facts, cause="cart", incident=f"past{number}")
        suggester.suggest(view)
        suggester.learn(view, better, "resolved")
        suggester.learn(view, worse, "useless")
    firsts = [suggester.suggest(_view(*facts, cause="cart", incident=f"new{n}"))[0].name for n in range(20)]
    assert firsts.count(better) >= 18
    terms = {evidence.name: evidence for evidence in suggester.suggest(_view(*facts, cause="cart"))[0].evidence}
    assert terms["outcomes"].value > 0
    assert "probability" in terms["exploration"].text


def test_propensities_are_logged_and_sum_to_one() -> None:
    suggester = PlaybookSuggester(TOPOLOGY)
    view = _view(("cart", "HighErrorRate"), ("cart", "HighRequestLatency"), cause="cart", incident="a")
    suggester.learn(view, "service-error-rate", "helped")
    found = suggester.suggest(view)
    decision = suggester.outcomes.decisions["a"]
    assert decision["first"] == found[0].name
    assert {one.name: one.propensity for one in found} == decision["propensities"]
    assert sum(decision["propensities"].values()) == pytest.approx(1.0, abs=0.01)
    assert all(0 < chance < 1 for chance in decision["propensities"].values())


def test_state_comes_back_from_a_snapshot() -> None:
    one, other = PlaybookSuggester(TOPOLOGY), PlaybookSuggester(TOPOLOGY)
    facts = [("cart", "HighErrorRate"), ("cart", "HighRequestLatency")]
    for number in range(15):
        view = _view(*facts, cause="cart", incident=f"i{number}")
        one.suggest(view)
        one.learn(view, "service-latency-high", "resolved")
    other.load(msgspec.json.decode(msgspec.json.encode(one.dump())))
    assert msgspec.json.encode(other.dump()) == msgspec.json.encode(one.dump())
    view = _view(*facts, cause="cart", incident="next")
    assert other.suggest(view) == one.suggest(view)


def test_an_unknown_outcome_or_playbook_does_no_harm(suggester: PlaybookSuggester) -> None:
    view = _view(("cart-1", "KubePodCrashLooping"))
    before = suggester.suggest(view)
    suggester.learn(view, "pod-crash-loop", "sideways")
    suggester.learn(view, "no-such-playbook", "resolved")
    assert suggester.suggest(view) == before


def test_it_passes_the_kit_for_suggesters() -> None:
    check_suggester(lambda: PlaybookSuggester(TOPOLOGY))


def test_memory_is_bounded() -> None:
    outcomes, usual = Outcomes(), Usual()
    for number in range(MAX_ARMS + 50):
        outcomes.learn(f"p{number % 400}", f"alert{number}", "helped")
        outcomes.record(f"i{number}", "a", {"p": 1.0}, "p")
        usual.see(f"i{number}", ["p"])
    state = outcomes.dump()
    assert len(state["arms"]) == MAX_ARMS
    assert len(state["decisions"]) == MAX_DECISIONS
    assert len(usual.dump()["counted"]) == MAX_INCIDENTS


def test_what_fits_every_incident_counts_less() -> None:
    usual = Usual()
    for number in range(50):
        usual.see(f"i{number}", ["always"] + (["rare"] if number == 0 else []))
        usual.see(f"i{number}", ["always"])
    assert usual.rarity("always")[0] < 0.05
    assert usual.rarity("rare")[0] == 1.0
    assert usual.rarity("always")[1] == "it fitted 50 of 50 incidents"


def test_hash_seeds_do_not_reach_the_output() -> None:
    code = """
import msgspec
from aiops.ports import AlertFact, IncidentView
from aiops.records import Cause
from aiops.topology import Topology
from aiops_models.playbooks import PlaybookSuggester
from aiops_models.playbooks import suggester as suggesting
s = PlaybookSuggester(Topology())
names = ["KubePodCrashLooping", "HighErrorRate", "HostHighCpuLoad", "RedisDown", "KafkaConsumerLag", "PostgresqlDown"]
for n in range(15):
    facts = [AlertFact(f"e{k}", a, 3, 1, 0.0, 0.0) for k, a in enumerate(names)]
    v = IncidentView(f"i{n}", 0.0, facts, severity=3, causes=[Cause("e1")])
    out = s.suggest(v)
    s.learn(v, out[n % len(out)].name, ("resolved", "helped", "useless")[n % 3])
print(msgspec.json.encode([out, s.dump()]).decode())
"""
    outputs = set()
    for seed in ("0", "1", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed},
            timeout=300,
            check=True,
        )
        json.loads(done.stdout)
        outputs.add(done.stdout)
    assert len(outputs) == 1


def test_the_index_finds_what_asking_every_playbook_finds() -> None:
    """Every alert of every playbook's tests, alone and with a message of another one."""
    catalogue = read_catalogue([shipped()])
    library = Library(SuggesterOptions())
    alerts = [alert for book in catalogue.playbooks.values() for trial in book.tests for alert in trial.incident.alerts]
    messages = [alert.message for alert in alerts if alert.message]
    for number, alert in enumerate(alerts):
        for message in (alert.message, messages[number % len(messages)]):
            fact = AlertFact(alert.entity, alert.name, 3, 1, 0.0, 0.0, source=alert.source, message=message)
            seen = situation(IncidentView("i", 0.0, [fact]), Topology()).seen
            asked = {index: mask for index, one in enumerate(library.compiled) if (mask := hit(one, seen[0]))}
            assert {index: found[0][1] for index, found in library.hits(seen, False).items()} == asked


def test_few_playbooks_are_looked_at(suggester: PlaybookSuggester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look takes time; the index leaves only those whose words occur. A suggestion costs a millisecond so."""
    looked: list[int] = []

    def counted(*asked: Any) -> Any:
        looked.append(1)
        return fit(*asked)

    monkeypatch.setattr(suggesting, "fit", counted)
    names = ["KubePodCrashLooping", "HighErrorRate", "HostHighCpuLoad", "RedisDown", "KubeDeploymentReplicasMismatch"]
    suggester.suggest(_view(*[(f"e{k}", name) for k, name in enumerate(names)], cause="e1", message="a message"))
    assert 0 < len(looked) <= 20
    assert len(Library(SuggesterOptions()).compiled) > 50
