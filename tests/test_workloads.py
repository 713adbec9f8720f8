"""Workloads: the packaged rules on real names, rules of a site, and names that nobody meant well."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aiops.config import Config, check
from aiops.errors import UsageError
from aiops.workloads import MAX_CACHED, MAX_NAME, MAX_RULES, Rule, Workloads, WorkloadsConfig, packaged_rules

WORKLOADS = Workloads()
SAFE = "bcdfghjklmnpqrstvwxz2456789"
UUID = "9781c248-0edd-4cdb-9a93-f63cb662a5d3"
# Names as tools send them, beside the examples of the rules.
NAMES = {
    # Kubernetes: Deployments, with and without kind and namespace, and with old hashes
    "pod/payments-api-7d9f8c6b5d-x2x4z": "payments-api",
    "payments-api-7d9f8c6b5d-x2x4z": "payments-api",
    "payments-api-7d9f8c6b5d": "payments-api",
    "replicaset/payments-api-7d9f8c6b5d": "payments-api",
    "Deployment/payments-api": "payments-api",
    "service/payments-api": "payments-api",
    "coredns-787d4945fb-p7x9z": "coredns",
    "kube-system/coredns-5d78c9869d-abcde": "kube-system/coredns",
    "checkoutservice-6cb9f7b5c4-2xkqp": "checkoutservice",
    "payments-api-canary-6b8df9-qwhl6": "payments-api-canary",
    # StatefulSets, DaemonSets, Jobs, CronJobs, DeploymentConfigs
    "db-0": "db",
    "prometheus-k8s-0": "prometheus-k8s",
    "thanos-store-0-1": "thanos-store",
    "kafka-2.kafka-headless.prod.svc.cluster.local": "kafka",
    "fluentd-x7k2p": "fluentd",
    "calico-node-w8hzc": "calico-node",
    "pod/fluentd-bdgkp": "fluentd",
    "backup-28391040-abcde": "backup",
    "job/backup-28391040": "backup",
    "reindex-3-x7k2p": "reindex",
    "etcd-kind-control-plane": "etcd",
    # Machines
    "node-12": "node",
    "node/worker-01": "node/worker",
    "cart-0.17a3c1d2e4f5bbbb": "cart",
    "testapp-kube-state-metrics.monitoring.svc:8080": "testapp-kube-state-metrics",
    "pod/kube-flannel-ds-sqbpp": "kube-flannel-ds",
    "aks-nodepool1-12345678-vmss000003": "aks-nodepool1",
    "aks-nodepool1-12345678-0": "aks-nodepool1",
    "gke-cluster-pool-1a2b3c4d-x1y2": "gke-cluster-pool",
    "web-prod-03.example.com": "web-prod.example.com",
    "web-prod-03": "web-prod",
    "WEB01": "WEB",
    "host1": "host",
    "k3s-agent-01": "k3s-agent",
    # Other schedulers
    f"server-{UUID}": "server",
    f"shop_payments.{UUID}": "shop_payments",
    "ecs-payments-12-api-8ec0d2b1e0aa9ed3b001": "payments-api",
    "shop-web-1": "shop-web",
    "web.1": "web",
    "сервер-12": "сервер",
}
# What looks like a replica and is none.
KEPT = (
    *("payments-v2", "s3", "node-exporter", "ec2", "mysql8", "mysql-server", "log4j2", "k8s-24h", "api-prod"),
    *("10.0.0.5", "2001:db8::8a2e:370:7334", "fe80::1", "ip-10-0-3-17", "ip-10-0-3-17.eu-west-1.compute.internal"),
    *(
        "i-0abcdef1234567890",
        UUID,
        "us-east-1",
        "us-east-1a",
        "payments-eu-west-2",
        "nodepool1",
        "tenant-7",
        "port-443",
    ),
    *("smoke-tests", "envoy-proxy", "api-https", "orders-mssql", "orders-pgsql", "broker-mqtts", "ingress-nginx"),
    *("v1.2.3", "python3.11", "eth0", "GigabitEthernet0/1", "/dev/sda1", "route53", "base64", "etcd-operator"),
    *("https://shop.example/cart-1", "arn:aws:ecs:eu-west-1:1:task/prod/1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f"),
    *("frontend", "blackbox", "kube-proxy", "http-500", "dc-1", "2026-11-28", "0", "-", " ", "1-1", "🙂-3"),
)
HOSTILE = (
    st.text(max_size=80)
    | st.text("ab-_.:/[]#0123x7k2p", max_size=80)
    | st.binary(max_size=60).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
)
PARTS = st.lists(st.sampled_from(["api", "db", "v2", "0", "12", "7d9f8c6b5d", "x7k2p", "web01", UUID, "28391040"]))
DRAWN = HOSTILE | st.builds(lambda sep, parts: sep.join(parts), st.sampled_from("-_./"), PARTS)


@pytest.mark.parametrize("rule", packaged_rules(), ids=lambda rule: rule.name)
def test_packaged_rule_holds_on_its_examples(rule: Rule) -> None:
    assert rule.examples, "a rule without examples is untested"
    assert rule.why.endswith(".")
    assert {name: WORKLOADS.of(name) for name in rule.examples} == rule.examples


@pytest.mark.parametrize("rule", packaged_rules(), ids=lambda rule: rule.name)
def test_packaged_rule_is_needed_for_one_of_its_examples(rule: Rule) -> None:
    without = Workloads(WorkloadsConfig(disable=[rule.name]))
    assert {name: without.of(name) for name in rule.examples} != rule.examples


@pytest.mark.parametrize(("name", "workload"), NAMES.items())
def test_workload_of_a_real_name(name: str, workload: str) -> None:
    assert WORKLOADS.of(name) == workload


@pytest.mark.parametrize("name", KEPT)
def test_name_that_is_no_replica_is_kept(name: str) -> None:
    assert WORKLOADS.of(name) == name


def test_service_of_an_alert_is_its_workload() -> None:
    assert WORKLOADS.of("ip-10-0-3-17", "payments") == "payments"
    assert WORKLOADS.of("db-0", "") == WORKLOADS.of("db-0", None) == "db"


@given(DRAWN)
@example("x\ud800-1")
@example("a" + "-1" * 126)
@settings(deadline=None)
def test_workload_is_stable_and_never_empty(name: str) -> None:
    found = WORKLOADS.of(name)
    assert WORKLOADS.of(found) == found
    assert bool(found.strip()) == bool(name.strip())
    assert len(found) <= len(name)
    # Neither the cache nor the object matters.
    assert Workloads().of(name) == found


@given(
    st.sampled_from(["payments-api", "cart", "loki-write"]),
    st.text("456789bcdf", min_size=8, max_size=10),
    st.text(SAFE, min_size=5, max_size=5),
)
def test_pods_of_a_deployment_share_their_workload(name: str, template: str, suffix: str) -> None:
    assert WORKLOADS.of(f"{name}-{template}-{suffix}") == name
    assert WORKLOADS.of(f"pod/{name}-{suffix}") == name


@given(st.sampled_from(["db", "kafka", "web-prod"]), st.integers(0, 9_999))
def test_replicas_with_ordinals_share_their_workload(name: str, ordinal: int) -> None:
    assert WORKLOADS.of(f"{name}-{ordinal}") == name


def test_name_longer_than_any_host_is_kept_and_not_cached() -> None:
    workloads, name = Workloads(), "a" * MAX_NAME + "-1"
    assert workloads.of(name) == name
    assert name not in workloads._cached


def test_cache_is_bounded_and_changes_nothing() -> None:
    workloads = Workloads()
    found = {workloads.of(f"web-{letters}-{number}") for number in range(3) for letters in map(str, range(MAX_CACHED))}
    assert found == {"web"}
    for number in range(MAX_CACHED + 10):
        assert workloads.of(f"tenant-{number}") == f"tenant-{number}"
        assert len(workloads._cached) <= MAX_CACHED


def test_rule_of_the_site_comes_first() -> None:
    rules = [
        Rule("shards", "(orders)[a-z]", examples={"ordersb": "orders"}),
        Rule("mysql", "(mysql-[0-9]+)", why="The number is the version."),
    ]
    workloads = Workloads(WorkloadsConfig(rules=rules))
    assert [workloads.of(name) for name in ("ordersb", "mysql-8", "db-0")] == ["orders", "mysql-8", "db"]
    assert [step.rule for step in workloads.steps("mysql-8")] == ["mysql"]
    assert [step.rule for step in workloads.steps("pod/reindex-3-x7k2p")] == ["kubernetes-pod", "ordinal"]
    assert workloads.steps("frontend") == []


def test_rule_that_is_switched_off_is_not_applied() -> None:
    workloads = Workloads(WorkloadsConfig(disable=["glued-number", "ordinal"]))
    assert [workloads.of(name) for name in ("web01", "db-0", "fluentd-x7k2p")] == ["web01", "db-0", "fluentd"]


def test_groups_are_joined_and_nothing_grows() -> None:
    rules = [Rule("cell", "(api)-cell[0-9]+(-[a-z]+)"), Rule("twice", "((grow)s)")]
    workloads = Workloads(WorkloadsConfig(rules=rules))
    assert workloads.of("api-cell7-eu") == "api-eu"
    assert workloads.of("grows") == "grows"
    assert workloads.steps("grows") == []


def test_rule_that_keeps_nothing_of_a_name_gives_way_to_the_next() -> None:
    workloads = Workloads(WorkloadsConfig(rules=[Rule("prefix", "([^0-9]*)[a-z-]+[0-9]"), Rule("blank", "( *)x.*")]))
    assert workloads.of("x-3") == "x"


REFUSED = {
    "rules[0].pattern: expected a regular expression in RE2 syntax; got '(a': missing ): (a": [Rule("a", "(a")],
    "rules[0].pattern: no group (got 'a+'); put the part to keep in parentheses": [Rule("a", "a+")],
    "rules[0].unless: expected a regular expression in RE2 syntax; got '[': missing ]: [": [Rule("a", "(a)", "[")],
    "rules[1].name: 'a' is the name of another rule; use a unique one": [Rule("a", "(a)"), Rule("a", "(b)")],
    "rules[0].name: 'ordinal' is the name of another rule; use a unique one": [Rule("ordinal", "(a)b")],
    "rules[0] (a).examples: 'b-1' becomes 'b' (rules applied: ordinal, expected 'c'); correct the pattern or the "
    "example": [Rule("a", "(a)", examples={"b-1": "c"})],
    f"rules: {MAX_RULES + 1} rules; at most {MAX_RULES} are allowed": [
        Rule(f"r{number}", "(a)") for number in range(MAX_RULES + 1)
    ],
}


@pytest.mark.parametrize(("text", "rules"), REFUSED.items())
def test_rules_that_cannot_be_used_are_refused(text: str, rules: list[Rule]) -> None:
    with pytest.raises(UsageError) as refused:
        Workloads(WorkloadsConfig(rules=rules))
    assert str(refused.value) == f"workloads.{text}"
    with pytest.raises(UsageError) as refused:
        check(Config(workloads=WorkloadsConfig(rules=rules)), "aiops.toml")
    assert str(refused.value) == f"aiops.toml: $.workloads.{text}"


def test_unknown_rule_cannot_be_switched_off() -> None:
    with pytest.raises(UsageError, match=r"workloads\.disable\[1\]: unknown rule 'ordinals'; use address, port"):
        Workloads(WorkloadsConfig(disable=["ordinal", "ordinals"]))


SITE = st.lists(
    st.sampled_from(["(.*)", "(.)+", "((.)b)+", "(.*)-x|(y)", "([^-]*)-.*", "(a*)(.)", "(.+)[0-9]"]), max_size=4
)


@given(SITE, DRAWN)
@settings(deadline=None)
def test_any_rules_of_a_site_come_to_an_end_that_is_stable(patterns: list[str], name: str) -> None:
    rules = [Rule(f"r{number}", pattern) for number, pattern in enumerate(patterns)]
    workloads = Workloads(WorkloadsConfig(rules=rules))
    found = workloads.of(name)
    assert workloads.of(found) == found
    assert bool(found.strip()) == bool(name.strip())
    assert Workloads(WorkloadsConfig(rules=rules)).of(found) == found
