"""The target of a playbook is the entity that fits: of its kind, and where its alerts fire."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aiops_models.playbooks import PlaybookSuggester

from aiops.ports import AlertFact, IncidentView
from aiops.records import Cause
from aiops.respond.catalogue import read_catalogue, shipped
from aiops.respond.filled import fill_in
from aiops.respond.matching import Fit, compile_match
from aiops.respond.situation import Seen, Situation
from aiops.respond.targets import LOCAL_KINDS, leading, subject_of, target_of
from aiops.topology import Edge, Node, Topology

SHOP = Topology.build(
    [
        Node("checkout"),
        Node("frontend"),
        Node("search-api"),
        Node("orders-db", "database"),
        Node("session-cache", "cache"),
        Node("jobs", "queue"),
        Node("checkout-1", "pod"),
        Node("worker-2", "node"),
        Node("worker-3", "node"),
    ],
    [
        Edge("frontend", "checkout", "calls"),
        Edge("checkout", "orders-db", "uses"),
        Edge("checkout", "session-cache", "uses"),
        Edge("checkout-1", "checkout", "part_of"),
        Edge("checkout-1", "worker-2", "runs_on"),
        Edge("orders-db", "worker-3", "runs_on"),
    ],
)
BARE = Topology.build([Node("checkout"), Node("postgres"), Node("vm-7", "host")], [])


def view(*facts: tuple[str, str], cause: str | None = None) -> IncidentView:
    made = [AlertFact(entity, name, 3, 1, float(i), float(i)) for i, (entity, name) in enumerate(facts)]
    return IncidentView("i1", 0.0, made, severity=3, causes=[Cause(cause, confidence="medium")] if cause else [])


def target(name: str, seen: IncidentView, topology: Topology = SHOP) -> str | None:
    """The target that the suggester states, which is the one that the page's commands are filled in for."""
    [one] = [each for each in PlaybookSuggester(topology).suggest(seen) if each.name == name]
    playbook = read_catalogue([shipped() / f"{name}.yaml"]).playbooks[name]
    assert fill_in(playbook, seen, topology).target == one.target
    return one.target


@pytest.mark.parametrize(
    ("playbook", "alert", "cause", "expected"),
    [
        # The database alerts, and a web service or a node is suspected.
        ("database-down", ("orders-db", "PostgresqlDown"), "checkout", "orders-db"),
        ("database-down", ("orders-db", "PostgresqlDown"), "worker-3", "orders-db"),
        # Its alert is known under the service that uses it, or the node that it runs on.
        ("database-down", ("checkout", "PostgresqlDown"), "checkout", "orders-db"),
        ("database-down", ("worker-3", "PostgresqlDown"), "worker-3", "orders-db"),
        # A web service is suspected first, and the evidence is on the database of another one.
        ("database-deadlocks", ("orders-db", "PostgresDeadlocksDetected"), "search-api", "orders-db"),
        ("database-deadlocks", ("search-api", "DeadlocksDetected"), "search-api", None),
        # No database is beside: none is named.
        ("database-down", ("frontend", "PostgresqlDown"), "frontend", None),
        ("database-down", ("worker-2", "PostgresqlDown"), "worker-2", None),
        # An entity that the topology does not know may be one.
        ("database-down", ("pg-0", "PostgresqlDown"), "checkout", "pg-0"),
        ("redis-down", ("checkout", "RedisDown"), "checkout", "session-cache"),
        ("queue-backlog", ("jobs", "RabbitmqQueueBacklog"), "checkout", "jobs"),
        # A host's playbook is for the host that the pod runs on.
        ("node-not-ready", ("worker-2", "KubeNodeNotReady"), "checkout-1", "worker-2"),
        # A service's fault is passed on: its playbook is for the cause.
        ("service-error-rate", ("frontend", "HighErrorRate"), "checkout", "checkout"),
    ],
)
def test_a_playbook_is_for_an_entity_of_its_kind(
    playbook: str, alert: tuple[str, str], cause: str, expected: str | None
) -> None:
    assert target(playbook, view(alert, cause=cause)) == expected


@pytest.mark.parametrize("entity", ["postgres", "vm-7"])
def test_a_topology_without_databases_says_nothing_against_a_service_or_a_host(entity: str) -> None:
    assert target("database-down", view((entity, "PostgresqlDown"), cause="checkout"), BARE) == entity


def test_one_of_several_is_not_guessed() -> None:
    two = Topology.build(
        [Node("checkout"), Node("orders-db", "database"), Node("stock-db", "database")],
        [Edge("checkout", "orders-db", "uses"), Edge("checkout", "stock-db", "uses")],
    )
    assert target("database-down", view(("checkout", "PostgresqlDown"), cause="checkout"), two) is None


