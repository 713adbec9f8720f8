"""Recorded payloads of every tool become alerts; the samples of each are run by `tests/testing/test_registered.py`."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.mapping.mapping import Mapping, load_mapping, names
from aiops_connectors.workbench.samples import NOW

from aiops.records import Alert, Change, Metric, parse_severity
from aiops.records.severity import Severity

DATA = Path(os.environ.get("AIOPS_DATA", Path(__file__).parents[2].parent / "shared" / "data")) / "webhooks"
SAMPLES = Path(__file__).parent / "samples"


@cache
def loaded(name: str) -> Mapping:
    return load_mapping(name)


def mapped(tool: str, payload: Any) -> tuple[list[Alert | Metric | Change], list[Any]]:
    return loaded(tool).apply(payload, {}, None, NOW)


def test_every_sample_file_is_of_a_mapping() -> None:
    assert {path.stem for path in SAMPLES.glob("*.yaml")} == set(names())


def test_text_inside_an_envelope_that_cannot_be_encoded_is_refused() -> None:
    records, problems = mapped("aws_cloudwatch_sns", {"Type": "Notification", "Message": "{\ud800"})
    assert not records
    assert [problem.place for problem in problems] == ["$.Message"]


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
        refused += [(entry["file"], problem.reason) for problem in problems if not problem.warning]
    # Settings of a test, unrendered templates, messages that are no alarm and a state that does not exist.
    assert len(index) >= 68
    assert len(refused) <= 6, refused


def test_start_of_a_clock_ahead_is_the_time_of_receipt() -> None:
    """Zabbix names no zone: the local time of a server east of Greenwich lies ahead."""
    payload = {
        "event_id": "1",
        "event_name": "x",
        "event_value": "1",
        "event_date": "2026.03.02",
        "event_time": "08:00:00",
    }
    records, problems = mapped("zabbix", payload)
    assert not problems
    assert [record.starts_at for record in records if isinstance(record, Alert)] == [NOW]
