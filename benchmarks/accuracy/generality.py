"""Generality: one set of defaults on every development stream, the worst row first, beside session gaps and goals.

    python -m benchmarks.accuracy.generality [--rows PATTERN] [--orders N] [--set NAME=VALUE] [--json FILE]

Protocol: each stream passes once, in time order, through a correlator that has seen nothing, at its defaults. Recorded
streams are placed in `--orders` orders of their equal time stamps, simulated ones with several seeds. Figures are
means, `±` is half the range. F1, precision and recall count pairs of labelled alerts. Local faults also count pairs
with noise; among isolated faults every unrelated alert is an incident of its own. `pieces` are the clusters of a fault,
`foreign` the share of alerts in a cluster that another fault began. `distance` compares with the highest of the goal,
the session gaps of 60, 120 and 300 s in hindsight, and the same faults without a graph. Unrelated alerts are held to
the share that is not `foreign`. Attack networks have macro F1 at the default, TNR and TPR, and the areas without and
with background over seven points of the knob; the worst of the three makes their distance.

`--set` changes a key of `correlate`, a field of the correlator's weights or a constant of its modules (interpreted
only; what other constants were computed from it stays). `--leave-one-out` tries a grid of such settings: for each
family of rows it takes what is best for the mean of the other families, and reports the family's rows at that. Rows are
made in `--jobs` processes, with the same results.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.accuracy.generality_attacks import ATTACK_BY_NAME
from benchmarks.accuracy.generality_leave_out import choices, leave_out
from benchmarks.accuracy.generality_measure import GAPS_S, Line
from benchmarks.accuracy.generality_rows import BY_NAME
from benchmarks.accuracy.generality_run import Plan, is_recorded, lines, lines_of, present, rows_of
from benchmarks.accuracy.generality_settings import Settings, applied, pairs
from benchmarks.data import data_folder
from benchmarks.page import write
from benchmarks.pool import cores

HEAD = f"{'':38} {'dist.':>6} {'goal':>5}  {'F1':>5} {'±':>5} {'P':>5} {'R':>5} {'pcs':>5} {'forgn':>5}"


def main(arguments: Sequence[str]) -> int:
    """Print the table; 0 also where the data is absent, 2 for usage."""
    command = parser()
    options = command.parse_args(arguments)
    root = data_folder()
    try:
        given = pairs(options.set)
        tried = choices(options.leave_one_out, given)
        for each in tried:
            with applied(each) as settings:
                if options.end_to_end and settings.weights != Settings.default().weights:
                    raise ValueError("--end-to-end: the engine has no other weights than the defaults; leave --set out")
    except ValueError as error:
        command.error(str(error))
    rows = rows_of(options.rows, options.all)
    if not rows:
        known = ", ".join([*BY_NAME, *ATTACK_BY_NAME])
        command.error(f"--rows: no row fits (got {' '.join(options.rows)}); rows are {known}")
    rows = present(rows, root)
    if not options.rows and not any(is_recorded(row) for row in rows):
        # As the other suites do; simulated rows are measured where they are named.
        rows = []
    plan = Plan(root or Path(), options.orders, options.jobs, options.end_to_end)
    found = leave_out(tried, lines_of(rows, plan, tried)) if options.leave_one_out else lines(rows, plan, given)
    show(found)
    if options.json:
        write(options.json, found)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="benchmarks.accuracy.generality", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument(
        "--rows", action="append", default=[], metavar="PATTERN", help="rows it fits; !PATTERN: not these"
    )
    made.add_argument("--all", action="store_true", help="the large attack networks too, which take minutes")
    made.add_argument("--end-to-end", action="store_true", help="incidents a fault too, through the whole engine")
    made.add_argument("--orders", type=int, choices=range(1, 10), default=3, metavar="N", help="orders; default 3")
    made.add_argument("--quick", dest="orders", action="store_const", const=1, help="one order")
    made.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting; repeatable")
    text = "choose the values on the other families; repeatable"
    made.add_argument("--leave-one-out", action="append", default=[], metavar="NAME=A,B,C", help=text)
    made.add_argument("--jobs", type=int, default=cores(), help="processes; default one a core")
    made.add_argument("--json", type=Path, help="write the rows as JSON")
    return made


def show(found: Sequence[Line]) -> None:
    """Print lines for a person."""
    if not found:
        return
    print(f"{HEAD}   {'  '.join(f'gap{gap_s:>3}' for gap_s in GAPS_S)}  no graph     µs  p99")
    for each in found:
        cells = [_cell(each, name, 5) for name in ("f1", "spread", "precision", "recall", "pieces", "foreign")]
        gaps = "  ".join(_cell(each, f"gap {gap_s} s", 6) for gap_s in GAPS_S)
        print(
            f"{each['row']:38} {each['distance']:+6.3f} {_cell(each, 'goal', 5)}  {' '.join(cells)}   {gaps}"
            f"  {_cell(each, 'no graph', 8)} {each['mean us']:6.1f} {each['p99 us']:4.0f}{_more(each)}",
            flush=True,
        )


def _more(each: Line) -> str:
    """Figures that not all rows have, and that no goal in the table is for."""
    found = []
    if each.get("most pieces") is not None and each["pieces"] > each["most pieces"]:
        found.append(f"pieces above {each['most pieces']}")
    if "area" in each:
        found.append(f"area {each['area']:.3f} / {each['area with background']:.3f}")
    if "incidents" in each:
        found.append(f"F1 {each['engine f1']:.3f}, {each['incidents']:.2f} incidents a fault")
        found.append(f"opened {each['opened']:.2f}, found {each['found']:.2f}")
    return f"  {', '.join(found)}"


def _cell(each: Line, name: str, width: int) -> str:
    value = each.get(name)
    if not isinstance(value, float | int):
        return " " * width
    return f"{value:.3f}".rjust(width) if value < 10 else f"{value:.1f}".rjust(width)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
