"""`aiops connectors setup` prints the entries for a tool, for the daemon of the configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from aiops.cli.app import app
from aiops.cli.daemon_address import address_of
from aiops.config import HttpConfig

CONFIG = """
[http]
external_url = "https://ops.example.org/aiops/"

[[http.options.tokens]]
name = "tools"
scopes = ["ingest"]
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"

[http.options.connectors.gitlab]
token_in = ["url"]
"""


def run(*arguments: str) -> str:
    answer = CliRunner().invoke(app, ["connectors", "setup", *arguments])
    assert answer.exit_code == 0, answer.output
    return answer.output


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "aiops.toml"
    path.write_text(CONFIG)
    return str(path)


def shown(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def test_the_address_is_that_of_the_configuration(config: str) -> None:
    found = shown("zabbix", "--config", config)
    assert found["url"] == "https://ops.example.org/aiops/ingest/zabbix"
    assert found["auth"] == "bearer"
    assert "request.post('https://ops.example.org/aiops/ingest/zabbix', value)" in found["templates"]["Script"]


def test_the_settings_of_the_connector_decide(config: str) -> None:
    assert shown("gitlab", "--config", config)["url"].endswith("/ingest/gitlab/TOKEN")
    assert shown("gitlab", "--config", config, "--set", "http.options.connectors.gitlab={}")["auth"] == "header"


def test_a_connector_of_your_own_has_the_setup_of_its_mapping(config: str) -> None:
    own = 'http.options.connectors.zabbix_east={mapping = "zabbix"}'
    found = shown("zabbix_east", "--config", config, "--set", own)
    assert (found["title"], found["url"]) == ("Zabbix", "https://ops.example.org/aiops/ingest/zabbix_east")


def test_another_address_may_be_given(config: str) -> None:
    assert (
        shown("prtg", "--config", config, "--url", "http://10.0.0.1:8640")["url"]
        == "http://10.0.0.1:8640/ingest/prtg/TOKEN"
    )


def test_text_has_steps_templates_and_settings() -> None:
    text = run("gitlab", "--url", "https://ops.example.org")
    assert "GitLab -> https://ops.example.org/ingest/gitlab\n" in text
    assert "URL: `https://ops.example.org/ingest/gitlab`." in text
    assert '\n[http.options.connectors.gitlab]\ntoken_header = "X-Gitlab-Token"\n' in text
    assert "aiops connectors token" in text
    # What is copied is not wrapped.
    nagios = run("nagios", "--url", "https://ops.example.org")
    assert max(map(len, nagios.splitlines())) > 300


def test_a_daemon_without_tokens_needs_none() -> None:
    found = shown("uptime_kuma")
    assert (found["url"], found["auth"]) == ("http://127.0.0.1:8640/ingest/uptime_kuma", "none")


@pytest.mark.parametrize("arguments", [["nothing"], ["splunk", "--auth", "bearer"], ["splunk", "--url", "ops"]])
def test_what_does_not_fit_is_an_error_with_a_remedy(arguments: list[str]) -> None:
    answer = CliRunner().invoke(app, ["connectors", "setup", *arguments])
    assert answer.exit_code != 0


@pytest.mark.parametrize(
    ("http", "address"),
    [
        (HttpConfig(), "http://127.0.0.1:8640"),
        (HttpConfig(host="::1", port=9), "http://[::1]:9"),
        (HttpConfig(external_url="https://a.example/b/"), "https://a.example/b"),
    ],
)
def test_the_address_of_a_daemon(http: HttpConfig, address: str) -> None:
    assert address_of(http) == address
