"""The grouping benchmark on made data: processes find what one does, and the rest runs where a set is absent."""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest

from benchmarks.accuracy import grouping
from benchmarks.accuracy.grouping_data import overlay_names
from benchmarks.accuracy.grouping_overlays import overlay_rows, sign_test, simulated_rows
from benchmarks.accuracy.grouping_rules import COLD, RULES, UNION
from benchmarks.data import available

TIMES = ("mean_us", "p99_us")


def write_alerts(path: Path, shift: int, step_s: int = 1) -> None:
    """Two attacks of five types each, some at the same time, and noise around them."""
    lines = []
    for at in range(60):
        lines.append({"ts": 1000.0 + 400 * at, "name": f"noise-{at % 3}", "entity": "host-9"})
    for attack in range(2):
        for at in range(40):
            truth = {"incident": f"scan.{attack}.{shift}"}
            start = 9_000.0 + 3_000 * attack + at // 4 * step_s + shift
            lines.append({"ts": start, "name": f"type-{at % 5}", "entity": f"host-{attack}", "truth": truth})
    lines.sort(key=lambda line: float(line["ts"]))  # type: ignore[arg-type]
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wb") as handle:
        for number, line in enumerate(lines):
            handle.write(msgspec.json.encode({"kind": "alert", "id": str(number), **line}) + b"\n")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three small networks."""
    for number, name in enumerate(("train-0", "train-1", "val-0")):
        write_alerts(tmp_path / "ait-ads-a" / f"simul-attacks.{name}.jsonl.gz", number)
    monkeypatch.setenv("AIOPS_DATA", str(tmp_path))
    return tmp_path


def options(**given: Any) -> argparse.Namespace:
    return argparse.Namespace(**{"quick": False, "network": [], "seeds": 2, "jobs": 1, **given})


def without_times(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in TIMES} for row in rows]


def test_two_processes_find_what_one_does(data: Path) -> None:
    one, two = (
        grouping.network_rows(data, "simul-attacks", (COLD, UNION), options(quick=True, jobs=jobs)) for jobs in (1, 2)
    )
    assert without_times(one) == without_times(two)
    assert simulated_rows(1, 2) == simulated_rows(2, 2)


def test_every_rule_has_rows_for_all_the_split_and_each_network(data: Path) -> None:
    rows = grouping.network_rows(data, "simul-attacks", RULES, options())
    assert {row["row"] for row in rows} == {rule.name for rule in RULES}
    assert [row["networks"] for row in rows[:6]] == ["all", "train", "val", "train-0", "train-1", "val-0"]
    assert {row["row"]: row["orders"] for row in rows} == {rule.name: 2 if rule.ordered else 1 for rule in RULES}
    assert all(0.0 <= row["f1"] <= 1.0 and row["spread"] >= 0.0 for row in rows)
    assert max(row["area"] for row in rows) > 0.5


def test_one_network_is_measured_as_among_all(data: Path) -> None:
    every = grouping.network_rows(data, "simul-attacks", RULES[:4], options())
    alone = grouping.network_rows(data, "simul-attacks", RULES[:4], options(network=["val-0"]))
    wanted = [row for row in every if row["networks"] == "val-0"]
    assert without_times([row for row in alone if row["networks"] == "val-0"]) == without_times(wanted)


def test_a_missing_set_is_told_in_one_line_and_the_rest_runs(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = data / "rows.json"
    monkeypatch.setattr("sys.argv", ["grouping", "--quick", "--jobs", "1", "--json", str(out)])
    assert grouping.main() == 0
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if "skipped" in line] == [said[0]]
    assert "microservice-faults" in said[0]
    assert {row["table"] for row in msgspec.json.decode(out.read_bytes())} == {
        "simulated local faults",
        "simul-attacks",
    }


def test_overlays_of_any_system_are_measured(data: Path) -> None:
    folder = data / "microservice-faults" / "shop"
    write_alerts(folder / "overlay-300.jsonl.gz", 0)
    (folder / "topology.json").write_text('{"nodes": [{"id": "host-0", "kind": "host"}], "edges": []}')
    assert overlay_names(data) == ["shop 300 s"]
    [row] = overlay_rows(data, ["shop 300 s"], 2, 1)
    assert (row["row"], row["orders"]) == ("shop 300 s", 2)
    assert 0.0 < row["f1"] <= 1.0


def test_the_folder_is_given_where_anything_is_there(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert available(["ait-ads-a/*", "nab/*"]) == data.resolve()
    assert "nab/*" in capsys.readouterr().out
    assert available(["ait-ads-a/*"]) is not None
    assert capsys.readouterr().out == ""
    assert available(["nab/*"]) is None


def test_more_seeds_are_surer() -> None:
    assert sign_test([0.1] * 20) < 1e-5
    assert sign_test([0.1, -0.1] * 5) == 1.0
    assert sign_test([]) == 1.0
    assert sign_test([0.2] * 9 + [-0.1]) == pytest.approx(22 / 1024)
