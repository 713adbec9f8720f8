"""Keys that a replay depends on are known; others are refused with a hint."""

from __future__ import annotations

import pytest

from aiops.errors import UsageError
from aiops.replay_keys import check_key, known_keys


@pytest.mark.parametrize(
    "key", ["correlate.sensitivity", "topology", "playbooks.options.runbooks", "endpoints.pager.settle_s.warning"]
)
def test_a_key_that_decides_is_taken(key: str) -> None:
    check_key(key, "changes")


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("correlate.sensitivty", "changes: unknown key 'correlate.sensitivty'; did you mean correlate.sensitivity?"),
        ("x" * 500, "see `aiops config keys`"),
        ("http.port", "changes http.port: no replay depends on it"),
        ("endpoints.pager", "changes endpoints.pager: expected endpoints.NAME.KEY"),
        ("endpoints.pager.rate_per_s", "a replay delivers nothing"),
        ("endpoints.pager.max_update", "use max_updates"),
        ("", "unknown key ''"),
    ],
)
def test_another_key_is_refused_with_a_hint(key: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_key(key, "changes")
    assert problem in str(caught.value)
    assert len(str(caught.value)) < 700


def test_all_sections_of_the_engine_are_known() -> None:
    assert {"dedup", "correlate", "incidents"} <= {key.split(".")[0] for key in known_keys()}
