"""A source with several mappings reads each message by the first that fits it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiops_connectors.kafka.choices import Choice, Choices, Condition
from aiops_connectors.kafka.options import source_options
from aiops_connectors.mapping.origin import Origin

from aiops.errors import UsageError
from tests.kafka.conftest import Lab, RecordingInbox, Until

PROMETHEUS = {"labels": {"alertname": "DiskFull", "instance": "db-1:9100"}, "status": "firing", "fingerprint": "c0ffee"}
RECORD = {"kind": "alert", "ts": 1_772_400_000, "name": "Late", "entity": "db-2"}
CHOICES = [
    Choice(use="alertmanager", when=[Condition(path="@topic", matches="^prom")]),
    Choice(use="archive", when=[Condition(path="@headers.format", among=["aiops"])]),
    Choice(use="archive", when=[Condition(path="@key", matches="^record")]),
    Choice(use="archive", when=[Condition(path="kind", present=True)]),
]
REST = Choice(use="webhook")


def chosen(payload: Any, topic: str = "t", headers: Mapping[str, str] | None = None, key: str | None = None) -> Any:
    found = Choices([*CHOICES, REST], "sources.k.mappings")
    records, problems = found.apply(payload, headers or {}, key, 5.0, Origin(topic=topic))
    assert not [problem for problem in problems if not problem.warning]
    [record] = records
    return record


def test_the_topic_chooses() -> None:
    assert (chosen(PROMETHEUS, "prom-eu").key, chosen(PROMETHEUS, "prom-eu").entity) == ("c0ffee", "db-1")


def test_a_header_the_key_or_the_content_chooses() -> None:
    for record in (
        chosen({**RECORD}, headers={"format": "aiops"}),
        chosen({**RECORD}, key="record-7"),
        chosen({**RECORD}),
    ):
        assert (record.name, record.ts, record.source) == ("Late", 1_772_400_000.0, None)


def test_what_no_other_takes_goes_to_the_last() -> None:
    assert chosen({"title": "Disk", "status": "firing", "host": "db-1"}).source == "webhook"


def test_a_message_that_no_choice_fits_is_refused_with_its_topic() -> None:
    records, [problem] = Choices(CHOICES, "x").apply({"title": "Disk"}, {}, None, 5.0, Origin(topic="other"))
    assert not records
    assert "topic other" in problem.reason


def test_a_record_that_does_not_fit_is_refused_with_its_place() -> None:
    records, [problem] = Choices(CHOICES, "x").apply({"kind": "alert"}, {}, None, 5.0)
    assert not records
    assert "ts" in problem.reason


@pytest.mark.parametrize(
    ("choices", "reason"),
    [
        ([REST, *CHOICES], r"m\[0\]: takes every message"),
        ([Choice(use="no_such_tool")], r"m\[0\]\.use: .*no_such_tool"),
        ([Choice(use="archive", when=[Condition(path="a")])], "expected is, matches, present or kind"),
    ],
)
def test_choices_that_cannot_work_are_refused(choices: list[Choice], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        Choices(choices, "m")


def test_one_mapping_and_several_are_refused() -> None:
    options = {"bootstrap_servers": ["b:9092"], "topics": ["t"], "mapping": "webhook", "mappings": [{"use": "webhook"}]}
    with pytest.raises(UsageError, match="either mapping or mappings"):
        source_options("k", options)


@pytest.mark.kafka
def test_topics_of_several_tools_are_read_by_one_source(
    lab: Lab, inbox: RecordingInbox, until: Until, tmp_path: Path
) -> None:
    prometheus, records, others = lab.topic(prefix="prom"), lab.topic(prefix="records"), lab.topic(prefix="others")
    lab.produce(prometheus, [json.dumps(PROMETHEUS).encode()])
    lab.produce(records, [json.dumps(RECORD).encode()])
    lab.produce(
        others, [b'{"@version":"1","message":"{\\"title\\":\\"Disk\\",\\"state\\":\\"ok\\",\\"host\\":\\"h\\"}"}']
    )
    mappings = [
        {"use": "alertmanager", "when": [{"path": "@topic", "is": [prometheus]}]},
        {"use": "archive", "when": [{"path": "kind", "present": True}]},
        {"use": "webhook"},
    ]
    with lab.running(inbox, lab.options(topics=[prometheus, records, others], mappings=mappings)):
        until(lambda: len(inbox.records) + len(inbox.rejected) == 3, "three messages")
    found = {record.name: (record.entity, record.status) for record in inbox.records}
    assert found == {"DiskFull": ("db-1", "firing"), "Late": ("db-2", "firing"), "Disk": ("h", "resolved")}
