"""The grader of connectors counts what is right and what is wrong, on payloads made here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aiops.errors import UsageError
from aiops.records import Alert, Change
from benchmarks.connectors.__main__ import main
from benchmarks.connectors.grading import grade, pair
from benchmarks.connectors.samples import NOW, Expected, Got, Sample, Transport
from benchmarks.connectors.table import BEGIN, END, rows, update_page
from benchmarks.connectors.taking import request

FIRES = Expected(status="firing", severity="high", name="Disk", entity="db-1", key=["7"], time="2026-03-14T02:40:00Z")
ENDS = Expected(status="resolved", severity="high", name="Disk", entity="db-1", key=["7"], time="2026-03-14T02:40:00Z")
AT = 1_773_456_000.0


def sample(*wanted: Expected, tool: str = "acme", **transport: Any) -> Sample:
    return Sample(tool, "acme/one.json", "firing", Transport(**transport), list(wanted))


def alert(**changed: Any) -> Alert:
    return Alert(**{"ts": AT, "name": "Disk", "key": "7", "severity": "high", "entity": "db-1", **changed})


def faults(wanted: Expected, *records: Any) -> list[str]:
    return [fault.partition(":")[0] for fault in grade(sample(wanted), Got(list(records), [])).faults]


def test_a_right_record_has_no_fault() -> None:
    assert faults(FIRES, alert()) == []


@pytest.mark.parametrize(
    ("changed", "aspect"),
    [
        ({"status": "resolved"}, "state"),
        ({"severity": "info"}, "severity"),
        ({"entity": "db-2"}, "entity"),
        ({"name": "Disc"}, "name"),
        ({"ts": AT + 60}, "time"),
    ],
)
def test_each_aspect_that_is_wrong_is_a_fault(changed: dict[str, Any], aspect: str) -> None:
    assert faults(FIRES, alert(**changed)) == [aspect]


def test_a_record_too_few_and_a_wrong_kind_are_faults() -> None:
    assert faults(FIRES) == ["taken"]
    assert faults(FIRES, Change(ts=AT, entity="db-1", name="Disk")) == ["state"]


def test_a_message_that_opens_nothing_must_not_open() -> None:
    quiet = Expected(kind="ignore")
    assert faults(quiet) == []
    assert faults(quiet, alert()) == ["state"]


def test_an_unstated_severity_may_only_be_a_warning() -> None:
    silent = Expected(status="firing", entity="db-1", time="2026-03-14T02:40:00Z")
    assert faults(silent, alert(severity=None)) == faults(silent, alert(severity="warning")) == []
    assert faults(silent, alert(severity="critical")) == ["severity"]


def test_identities_of_one_key_are_one_and_of_two_keys_two() -> None:
    fires = grade(sample(FIRES), Got([alert()], []))
    ends = grade(sample(ENDS), Got([alert(status="resolved", message="other text")], []))
    pair([fires, ends])
    assert not fires.faults + ends.faults
    ends.identities = [("['8']", ends.identities[0][1])]
    pair([fires, ends])
    assert len(fires.faults + ends.faults) == 2


def test_the_query_of_a_get_is_its_form() -> None:
    head = b"GET /hook?state=Down&host=a%20b HTTP/1.1\r\nHost: x\r\n\r\n"
    body, headers = request(head, sample(method="GET"))
    assert body == b"state=Down&host=a%20b"
    assert headers["content-type"].endswith("form-urlencoded")


def test_the_table_is_kept_between_the_markers_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# A\n{BEGIN}\nold\n{END}\nrest\n")
    lines = rows({"acme": [grade(sample(FIRES), Got([alert(entity="x")], []))]})
    update_page(page, lines)
    text = page.read_text()
    assert "old" not in text
    assert "| acme | 1 | 1 | 1 | 1 |  | 0/1 |" in text
    assert text.endswith(f"{END}\nrest\n")
    page.write_text("nothing")
    with pytest.raises(UsageError, match="graded: begin"):
        update_page(page, lines)


def test_the_command_reads_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    folder = tmp_path / "tool-payloads"
    (folder / "webhook").mkdir(parents=True)
    (folder / "webhook" / "one.json").write_text(json.dumps({"title": "Disk", "status": "firing", "host": "db-1"}))
    expected = {"kind": "alert", "status": "firing", "severity": None, "name": "Disk", "entity": "db-1", "key": ["7"]}
    one = {"tool": "webhook", "file": "webhook/one.json", "state": "firing", "expected": expected}
    transport = {"method": "POST", "content_type": "application/json"}
    (folder / "index.json").write_text(json.dumps({"note": "", "samples": [{**one, "transport": transport}]}))
    monkeypatch.setenv("AIOPS_DATA", str(tmp_path))
    assert NOW > AT
    assert main([]) == 0
    assert "| webhook | 1 | 1 | 1 | 1 | 1 | 1 |" in capsys.readouterr().out
