"""docs/delivery.md names what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.alertmanager import AlertmanagerOptions
from aiops_connectors.jsm import JsmOptions
from aiops_connectors.pagerduty import PagerDutyOptions
from aiops_connectors.sinks.options import HttpOptions
from aiops_connectors.slack import SlackOptions
from aiops_connectors.teams import TeamsOptions
from aiops_connectors.webhook import WebhookOptions

from aiops import registry
from aiops.app.dispatcher import open_queues
from aiops.config import load_config

PAGE = Path(__file__).parents[2] / "docs" / "delivery.md"
SINKS: dict[str, Any] = {
    "webhook": WebhookOptions,
    "pagerduty": PagerDutyOptions,
    "jsm": JsmOptions,
    "slack": SlackOptions,
    "teams": TeamsOptions,
    "alertmanager": AlertmanagerOptions,
}


@pytest.mark.parametrize("kind", SINKS)
def test_each_sink_is_documented_with_its_options(kind: str) -> None:
    (row,) = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{kind}` |")]
    shared = set(HttpOptions.__struct_fields__)
    assert set(re.findall(r"`([a-z_]+)`", row.split("|")[2])) == set(SINKS[kind].__struct_fields__) - shared


def test_all_registered_sinks_and_shared_options_are_documented() -> None:
    page = PAGE.read_text()
    for name in [*registry.names("aiops.sinks"), *HttpOptions.__struct_fields__]:
        assert f"`{name}`" in page


def test_the_example_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.search(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    (tmp_path / "aiops.toml").write_text(found.group(1))
    monkeypatch.setenv("PAGERDUTY_KEY", "k" * 32)
    monkeypatch.setenv("SLACK_URL", "https://hooks.slack.example/services/T0/B0/x")
    queues = open_queues(load_config(tmp_path / "aiops.toml").endpoints)
    assert [(queue.name, queue.config.fallback) for queue in queues] == [("oncall", "chat"), ("chat", None)]
