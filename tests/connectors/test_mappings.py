"""Every shipped mapping: payloads of each tool become the alerts that they should, or are refused with the reason."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiops_connectors.mapping.mapping import Mapping, load_mapping, names

from aiops.records import Alert, Change, Metric, parse_severity
from aiops.records.severity import Severity

NOW = 1_772_400_000.0
SAMPLES = [
    (tool, number, case)
    for file in sorted((Path(__file__).parent / "samples").glob("*.yaml"))
    for tool, cases in msgspec.yaml.decode(file.read_bytes()).items()
    for number, case in enumerate(cases)
]
DATA = Path(os.environ.get("AIOPS_DATA", Path(__file__).parents[2].parent / "shared" / "data")) / "webhooks"
MAPPINGS = {name: load_mapping(name) for name in names()}


def mapped(tool: str, payload: Any) -> tuple[list[Alert | Metric | Change], list[Any]]:
    return MAPPINGS[tool].apply(payload, {}, None, NOW)


@pytest.mark.parametrize(("tool", "number", "case"), SAMPLES, ids=[f"{tool}-{number}" for tool, number, _ in SAMPLES])
def test_a_payload_becomes_what_it_should(tool: str, number: int, case: dict[str, Any]) -> None:
    records, problems = mapped(tool, case["payload"])
    expected = case.get("alerts", []) + case.get("changes", [])
    assert len(records) == len(expected), problems
    for record, fields in zip(records, expected, strict=True):
        assert type(record) is (Change if "changes" in case else Alert)
        assert {name: getattr(record, name) for name in fields} == fields
    assert bool(problems) == ("problem" in case)
    if problems:
        assert any(case["problem"] in problem.reason for problem in problems), problems
        assert all(problem.place.startswith("$") for problem in problems)


def identity(alert: Alert | Metric | Change) -> tuple[Any, ...]:
    assert isinstance(alert, Alert)
    return (alert.source, alert.name, alert.entity, alert.service, alert.labels)


def pairs() -> list[tuple[str, str, list[dict[str, Any]]]]:
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for tool, _, case in SAMPLES:
        if "pair" in case:
            found.setdefault((tool, case["pair"]), []).append(case)
    return [(tool, name, cases) for (tool, name), cases in found.items()]


@pytest.mark.parametrize(("tool", "name", "cases"), pairs(), ids=[f"{tool}-{name}" for tool, name, _ in pairs()])
def test_a_resolved_alert_is_the_one_that_fired(tool: str, name: str, cases: list[dict[str, Any]]) -> None:
    firing, resolved = (mapped(tool, case["payload"])[0][0] for case in cases)
    assert identity(firing) == identity(resolved)
    assert (firing.status, resolved.status) == ("firing", "resolved")  # type: ignore[union-attr]


def test_every_mapping_has_samples() -> None:
    assert {tool for tool, _, _ in SAMPLES} == set(names())


@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=list(MAPPINGS))
def test_hostile_payloads_are_refused_or_kept_within_bounds(mapping: Mapping) -> None:
    deep: Any = "x"
    for level in range(200):
        deep = {"alerts": [deep]} if level % 3 else {"Message": deep, "incident": {}, "data": {}}
    long = "y" * 100_000
    wide = {f"k{number}": "v" for number in range(5_000)}
    hostile = [
        None,
        1,
        "text",
        [],
        {},
        [[]],
        deep,
        {"alerts": [None, {"labels": wide}]},
        {"name": long, "labels": wide},
    ]
    for payload in hostile:
        records, problems = mapping.apply(payload, {}, None, NOW)
        assert records or problems or payload == []
        for record in records:
            assert len(record.name) <= 1024
            assert len(record.labels) <= 64
            msgspec.json.encode(record)


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the recorded webhook payloads (AIOPS_DATA)")
def test_recorded_payloads_of_every_tool() -> None:
    index = json.loads((DATA / "index.json").read_text())
    refused = []
    for entry in index:
        records, problems = mapped(entry["tool"], json.loads((DATA / entry["file"]).read_text()))
        assert records or problems, f"{entry['file']}: neither taken nor refused"
        for record in records:
            assert record.name, entry["file"]
            assert 0 < record.ts <= NOW, entry["file"]
            if isinstance(record, Alert):
                assert record.severity, entry["file"]
                assert record.status == "resolved" or parse_severity(record.severity) > Severity.OK, entry["file"]
                assert record.entity or record.service or record.labels, entry["file"]
                assert record.message, entry["file"]
        refused += [(entry["file"], problem.reason) for problem in problems]
    # Settings of a test, unrendered templates, messages that are no alarm and a state that does not exist.
    assert len(index) >= 68
    assert len(refused) <= 6, refused
