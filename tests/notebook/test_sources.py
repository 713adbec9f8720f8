"""Input of a replay: what is taken, and what is refused with a reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import aiops
from aiops.archive import Rejections
from aiops.errors import RecordError
from aiops.notebook.sources import checked, input_of, is_frame, rows_of
from aiops.records import Logged, Truth


def read(source: Any) -> tuple[list[Logged], list[str]]:
    """The records of a source, and its rejections as text."""
    rejections = Rejections()
    records = list(input_of(source).read(rejections, False))
    return records, [str(each) for each in rejections.kept]


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 1, 1),
        "2026-01-01T00:00:00Z",
        1_767_225_600,
        np.float64(1_767_225_600),
        np.int64(1_767_225_600),
        pd.Timestamp("2026-01-01", tz="UTC"),
    ],
)
def test_a_time_has_many_forms(at: Any) -> None:
    record = checked({"ts": at, "name": "DiskFull"})
    assert isinstance(record, aiops.Alert)
    assert record.ts == 1_767_225_600.0


def test_a_mapping_may_name_its_kind_and_leave_fields_empty() -> None:
    record = checked({"kind": "change", "ts": 1, "entity": "web", "name": "deploy", "message": None})
    assert record == aiops.Change(ts=1.0, entity="web", name="deploy")


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (7, r"\$: expected a record or a mapping; got int"),
        ({"name": "a"}, r"\$: expected field ts; got none"),
        ({"ts": 1, "name": "a", "labels": {"x": object()}}, "values that JSON has.*object is no JSON value"),
        ({"ts": 1, "name": "a", "status": "on"}, r"\$.status: expected"),
        (aiops.Alert(ts=-1.0, name="a"), r"\$.ts: expected"),
        (aiops.Alert(ts=1.0, name=7), r"\$.name: expected str"),  # type: ignore[arg-type]
        ({"kind": "alarm", "ts": 1}, r"\$.kind: expected one of"),
    ],
)
def test_what_is_no_record_is_refused_with_its_place(item: Any, text: str) -> None:
    with pytest.raises(RecordError, match=text):
        checked(item)


def test_records_without_id_are_named_by_their_number() -> None:
    records, rejected = read([{"ts": 1, "name": "a"}, 7, {"ts": 2, "name": "b"}, {"ts": 3, "name": "c", "id": "own"}])
    assert [record.id for record in records] == ["records:1", "records:3", "own"]
    assert rejected == ["records:2: $: expected a record or a mapping; got int"]


def test_one_record_is_a_source() -> None:
    alert = aiops.Alert(ts=1.0, name="a", id="x")
    assert read(alert)[0] == read({"ts": 1, "name": "a", "id": "x"})[0] == [alert]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (7, r"source: expected paths, records or a frame \(got int\)"),
        (b"alerts.jsonl", "got bytes"),
        (["alerts.jsonl", {"ts": 1, "name": "a"}], "paths and records are mixed"),
        (pd.DataFrame({"ts": [1.0], "title": ["a"]}), r"frame: no column 'name' \(got ts, title\); rename one to it"),
        (pd.DataFrame(), r"frame: no column 'ts' \(got none\)"),
        (pd.DataFrame([[1.0, "a", "b"]], columns=["ts", "name", "name"]), "two columns of one name"),
    ],
)
def test_what_is_no_source_is_refused(source: Any, text: str) -> None:
    with pytest.raises(aiops.UsageError, match=text):
        input_of(source)


def test_a_home_directory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.jsonl").write_text('{"kind":"alert","ts":1,"name":"a"}\n')
    assert [record.id for record in read("~/a.jsonl")[0]] == ["a:1"]


def test_only_a_frame_is_one() -> None:
    assert is_frame(pd.DataFrame())
    assert not is_frame(pd.Series([1]))
    assert not is_frame([{"columns": 1}])


def test_a_row_is_an_alert() -> None:
    frame = pd.DataFrame(
        {
            "ts": pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True),
            "name": ["DiskFull", "DiskFull"],
            "severity": pd.Categorical(["warning", "high"]),
            "severity_text": ["P4", None],
            "labels": [{"env": "prod"}, None],
            "labels.pod": ["web-0", None],
            "ends_at": [pd.NaT, pd.Timestamp("2026-01-02", tz="UTC")],
            "service": pd.array(["web", None], dtype="string"),
            "truth_incident": ["i1", None],
            "owner": ["alice", "bob"],
        }
    )
    records, rejected = read(frame)
    assert rejected == []
    first, second = records
    assert first == aiops.Alert(
        ts=1_767_225_600.0,
        name="DiskFull",
        id="frame:1",
        severity="P4",
        labels={"env": "prod", "pod": "web-0"},
        service="web",
        truth=Truth("i1"),
    )
    assert second == aiops.Alert(ts=1_767_312_000.0, name="DiskFull", id="frame:2", ends_at=1_767_312_000.0)


def test_times_of_a_frame_are_exact_to_the_nanosecond() -> None:
    frame = pd.DataFrame({"ts": [pd.Timestamp(1_767_225_600_123_456_789, tz="UTC")], "name": ["a"]})
    assert rows_of(frame)[0]["ts"] == 1_767_225_600_123_456_789 / 1_000_000_000


def test_rows_that_do_not_fit_are_rejected_one_by_one() -> None:
    frame = pd.DataFrame({"ts": [1.0, float("nan"), -5.0], "name": ["a", "b", "c"]})
    records, rejected = read(frame)
    assert [record.id for record in records] == ["frame:1"]
    assert [text.split(":")[1] for text in rejected] == ["2", "3"]
