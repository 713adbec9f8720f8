"""`aiops workloads`: names with their workloads, and the rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aiops.cli.app import app
from aiops.errors import UsageError
from aiops.workloads import packaged_rules

OWN = """
[workloads]
disable = ["glued-number"]
[[workloads.rules]]
name = "mysql"
pattern = '(mysql-[0-9]+)'
why = "The number is the version."
examples = { "mysql-8" = "mysql-8" }
"""


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["workloads", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.fixture
def own(tmp_path: Path) -> str:
    path = tmp_path / "aiops.toml"
    path.write_text(OWN, encoding="utf-8")
    return str(path)


def test_names_are_shown_with_their_workloads_and_rules() -> None:
    lines = printed("pod/payments-api-7d9f8c6b5d-x2x4z", "frontend").splitlines()
    assert lines == [
        "pod/payments-api-7d9f8c6b5d-x2x4z → payments-api  (rules: kubernetes-pod, replica-set)",
        "frontend → frontend  (no rule applies)",
    ]


def test_names_as_json() -> None:
    assert json.loads(printed("web-3.example.com", "--json")) == [
        {"name": "web-3.example.com", "workload": "web.example.com", "rules": ["host-ordinal"]}
    ]


def test_rules_of_a_configuration_apply(own: str) -> None:
    assert printed("mysql-8", "web01", "--config", own).splitlines() == [
        "mysql-8 → mysql-8  (rules: mysql)",
        "web01 → web01  (no rule applies)",
    ]


def test_rules_are_listed_in_their_order_with_the_reason(own: str) -> None:
    rules = json.loads(printed("--config", own, "--json"))
    shipped = [rule.name for rule in packaged_rules() if rule.name != "glued-number"]
    assert [rule["name"] for rule in rules] == ["mysql", *shipped]
    text = printed("--config", own)
    assert "mysql-8 → mysql-8" in text
    assert "The number is the version." in text


def test_rules_that_cannot_be_used_are_refused() -> None:
    with pytest.raises(UsageError, match=r"configuration: .*unknown rule 'nope'"):
        printed("db-0", "--set", 'workloads.disable=["nope"]')


def test_hidden_characters_of_a_name_are_not_printed() -> None:
    assert "\x1b" not in printed("db-0\x1b[2J")
