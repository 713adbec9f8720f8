"""Links of other rules: how they are resolved, and when a neighbour speaks for a runbook."""

from __future__ import annotations

import pytest
from aiops_models.playbooks.linked_rules import LinkedRules, Links, rule_query

from aiops.respond.alert_rules import AlertRule
from aiops.respond.runbooks import Runbook, parse

BOOKS = [
    Runbook("docs/patroni/postgres", "postgres", "Postgres"),
    Runbook("docs/patroni/README", "patroni", "Patroni"),
    Runbook("docs/redis/README", "redis", "Redis"),
    Runbook("docs/kube/README", "kube", "Kubernetes"),
    Runbook("old/redis/README", "redis", "Redis"),
    Runbook("KubeNodeNotReady", "KubeNodeNotReady", "KubeNodeNotReady"),
]


@pytest.mark.parametrize(
    ("link", "book"),
    [
        ("docs/patroni/postgres.md#locks", 0),
        ("https://git.example/ops/-/blob/master/docs/patroni/postgres.md?plain=1", 0),
        ("https://runbooks.example/docs/patroni/", 1),
        ("docs/patroni/README.md", 1),
        ("docs/redis/README.md", 2),
        ("https://runbooks.example/kubernetes/kubenodenotready", 5),
        ("https://git.example/mixin/runbook.md#alert-name-kubenodenotready", 5),
        ("https://runbooks.example/redis", None),
        ("https://runbooks.example/none", None),
        ("", None),
        ("#", None),
        ("///", None),
    ],
)
def test_a_link_names_the_runbook_with_the_longest_common_end(link: str, book: int | None) -> None:
    assert Links(BOOKS).resolve(link) == book


def rule(name: str, text: str, link: str = "docs/patroni/postgres.md") -> AlertRule:
    return AlertRule(name, 'pg_up{job="postgres"} == 0', text, link)


def linked(*rules: AlertRule) -> LinkedRules:
    return LinkedRules(Links(BOOKS).of(rules))


# Other subjects: words that all rules share are no evidence.
KINDS = ("Pod", "Job", "Volume", "Claim", "Deployment", "Replica", "Ingress", "Secret")
OTHERS = [AlertRule(f"Kube{kind}", f"kube_{kind}_waits", f"{kind} waits", "docs/kube/README.md") for kind in KINDS]
QUERY = rule_query(["Postgres commits are slow"], 'pg_commits{job="postgres"}')


def test_a_runbook_of_several_alerts_takes_the_next_like_them() -> None:
    rules = linked(rule("PgDown", "Postgres is down"), rule("PgSlow", "Postgres commits slowly"), *OTHERS)
    found = rules.neighbours(QUERY)
    assert list(found) == [0]
    assert (found[0].rule, found[0].alerts) == ("PgSlow", 2)
    assert 0.0 < found[0].value < 0.5


def test_a_runbook_of_one_alert_is_that_alerts_own() -> None:
    assert linked(rule("PgSlow", "Postgres commits slowly"), *OTHERS).neighbours(QUERY) == {}


def test_rules_of_a_name_can_be_left_out() -> None:
    rules = linked(*(rule(f"Pg{n}", "Postgres commits slowly") for n in range(3)), *OTHERS)
    assert rules.neighbours(QUERY, ["Pg0"])[0].alerts == 2
    assert rules.neighbours(QUERY, ["Pg0", "Pg1"]) == {}
    assert rules.neighbours({}, []) == {}


def test_links_that_lead_nowhere_are_left_out_and_names_are_known() -> None:
    rules = linked(rule("A", "x", "docs/none.md"), rule("B", "x"), rule("B", "x", "docs/redis/README.md"))
    assert rules.by_name == {"B": 0}


def test_paths_are_those_of_a_folder() -> None:
    assert Links([parse("node/README", "# Nodes\ntext")]).resolve("https://x.example/docs/node/README.md") == 0
