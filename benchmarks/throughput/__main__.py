"""`python -m benchmarks.throughput`: every load in processes of its own, tables, results as JSON, a comparison.

python -m benchmarks.throughput --out results.json --page benchmarks/RESULTS.md
python -m benchmarks.throughput --compare HEAD~5 --only storms --scale 0.2
python -m benchmarks.throughput --compare before.json after.json
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.page import FOLD, deliver
from benchmarks.throughput import compare, http
from benchmarks.throughput.load import LARGE, LOADS, Load
from benchmarks.throughput.report import report
from benchmarks.throughput.results import Results, measure_all, merged, read

# Two agree by chance half the time, five once in sixteen.
COMPARED, REPEATS = 5, 3


def main() -> int:
    """Parse the command line and run; 0 done, 1 failed, 2 wrong usage."""
    options = _options()
    loads = chosen(options.only, options.large)
    try:
        if options.compare:
            print(_compared(options.compare, loads, options.repeats or COMPARED, options.scale))
            return 0
        results = read(options.read) if options.read else _measured(loads, options)
        if options.keep and options.out and options.out.exists():
            results = merged(read(options.out), results)
    except (OSError, RuntimeError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    deliver(results, report(results), FOLD, options.out, options.page)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks.throughput", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", default=[], help="only loads whose name holds this; repeatable")
    parser.add_argument("--large", action="store_true", help="also a million and ten million alerts")
    parser.add_argument("--scale", type=float, default=1.0, help="shorter loads: 0.1 is a tenth of the alerts")
    parser.add_argument("--repeats", type=int, help=f"default {REPEATS}, {COMPARED} for a comparison")
    parser.add_argument("--no-http", action="store_true", help="without the servers")
    parser.add_argument("--rounds", type=int, default=8, help="how often the servers get all their batches")
    parser.add_argument("--out", type=Path, help="write the results as JSON")
    parser.add_argument("--keep", action="store_true", help="keep the rows in the file that are not measured now")
    parser.add_argument("--read", type=Path, help="make the tables from this file of results instead of measuring")
    parser.add_argument("--page", type=Path, help="put the tables between the marks of this page")
    parser.add_argument("--compare", nargs="+", metavar="REV|FILE", help="a revision with this checkout, or two files")
    options = parser.parse_args()
    if not 0.0 < options.scale <= 1.0:
        parser.error(f"--scale: expected above 0 up to 1, got {options.scale:g}")
    if options.repeats is not None and options.repeats < 1:
        parser.error(f"--repeats: expected at least 1, got {options.repeats}")
    if options.compare and len(options.compare) > 2:
        parser.error("--compare: expected a revision, or two files of results")
    return options


def chosen(only: list[str], large: bool) -> list[Load]:
    """The loads whose name holds one of the texts; all without texts."""
    loads = (*LOADS, *LARGE) if large else LOADS
    return [load for load in loads if not only or any(text in load.name for text in only)]


def _measured(loads: list[Load], options: argparse.Namespace) -> Results:
    results = Results(machine(), options.scale)
    measure_all(results, loads, options.repeats or REPEATS)
    if not options.no_http:
        results.servers = http.run(options.rounds)
    return results


def _compared(what: list[str], loads: list[Load], repeats: int, scale: float) -> str:
    if len(what) == 2:
        before, after = (read(Path(name)) for name in what)
        found = compare.from_files(before, after)
        return compare.table(before.machine.revision, after.machine.revision, found)
    before_name = compare.name_of(what[0])
    return compare.table(before_name, compare.here(), compare.in_turn(what[0], loads, repeats, scale))


if __name__ == "__main__":
    sys.exit(main())
