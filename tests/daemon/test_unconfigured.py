"""What a configuration leaves out is named with its cost, and what it holds is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aiops.config import Config, EndpointConfig, HttpConfig
from aiops.daemon.unconfigured import unconfigured
from aiops.engine.config import PlaybooksConfig
from aiops.respond.config import RespondConfig

ROOT = Path(__file__).resolve().parents[2]
TOKENS = {"tokens": [{"name": "alice", "scopes": ["write"], "env": "TOKEN"}]}
WHOLE = Config(
    topology="graph.json",
    endpoints=[EndpointConfig("pager", "webhook")],
    http=HttpConfig(external_url="https://ops.example.org", options=TOKENS),
    respond=RespondConfig(ceiling="approve"),
    playbooks=PlaybooksConfig(options={"playbooks": ["runbooks"]}),
)


def test_a_default_configuration_lacks_the_pager_first() -> None:
    found = [one.what for one in unconfigured(Config())]
    assert found == ["no endpoint", "no topology", "no tokens", "no automation", "no playbooks of your own"]


def test_a_whole_configuration_lacks_nothing() -> None:
    assert unconfigured(WHOLE) == []


def test_an_endpoint_without_an_address_for_people_costs_the_links() -> None:
    config = Config(endpoints=[EndpointConfig("pager", "webhook")])
    assert str(unconfigured(config)[0]).startswith(
        "no external URL: messages have no link to their incident; see docs/"
    )


def test_runs_that_are_disabled_are_no_runs() -> None:
    found = [one.what for one in unconfigured(Config(respond=RespondConfig(enabled=False)))]
    assert "no runs" in found
    assert "no automation" not in found


@pytest.mark.parametrize(
    "config",
    [Config(), Config(respond=RespondConfig(enabled=False)), Config(endpoints=[EndpointConfig("p", "webhook")])],
)
def test_each_page_that_is_named_exists_with_its_heading(config: Config) -> None:
    for one in unconfigured(config):
        path, _, anchor = one.see.partition("#")
        text = (ROOT / path).read_text(encoding="utf-8")
        headings = [
            re.sub(r"[^a-z0-9 -]", "", line.lower()).strip() for line in text.splitlines() if line.startswith("#")
        ]
        assert not anchor or anchor in [heading.replace(" ", "-") for heading in headings], one
