"""A draft of payloads with names that nobody knows: fields are found by their values, and each is a check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.mapping.mapping import load_mapping
from aiops_connectors.workbench.draft import draft
from aiops_connectors.workbench.samples import NOW, check_samples
from aiops_connectors.workbench.value_guesses import guessed_by_value
from hypothesis import given
from hypothesis import strategies as st

from aiops.records import Alert

FIRING: dict[str, Any] = {
    "case": {"code": "PX-4471", "phase": "raised", "grade": "sev2"},
    "what": "Replica lag above limit",
    "machine": "pg-replica-2",
    "when": "2026-03-01T10:00:00Z",
    "more": "lag 340 s",
    "see": "https://dbwatch.example/PX-4471",
    "count": 3,
}
ENDED = {**FIRING, "case": {**FIRING["case"], "phase": "cleared"}, "when": "2026-03-01T10:20:00Z", "more": "lag 0 s"}


def alert_of(tmp_path: Path, payload: dict[str, Any]) -> Alert:
    path = tmp_path / "dbwatch.yaml"
    path.write_text(draft("dbwatch", [FIRING, ENDED]).mapping)
    [record], problems = load_mapping(path).apply(payload, {}, None, NOW)
    assert not problems
    assert isinstance(record, Alert)
    return record


def test_values_tell_where_names_do_not(tmp_path: Path) -> None:
    alert = alert_of(tmp_path, FIRING)
    assert (alert.name, alert.key, alert.entity) == ("Replica lag above limit", "PX-4471", "pg-replica-2")
    assert (alert.severity, alert.status, alert.message) == ("high", "firing", "lag 340 s")
    assert (alert.url, alert.ts) == (FIRING["see"], 1772359200.0)
    assert alert_of(tmp_path, ENDED).status == "resolved"


def test_the_pair_passes_its_checks_and_each_guess_is_one(tmp_path: Path) -> None:
    made = draft("dbwatch", [FIRING, ENDED])
    (tmp_path / "dbwatch.yaml").write_text(made.mapping)
    (tmp_path / "samples.yaml").write_text(made.samples)
    assert check_samples(tmp_path / "dbwatch.yaml", tmp_path / "samples.yaml") == []
    assert len([check for check in made.checks if "guessed by its values" in check]) == 8


@pytest.mark.parametrize(
    ("payload", "name"),
    [({"a": 7}, "a"), ({"x": {"y": "word"}}, "x.y"), ({"lamp": "red", "line": "Pump three is dry"}, "line")],
)
def test_any_payload_gives_a_draft(payload: dict[str, Any], name: str) -> None:
    made = draft("acme", [payload])
    assert made.guesses["name"] == name
    assert any(check.startswith("key:") for check in made.checks)


def test_a_name_that_tells_is_not_guessed_again() -> None:
    assert "name" not in guessed_by_value({"name": "title"}, [("title", "Disk full"), ("text", "on db 1")])


@given(
    st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40))
)
def test_any_values_are_read(values: dict[str, Any]) -> None:
    found = guessed_by_value({}, list(values.items()))
    assert set(found.values()) <= set(values)
    json.dumps(found)
