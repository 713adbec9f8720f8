"""The page of the API: every operation once, below its noun."""

from __future__ import annotations

from typing import Any

from aiops.pages.api import grouped
from aiops.web.app import OPERATIONS


def test_every_operation_stands_in_one_group() -> None:
    groups = grouped(OPERATIONS)
    assert sorted(one.name for _, found in groups for one in found) == sorted(one.name for one in OPERATIONS)
    nouns = [noun for noun, _ in groups]
    assert nouns == sorted(set(nouns))
    assert "incidents" in nouns


def test_the_page_has_a_command_for_this_address(site: Any) -> None:
    text = site.client.get("/api").text
    assert f"http://127.0.0.1:{site.port}/api/v1/incidents" in text
    assert "Authorization" not in text, "without tokens none is needed"
    assert all(one.path in text for one in OPERATIONS)
