"""docs/delivery.md names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aiops.app.dispatcher import open_queues
from aiops.config import load_config

PAGE = Path(__file__).parents[2] / "docs" / "delivery.md"


def test_the_example_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.search(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    (tmp_path / "aiops.toml").write_text(found.group(1))
    monkeypatch.setenv("PAGERDUTY_KEY", "k" * 32)
    monkeypatch.setenv("SLACK_URL", "https://hooks.slack.example/services/T0/B0/x")
    queues = open_queues(load_config(tmp_path / "aiops.toml").endpoints)
    assert [(queue.name, queue.config.fallback) for queue in queues] == [("oncall", "chat"), ("chat", None)]
