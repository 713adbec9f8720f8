"""The accuracy suites run by one command, skip in one line where their data is absent, and write their rows."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest
from rich.table import Table

from benchmarks.accuracy.__main__ import FORMS, SUITES, main
from benchmarks.accuracy.report import Results
from benchmarks.machine import ROOT
from benchmarks.tables import Tables

# Simulated sites need no data.
READING = [name for name in SUITES if name != "first_response"]


def test_every_suite_skips_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIOPS_DATA", str(tmp_path))
    out = tmp_path / "out.json"
    assert main([*READING, "--out", str(out)]) == 0
    parts = capfd.readouterr().out.split("\n== ")[1:]
    assert [part.split(" ")[0] for part in parts] == READING
    for part in parts:
        said = part.splitlines()[1]
        assert "skipped" in said
        assert "AIOPS_DATA" in said
        assert part.splitlines()[2].startswith("(")
    assert [suite.rows for suite in msgspec.json.decode(out.read_bytes(), type=Results).suites] == [[]] * len(READING)


def test_nothing_is_run_without_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIOPS_DATA", str(tmp_path / "absent"))
    assert main([]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_rows_and_the_machine_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two series with an outlier in their window."""
    folder = tmp_path / "nab" / "made"
    folder.mkdir(parents=True)
    for name in ("one", "two"):
        samples = [
            {"kind": "metric", "ts": 300.0 * at, "entity": name, "name": "m", "value": 90.0 if at == 900 else at % 7}
            for at in range(1_200)
        ]
        windows = [{"kind": "incident", "id": name, "opened_at": 300.0 * 890, "resolved_at": 300.0 * 910}]
        for kind, records in (("metrics", samples), ("incidents", windows)):
            with gzip.open(folder / f"{name}.{kind}.jsonl.gz", "wb") as handle:
                handle.writelines(msgspec.json.encode(record) + b"\n" for record in records)
    monkeypatch.setenv("AIOPS_DATA", str(tmp_path))
    out = tmp_path / "out.json"
    assert main(["--only", "nab", "--out", str(out)]) == 0
    results = msgspec.json.decode(out.read_bytes(), type=Results)
    [suite] = results.suites
    assert suite.machine.cores >= 1
    assert [row["row"] for row in suite.rows][:3] == [
        "novelty (ours)",
        "novelty (ours), shipped threshold",
        "novelty (ours), threshold of the other half",
    ]
    assert suite.rows[0]["standard"] > suite.rows[-2]["standard"]


@pytest.mark.parametrize("arguments", [["--only", "nothing"], ["nothing"]])
def test_a_suite_that_is_none_is_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "grouping" in capsys.readouterr().err


def test_forms_exclude_each_other_and_are_known_to_their_suites() -> None:
    with pytest.raises(SystemExit):
        main(["--quick", "--full"])
    for name, forms in FORMS.items():
        text = (ROOT / "benchmarks" / "accuracy" / f"{name}.py").read_text()
        assert set(forms) == {"quick", "one", "full"}
        assert all(f'"{words[0]}"' in text for words in forms.values() if words)


def test_every_suite_has_its_module() -> None:
    assert all((ROOT / "benchmarks" / "accuracy" / f"{name}.py").exists() for name in SUITES)


def test_tables_become_rows(tmp_path: Path) -> None:
    tables = Tables()
    table = Table("", "top-1", "top-3", "history top-1", "top-3", title="two\nlines")
    table.add_row("ours", ".500", "1,000", "a", "b")
    tables.show(table)
    tables.add("plain", {"row": "x", "cost": 1.5})
    tables.write(tmp_path / "rows.json")
    tables.write(None)
    assert msgspec.json.decode((tmp_path / "rows.json").read_bytes()) == [
        {
            "table": "two lines",
            "row": "ours",
            "top-1": 0.5,
            "top-3": 1000.0,
            "history top-1": "a",
            "history top-1 top-3": "b",
        },
        {"table": "plain", "row": "x", "cost": 1.5},
    ]