def test_commands_are_filled_in_for_the_target_and_not_for_the_suspected_service() -> None:
    playbook = read_catalogue([shipped() / "database-down.yaml"]).playbooks["database-down"]
    filled = fill_in(playbook, view(("orders-db", "PostgresqlDown"), cause="checkout"), SHOP)
    assert filled.parameters["host"] == "orders-db"
    nobody = fill_in(playbook, view(("frontend", "PostgresqlDown"), cause="frontend"), SHOP)
    assert (nobody.target, nobody.subject) == (None, "database")


def test_a_text_that_is_alike_names_no_entity_of_another_kind(tmp_path: Any, samples: SimpleNamespace) -> None:
    words = "vacuum horizon wraparound tuples autovacuum freeze"
    match = "match: {alert: [{label: name, value: Never}], cause: {kind: [database, service]}}"
    text = (shipped() / "database-down.yaml").read_text()
    head, _, tail = text.partition("match:")
    rest = tail[tail.index("\nparameters:") :] if "\nparameters:" in tail else tail
    book = head.replace("database-down", "vacuum").replace("summary: ", f"summary: {words} ") + match + rest
    (tmp_path / "vacuum.yaml").write_text(book.partition("\ntests:")[0] + "\n")
    suggester = PlaybookSuggester(SHOP, {"playbooks": str(tmp_path)})
    assert suggester.problems == []
    for cause, expected in (("checkout", None), ("orders-db", "orders-db")):
        seen = view((cause, "VacuumHorizon"), cause=cause)
        seen.facts[0].message = words
        [one] = suggester.suggest(seen)
        assert one.target == expected


def test_shipped_playbooks_of_databases_caches_and_queues_have_a_kind() -> None:
    for name, playbook in read_catalogue([shipped()]).playbooks.items():
        subject = subject_of(compile_match(playbook))
        assert subject == "" or subject in LOCAL_KINDS
        if name.startswith(("database-", "redis-", "kafka-", "queue-")):
            assert subject, name


def test_leading_alert_is_on_the_cause_then_the_most_severe_then_the_first() -> None:
    def seen(entity: str, severity: int, at: float) -> Seen:
        return Seen(AlertFact(entity, "A", severity, 1, at, at), "", "")

    now = Situation("i", 3, [seen("x", 4, 1.0), seen("cause", 1, 9.0), seen("y", 4, 0.0)], cause="cause")
    assert leading(Fit(True, "", (0, 1, 2)), now) == now.seen[1].fact
    assert leading(Fit(True, "", (0, 2)), now) == now.seen[2].fact
    assert leading(Fit(True, "", (0,)), now) == now.seen[0].fact
    assert leading(Fit(False, ""), now) is None


def test_a_playbook_is_for_the_cause_unless_its_alerts_are_all_elsewhere(samples: SimpleNamespace) -> None:
    def seen(entity: str, service: str | None = None, workload: str = "") -> Seen:
        return Seen(AlertFact(entity, "A", 2, 1, 0.0, 0.0, service=service, workload=workload), "", "")

    alerts = [seen("web-7"), seen("shop-1", service="shop"), seen("shop"), seen("job-x", workload="job")]
    any_kind = compile_match(samples.playbook(match={"alert": [{"label": "name", "op": "=", "value": "A"}]}))
    cause = {"kind": ["host"]}
    for_hosts = compile_match(
        samples.playbook(match={"alert": [{"label": "name", "op": "=", "value": "A"}], "cause": cause})
    )

    def target(facts: tuple[int, ...], playbook: Any = any_kind, **now: Any) -> str | None:
        return target_of(playbook, Fit(True, "", facts), Situation("i", 3, alerts, **now))

    assert target((0,), cause="shop") == "web-7"
    assert target((0, 1), cause="shop") == "shop"
    assert target((2,), cause="shop") == "shop"
    assert target((0,), cause="db-1", service="shop") == "web-7"
    assert target((1,), cause="db-1", service="shop") == "db-1"
    assert target((3,), cause="job", workload="job") == "job"
    assert target((), cause="shop") == "shop"
    assert target((0,)) == "web-7"
    assert target(()) is None
    # It names the kind of cause that it is for: the alerts may be on what suffers from it.
    assert target((0,), for_hosts, cause="db-1", kind="host") == "db-1"
    assert target((0,), for_hosts, cause="shop", kind="service") == "web-7"
