"""The accuracy tables come from the JSON, and the page holds what the committed results say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.accuracy.__main__ import SUITES, main
from benchmarks.accuracy.report import Results, Suite, merged, place, report
from benchmarks.machine import ROOT
from benchmarks.page import on_page, write
from tests.benchmarks.test_tables import PLACE


def network(rule: str, networks: str, area: float) -> dict[str, Any]:
    row = {"table": "simul-attacks", "row": rule, "networks": networks, "knob": 0.5, "orders": 3, "spread": 0.002}
    return {**row, "area": area, "area_background": 0.96, "f1": 0.8, "tpr": 0.7, "tnr": 0.9, "mean_us": 0, "p99_us": 0}


GROUPING = Suite("grouping", PLACE, rows=[network("ours", name, 0.9) for name in ("all", "val", "val-0")])
NAB = Suite("nab", PLACE, rows=[{"table": "nab", "row": "ours", "standard": 75.64, "windows": "57/61", "alarms": None}])
CAUSES = Suite(
    "causes",
    PLACE,
    rows=[
        {"table": "shop: 9 cases", "row": "naive: a", "top-1": 0.25, "top-3": 0.5, "MRR": 0.3},
        {"table": "shop: 9 cases", "row": "naive: b", "top-1": 0.2, "top-3": 0.6, "MRR": 0.3},
        {"table": "shop: 9 cases", "row": "cold", "top-1": 0.5, "top-3": 0.75, "MRR": 0.3},
        {"table": "cost", "row": "10", "ms": 0.27},
    ],
)


def test_tables_hold_the_figures_of_the_rows() -> None:
    text = report(GROUPING)
    assert "| ours | all | 0.5 | 0.900 | 0.960 | 0.800 | 0.700 | 0.900 | 0.002 | 3 |  |  |" in text
    assert "| rule | val-0 |\n|---|---|\n| ours | 0.900 / 0.960, 0.800 |" in text
    assert "| ours | 75.6 | 57/61 |  |" in report(NAB)
    assert "| shop | 9 | 0.250 / 0.600 | 0.500 / 0.750 |" in report(CAUSES)
    assert "naive: a" not in report(CAUSES)
    assert all("abc1234" in report(suite) for suite in (GROUPING, NAB, CAUSES))


def test_a_suite_that_found_nothing_takes_nothing_away() -> None:
    found = merged(Results([GROUPING, NAB]), Results([Suite("nab", PLACE), CAUSES]), SUITES)
    assert found.suites == [GROUPING, NAB, CAUSES]


def test_the_page_is_filled_from_a_file_without_measuring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIOPS_DATA", str(tmp_path / "absent"))
    file, page = tmp_path / "accuracy.json", tmp_path / "page.md"
    write(file, Results([NAB, Suite("causes", PLACE)]))
    page.write_text(f"<!-- made by `{place('nab')}`: do not edit -->\n<!-- end of `{place('nab')}` -->\n")
    assert main(["--read", str(file), "--page", str(page)]) == 0
    assert on_page(page, place("nab")) == report(NAB)
    page.write_text("no marks")
    assert main(["--read", str(file), "--page", str(page)]) == 1
    assert "expected the lines" in capsys.readouterr().err


def test_committed_tables_are_made_from_the_committed_results() -> None:
    results = msgspec.json.decode((ROOT / "benchmarks" / "results" / "accuracy.json").read_bytes(), type=Results)
    page = ROOT / "benchmarks" / "RESULTS.md"
    assert {suite.name for suite in results.suites} >= set(SUITES) - {"grouping"}
    assert all(on_page(page, place(name)) for name in SUITES)
    for suite in results.suites:
        assert on_page(page, place(suite.name)) == report(suite)
