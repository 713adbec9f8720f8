"""What is remembered of alerts that Prometheus posts again and again changes nothing of what they become."""

from __future__ import annotations

import json
from typing import Any

import aiops_connectors.payloads.prometheus_push
import pytest
from aiops_connectors.mapping.mapping import load_mapping
from aiops_connectors.payloads.prometheus_push import PrometheusPush, Taken
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.records import Alert

NOW = 1_772_400_000.0
TIMES = [
    None,
    "",
    "never",
    "0001-01-01T00:00:00Z",
    "2026-03-01T21:00:00Z",
    "2026-03-01T21:24:00Z",
    "2026-03-02T00:00:00Z",
]
WORDS = st.sampled_from(["", "web-1", "web-1:9100", "critical", "x y", "\u00e9", "http://probe.example/a"])
NAMES = st.sampled_from(
    ["alertname", "pod", "instance", "host", "service", "job", "severity", "summary", "runbook_url"]
)
TEXTS = st.dictionaries(NAMES, WORDS, max_size=6)


def alert(labels: Any, annotations: Any, start: str | None, end: str | None, url: str | None) -> dict[str, Any]:
    fields = {"labels": labels, "annotations": annotations, "startsAt": start, "endsAt": end, "generatorURL": url}
    return {name: value for name, value in fields.items() if value is not None}


ALERTS = st.builds(
    alert,
    TEXTS | st.sampled_from([[], {}, {"alertname": {"a": 1}}]),
    TEXTS | st.sampled_from([None, [], 1]),
    st.sampled_from(TIMES),
    st.sampled_from(TIMES),
    st.sampled_from([None, "", "https://prom.example/g", "javascript:alert(1)"]),
)
POSTED = PrometheusPush(load_mapping("alertmanager"))


def shown(taken: Taken) -> tuple[Any, list[tuple[str, str]]]:
    return taken.records, [(problem.place, problem.reason) for problem in taken.problems]


@settings(max_examples=150, deadline=None)
@given(st.lists(ALERTS, max_size=4))
def test_the_short_way_says_what_the_long_way_says(alerts: list[dict[str, Any]]) -> None:
    body = json.dumps(alerts).encode()
    long = shown(POSTED.take_any(body, {}, NOW))
    assert shown(POSTED.take(body, {}, NOW)) == long
    assert shown(POSTED.take(body, {}, NOW)) == long


def test_what_is_given_out_is_not_what_is_remembered() -> None:
    body = json.dumps([{"labels": {"alertname": "A", "host": "h"}}]).encode()
    first = POSTED.take(body, {}, NOW).records[0]
    first.labels["host"] = "changed"  # type: ignore[union-attr]
    assert POSTED.take(body, {}, NOW).records[0].labels["host"] == "h"  # type: ignore[union-attr]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiops_connectors.payloads.prometheus_push, "MAX_KNOWN", 10)
    posted = PrometheusPush(load_mapping("alertmanager"))
    bodies = [json.dumps([{"labels": {"alertname": f"A{n}"}}]).encode() for n in range(50)]
    for body in bodies:
        assert len(posted.take(body, {}, NOW).records) == 1
    posted.take(json.dumps([{"labels": {"alertname": "long", "l": "x" * 5_000}}]).encode(), {}, NOW)
    assert len(posted._known) == 10


def test_annotations_are_kept_beside_the_labels() -> None:
    posted = [alert({"alertname": "Disk"}, {"summary": "91 %", "runbook_url": "https://r.example"}, None, None, None)]
    for _ in range(2):
        [record] = PrometheusPush(load_mapping("alertmanager")).take(json.dumps(posted).encode(), {}, NOW).records
        assert isinstance(record, Alert)
        assert record.annotations == {"summary": "91 %", "runbook_url": "https://r.example"}
