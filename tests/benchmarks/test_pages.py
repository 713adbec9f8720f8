"""The load on pages: a small run has all rows, and its figures are those of what was read."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from benchmarks.pages import site
from benchmarks.pages.__main__ import lines, main, run
from benchmarks.pages.reading import quantile
from tests.search.stored import NOW


def test_a_quantile_is_one_of_the_values() -> None:
    values = [float(number) for number in range(100)]
    assert (quantile(values, 0.5), quantile(values, 0.95), quantile([3.0], 0.95)) == (49.0, 94.0, 3.0)


def test_equal_sites_have_equal_incidents() -> None:
    assert site.incident(random.Random(1), 3, NOW) == site.incident(random.Random(1), 3, NOW)


def test_a_storm_is_whole() -> None:
    records = [json.loads(line) for body in site.storm(1_200, NOW) for line in body.splitlines()]
    assert len({one["id"] for one in records}) == 1_200
    assert all(NOW - 60 <= one["ts"] <= NOW for one in records)


@pytest.mark.slow
def test_a_run_reads_every_page() -> None:
    results = run(30, 100, 100.0, 2, 0.0)
    assert [row.page for row in results.rows][:2] == ["list", "list, searched"]
    assert all(row.answers == 2 and row.kilobytes > 5 and row.first_p50_ms > 0 for row in results.rows)
    assert results.alerts_a_second > 0
    assert sum("kB |" in line for line in lines(results)) == len(results.rows)


@pytest.mark.slow
def test_figures_are_kept_in_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "pages.json"
    main(["--incidents", "20", "--storm", "50", "--rate", "50", "--rounds", "1", "--out", str(out)])
    kept = json.loads(out.read_text())
    assert (kept["incidents"], kept["storm"]) == (20, 50)
    assert "| list |" in capsys.readouterr().out
