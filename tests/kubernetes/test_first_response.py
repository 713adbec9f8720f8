"""The example of a first response runs to its end, and the docs quote what it prints.

Real daemons with their API, clusters in memory, and pagers: approved runs, a run without a person, and the variants in
each of which one guard refuses. What the example states of itself it checks: one refusal, nothing changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aiops.respond.switches import Watch
from examples.first_response.shop import open_shop
from examples.first_response.site import Site
from examples.first_response.variants import VARIANTS
from tests.docs.first_response_session import PAGE, plain, played, quoted


@pytest.mark.slow
def test_the_session_is_the_one_that_the_page_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    pause: Any = Watch.pause
    monkeypatch.setattr("aiops.daemon.runs.SETTLE_EVERY_S", 0.2)
    monkeypatch.setattr(Watch, "pause", lambda watch, seconds: pause(watch, min(seconds, 0.2)))
    text = played()
    assert plain(text) == plain(quoted(PAGE.read_text(encoding="utf-8"))), (
        "python -m tests.docs.first_response_session writes it again"
    )
    messages = " ".join(text.split())
    assert "was started without a person" in messages
    assert "verified: the condition cleared and stayed clear" in messages


def test_each_variant_is_refused_by_a_guard_of_its_own() -> None:
    assert len(VARIANTS) >= 10
    assert len({one.code for one in VARIANTS}) == len(VARIANTS)


def test_the_files_of_the_daemon_are_written_once_and_hold_no_token(tmp_path: Path) -> None:
    with open_shop() as shop:
        tokens = Site(tmp_path, shop, 8080).tokens
        assert Site(tmp_path, shop, 8080).tokens == tokens
    text = (tmp_path / "aiops.toml").read_text()
    assert [name for name, token in tokens.items() if token in text] == []
    assert oct((tmp_path / "ann.token").stat().st_mode & 0o777) == "0o600"
