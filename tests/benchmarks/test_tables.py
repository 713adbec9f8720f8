"""Tables come from the JSON, two revisions are told apart, and the page holds what the committed results say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest

from benchmarks.machine import ROOT, Machine, machine, revision
from benchmarks.page import DAEMON, FOLD, on_page, put, write
from benchmarks.throughput import daemon
from benchmarks.throughput.__main__ import chosen
from benchmarks.throughput.compare import Pairs, from_files, in_turn, name_of, table
from benchmarks.throughput.cost import Cost
from benchmarks.throughput.http import Row as Server
from benchmarks.throughput.latency import Latency
from benchmarks.throughput.load import LARGE, LOADS, Load
from benchmarks.throughput.quality import Quality
from benchmarks.throughput.report import report
from benchmarks.throughput.results import Results, Row, merged, read

PLACE = Machine("CPython 3.11", "a processor", 2, 24.0, "Linux", "abc1234", "2026-01-01T00:00:00+00:00", 0.5)
TIMES = {"p50": 10.0, "p99": 20.0, "p999": 30.0, "max": 1_234.5}


def costs(*folds: float, floor: float = 1.0) -> list[Cost]:
    return [Cost(1_000, 0.5, 0.8, floor, fold, [fold, fold * 2], 3) for fold in folds]


def results(*folds: float, floor: float = 1.0, digest: str = "d") -> Results:
    load = Load("storms of 10", "storm", 1_000, 10, 10)
    row = Row(
        load,
        costs(*folds, floor=floor),
        Latency(TIMES, TIMES, 0.9, 26.0, 52.4),
        Quality(1_000, 150, 0.85, 100, 1.5, 1.0, 0.98, 0.75, digest),
    )
    return Results(PLACE, 1.0, [row])


def test_tables_hold_the_figures_of_the_results() -> None:
    text = report(results(20.0, 22.0, 24.0))
    assert "abc1234" in text
    assert "| storms of 10 | 1,000 | 0.50 | 0.80 | 1.00 | 22.0 | 9% | 28 | 45,455 | 2.00 |" in text
    assert "| storms of 10 | 10.0 | 20 | 30 | 1,234 | 10.0 | 20 | 30 | 0/0/0 | 0 | 26 → 52 |" in text
    assert "| storms of 10 | 1,000 | 150 | 0.850 | 100 | 0.98 | 1.50 | 1.00 | 0.750 |" in text


def test_memory_at_half_shows_whether_it_grows() -> None:
    run = results(20.0)
    assert run.rows[0].latency is not None
    run.rows[0].latency.half_mib = 51.0
    assert "| 26 → 52 (half 51) |" in report(run)


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    run = results(20.0)
    run.rows.append(Row(Load("lone", "unique", 10), costs(5.0), None, Quality(10, 3, 0.7)))
    cells: set[int] = set()
    for line in report(run).splitlines():
        if not line.startswith("|"):
            cells.clear()
            continue
        cells.add(line.count("|"))
        assert len(cells) == 1, line


def test_results_survive_their_file(tmp_path: Path) -> None:
    run = results(20.0, 21.0)
    write(tmp_path / "results.json", run)
    assert read(tmp_path / "results.json") == run


def test_rows_that_are_measured_again_replace_their_own_only() -> None:
    before, after = results(20.0), results(30.0)
    before.rows.append(Row(LOADS[0], costs(5.0)))
    before.rows.append(Row(Load("of the past", "unique", 10), costs(5.0)))
    after.machine = msgspec.structs.replace(PLACE, revision="def5678")
    found = merged(before, after)
    assert [row.revision for row in found.rows] == ["abc1234", ""]
    assert f"another revision: {LOADS[0].name} (abc1234)." in report(found)
    assert [(row.name, row.cost("fold")) for row in found.rows] == [(LOADS[0].name, 5.0), ("storms of 10", 30.0)]
    with pytest.raises(ValueError, match="scale"):
        merged(Results(PLACE, 0.1), after)


def test_the_page_keeps_what_stands_around_the_tables(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    marks = [(f"<!-- made by `{place}`: do not edit -->", f"<!-- end of `{place}` -->") for place in (FOLD, DAEMON)]
    page.write_text("above\n" + "between\n".join(f"{first}\nold\n{last}\n" for first, last in marks) + "below\n")
    put(page, FOLD, "one")
    put(page, DAEMON, "two")
    put(page, FOLD, "three")
    assert (on_page(page, FOLD), on_page(page, DAEMON)) == ("three", "two")
    rest = page.read_text()
    for word in ("above\n", "between\n", "below\n"):
        assert word in rest
    page.write_text("no marks")
    with pytest.raises(ValueError, match="expected the lines"):
        put(page, FOLD, "new")


def test_committed_tables_are_made_from_the_committed_results() -> None:
    run = read(ROOT / "benchmarks" / "results" / "throughput.json")
    assert on_page(ROOT / "benchmarks" / "RESULTS.md", FOLD) == report(run)
    whole = daemon.read(ROOT / "benchmarks" / "results" / "daemon.json")
    assert on_page(ROOT / "benchmarks" / "RESULTS.md", DAEMON) == daemon.report(whole)


def test_five_pairs_that_agree_beyond_the_noise_decide() -> None:
    old = [10.0, 10.2, 9.9, 10.1, 10.0]
    assert Pairs("x", old, [each * 0.8 for each in old]).verdict() == "faster"
    assert Pairs("x", old, [each * 1.3 for each in old]).verdict() == "slower"
    assert Pairs("x", old, [9.9, 10.3, 9.8, 10.2, 9.9]).verdict() == "no difference shown"
    assert Pairs("x", old, [each * 1.001 for each in old]).verdict() == "no difference shown"
    assert Pairs("x", old[:3], [5.0, 5.0, 5.0]).verdict() == "no difference shown"


def test_files_of_two_machines_are_compared_by_the_floor() -> None:
    """The second machine is half as fast, and the revision measured there a quarter cheaper."""
    before = results(20.0, 20.0, 20.2, 19.9, 20.1)
    after = results(30.0, 30.0, 30.3, 29.9, 30.1, floor=2.0, digest="other")
    [pairs] = from_files(before, after)
    assert pairs.ratios() == pytest.approx([0.75] * 5, rel=0.02)
    assert (pairs.verdict(), pairs.same) == ("faster", False)
    text = table("abc1234", "def5678", [pairs])
    assert "| storms of 10 | 20.00 | 15.00 | 0.750 |" in text
    assert "| faster | differ |" in text


def test_loads_of_other_lengths_are_not_compared() -> None:
    after = results(30.0)
    after.rows[0].costs[0].alerts = 10
    assert from_files(results(20.0), after) == []


def test_loads_are_chosen_by_part_of_their_name() -> None:
    assert chosen([], False) == list(LOADS)
    assert chosen([], True) == [*LOADS, *LARGE]
    assert {load.mix for load in chosen(["storms", "unique"], False)} == {"storm", "unique"}


def test_servers_have_rows_with_ratios() -> None:
    run = results(20.0)
    run.servers = [
        Server("aiops run", "new", 64, True, [80.0, 90.0, 91.0], 120.0, 1_000.0, 1.0, 2.0, 150.0),
        Server("Alertmanager", "new", 64, False, [30.0, 29.0, 33.0], 40.0, 2_000.0, 1.0, 2.0, 60.0),
    ]
    assert "| aiops run | new | 64 | 90.0 | 80.0 to 91.0 | 3.00 | 120.0 | 3.00 | 1,000 |" in report(run)
    del run.servers[1]
    assert "| aiops run | new | 64 | 90.0 | 80.0 to 91.0 |  | 120.0 |  | 1,000 |" in report(run)


def test_the_machine_is_told() -> None:
    here = machine()
    assert here.cores >= 1
    assert here.python.split()[1].startswith("3.")
    assert here.revision in str(here)


def git_works() -> bool:
    return revision(ROOT) != "unknown"


@pytest.mark.skipif(not git_works(), reason="not a git work tree")
def test_a_revision_is_measured_beside_this_checkout() -> None:
    """The last commit against itself: the decisions are the same, and the checkout is taken away again."""
    [pairs] = in_turn("HEAD", chosen(["lone alerts"], False), 1, 0.05)
    assert len(pairs.before) == len(pairs.after) == 1
    assert pairs.same is not None
    listed = subprocess.run(["git", "worktree", "list"], cwd=ROOT, capture_output=True, check=True).stdout
    assert b"aiops-compare" not in listed


def test_what_is_no_commit_is_refused() -> None:
    with pytest.raises(RuntimeError, match="expected a commit"):
        name_of("no-such-revision")
