"""`aiops routes`: the tree, and where an alert would go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aiops.cli.app import app
from tests.notify.test_route_explanation import TEXT

RUNNER = CliRunner()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "aiops.toml"
    path.write_text(TEXT)
    return path


def run(config: Path, *words: str) -> str:
    done = RUNNER.invoke(app, ["routes", *words, "--config", str(config)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_show_prints_the_tree_and_the_rules(config: Path) -> None:
    assert run(config, "show").splitlines() == [
        "default route: chat",
        '  {team="db"}: dba; muted in night',
        '  {team="past"}: dba; active in past',
        'inhibition site: {alertname="SiteDown"} inhibits {severity!="critical"}, equal site',
    ]
    assert json.loads(run(config, "show", "--json"))["route"]["endpoints"] == ["chat"]


def test_show_states_that_there_are_no_routes(tmp_path: Path) -> None:
    path = tmp_path / "aiops.toml"
    path.write_text("[inhibition]\ntopology = true")
    assert run(path, "show").startswith("no routes: every endpoint")
    assert "inhibition by topology" in run(path, "show")
    assert run(path, "test", "a=b").splitlines()[-1] == "nobody is notified"


def test_test_shows_each_route_on_the_way_and_what_endpoints_get(config: Path) -> None:
    found = run(config, "test", "team=db", "--severity", "high", "--at", "2026-03-02T01:00:00Z")
    assert found.splitlines() == [
        "default route: ✓ matched",
        '  {team="db"}: ✓ taken, dba',
        "dba: notified at 2026-03-02 06:00:00 UTC: muted in night",
        'inhibited (site) while an alert {alertname="SiteDown"} fires with site=""',
    ]
    found = run(config, "test", "team=web", "severity=critical", "service=cart", "entity=cart-1")
    assert '  {team="db"}: ✗ team="db" does not match "web"' in found
    assert "chat: notified after 0 s" in found


def test_test_shows_that_a_lone_warning_waits(config: Path) -> None:
    waits = "a lone warning first waits up to 30 min (incidents.lone_warning_s)"
    assert waits in run(config, "test", "team=web", "--severity", "warning").splitlines()
    assert "lone warning" not in run(config, "test", "team=web", "--severity", "high")
    assert "lone warning" not in run(config, "test", "team=web")


def test_test_prints_json(config: Path) -> None:
    found = json.loads(run(config, "test", "team=db", "--at", "2026-03-02T12:00:00Z", "--json"))
    assert [step["takes"] for step in found["steps"]] == [False, True]
    assert found["endpoints"][0]["endpoint"] == "dba"
    assert found["inhibitors"][0]["rule"] == "site"


@pytest.mark.parametrize("words", [("team",), ("=x",), ("--severity", "hihg"), ("--at", "noon")])
def test_test_refuses_what_it_cannot_read(config: Path, words: tuple[str, ...]) -> None:
    done = RUNNER.invoke(app, ["routes", "test", *words, "--config", str(config)])
    assert done.exit_code != 0
