"""Archives: what is good is read, what is not is told and counted, nothing else is lost."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pytest

from aiops.archive import Rejections, read, write
from aiops.errors import UsageError
from aiops.records import Alert, Change, Incident, Record


def archive(path: Path, *lines: str) -> Path:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def line(ts: float, **fields: str) -> str:
    extra = "".join(f',"{name}":"{value}"' for name, value in fields.items())
    return f'{{"kind":"alert","ts":{ts},"name":"N"{extra}}}'


def test_bad_lines_are_told_with_file_line_and_field_and_good_ones_are_kept(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.jsonl", line(1), "nope", "", line(-4), '{"kind":"alert","ts":2}', line(3))
    rejections = Rejections()
    assert [record.ts for record in read([path], rejections) if isinstance(record, Alert)] == [1, 3]
    assert rejections.count == 3
    assert [(each.line, each.field) for each in rejections.kept] == [(2, "$"), (4, "$.ts"), (5, "$")]
    assert str(rejections.kept[1]) == f"{path}:4: $.ts: expected float >= 0.0; got -4"


def test_strict_stops_at_the_first(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.jsonl", line(1), "nope", line(2))
    with pytest.raises(UsageError, match=r"a\.jsonl:2"):
        list(read([path], Rejections(), strict=True))


def test_a_missing_id_is_the_file_and_the_line(tmp_path: Path) -> None:
    archive(tmp_path / "a.jsonl", line(1), "", line(2, id="mine"))
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(line(3).encode()))
    records = list(read([tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"], Rejections()))
    assert [record.id for record in records] == ["a:1", "mine", "b:1"]


def test_files_are_merged_by_time_and_keep_their_own_order(tmp_path: Path) -> None:
    one = archive(tmp_path / "one.jsonl", line(1, id="a"), line(5, id="b"), line(4, id="late"))
    two = archive(tmp_path / "two.jsonl", line(2, id="c"), line(4.5, id="d"))
    ids = [record.id for record in read([one, two], Rejections())]
    assert ids.index("c") < ids.index("b") < ids.index("late")
    assert sorted(ids) == ["a", "b", "c", "d", "late"]


def test_an_overlong_line_costs_no_memory_and_no_neighbour(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(line(1) + "\n" + line(2, message="x" * 10_000_000) + "\n" + line(3) + "\n", encoding="utf-8")
    rejections = Rejections()
    assert [record.id for record in read([path], rejections)] == ["a:1", "a:3"]
    assert "bytes" in rejections.kept[0].expected


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line(1).encode())))
    assert [record.id for record in read(["-"], Rejections())] == ["stdin:1"]


@pytest.mark.parametrize("name", ["absent.jsonl", "absent.jsonl.gz", ""])
def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=name or "directory"):
        list(read([tmp_path / name], Rejections()))


def test_a_gzip_that_is_cut_off_or_none_is_told(tmp_path: Path) -> None:
    whole = gzip.compress(b"\n".join(line(at).encode() for at in range(1000)))
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "plain.jsonl.gz").write_bytes(b"no gzip")
    for name in ("cut.jsonl.gz", "plain.jsonl.gz"):
        with pytest.raises(UsageError, match=name):
            list(read([tmp_path / name], Rejections()))


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_what_is_written_is_read_and_equal_records_give_equal_bytes(tmp_path: Path, name: str) -> None:
    records: list[Record] = [
        Alert(ts=1.5, name="N", id="a", labels={"k": "ü\n"}),
        Change(ts=2.0, entity="e", name="deploy", id="c"),
        Incident(id="i", opened_at=3.0, alerts=["a", Alert(ts=1, name="N")]),
    ]
    write(tmp_path / name, records)
    (tmp_path / "copy").mkdir()
    write(tmp_path / "copy" / name, records)
    assert list(read([tmp_path / name], Rejections())) == records
    assert (tmp_path / name).read_bytes() == (tmp_path / "copy" / name).read_bytes()
