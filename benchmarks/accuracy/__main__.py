"""`python -m benchmarks.accuracy [--quick | --one] [--only SUITE] [--out FILE] [--page PAGE]`: all accuracy tables.

What depends on the order within equal time stamps is measured for three orders, on all cores; `--one` takes one order,
`--quick` a part of the data and two minutes. A suite whose data is absent says so in one line and is skipped. The file
of results has the rows of every suite with the machine's facts; the tables of the page are made from it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.accuracy.report import Results, Suite, fill, merged
from benchmarks.data import data_folder
from benchmarks.machine import machine
from benchmarks.page import write
from benchmarks.pool import cores

# In the order in which an alert meets them.
SUITES = (
    "generality", "grouping", "feedback", "nab", "cloud_monitoring", "detectors",
    "causes", "causes_ablation", "playbooks", "first_response",
)  # fmt: skip
# What a suite is told for a form of the run; the others have one form only. What stands here is
# also told how many processes it may use.
FORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "generality": {
        "quick": ("--quick",),
        "one": ("--all", "--end-to-end", "--orders", "1"),
        "full": ("--all", "--end-to-end", "--orders", "3"),
    },
    "causes": {"quick": (), "one": (), "full": ()},
    "feedback": {
        "quick": ("--rows", "site", "--budgets", "0,50"),
        "one": ("--errs",),
        "full": ("--errs", "--orders", "3"),
    },
    "first_response": {"quick": ("--quick",), "one": (), "full": ("--sites", "2")},
    "grouping": {"quick": ("--quick",), "one": ("--seeds", "1"), "full": ("--seeds", "3")},
}


def main(arguments: list[str]) -> int:
    """Run the suites named, or all; return the worst exit code, 1 also where the page has no place, 2 for usage."""
    options = _options(arguments)
    if options.read is None and data_folder() is None:
        print("skipped: the measuring data is not here (set AIOPS_DATA to its folder)")
        return 0
    try:
        results = _read(options.read) if options.read else _measured(options)
        if options.keep and options.out and options.out.exists():
            results = merged(_read(options.out), results, SUITES)
        if options.out:
            write(options.out, results)
        if options.page:
            fill(options.page, results)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return max((suite.code for suite in results.suites), default=0)


def _measured(options: argparse.Namespace) -> Results:
    results = Results()
    wanted = [*options.suites, *options.only]
    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as directory:
        for name in [suite for suite in SUITES if not wanted or suite in wanted]:
            print(f"\n== {name} ==", flush=True)
            suite = run(name, options.form, Path(directory) / f"{name}.json", options.jobs)
            print(f"({name}: {suite.seconds:.0f} s)", flush=True)
            results.suites.append(suite)
    print(f"\n{machine()}")
    return results


def _read(path: Path) -> Results:
    return msgspec.json.decode(path.read_bytes(), type=Results)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks.accuracy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"one of {', '.join(SUITES)}; default all")
    parser.add_argument("--only", action="append", default=[], choices=SUITES, help="the same; repeatable")
    forms = parser.add_mutually_exclusive_group()
    for form, text in (("quick", "a part of the data"), ("one", "one order within equal times"), ("full", "default")):
        forms.add_argument(f"--{form}", dest="form", action="store_const", const=form, help=text)
    parser.set_defaults(form="full")
    parser.add_argument("--jobs", type=int, default=cores(), help="processes; default one a core")
    parser.add_argument("--out", type=Path, help="write the results as JSON")
    parser.add_argument("--keep", action="store_true", help="keep the suites in the file that are not measured now")
    parser.add_argument("--read", type=Path, help="take the results from this file instead of measuring")
    parser.add_argument("--page", type=Path, help="put the tables between the marks of this page")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.suites if name not in SUITES]
    if unknown:
        parser.error(f"{unknown[0]}: expected one of {', '.join(SUITES)}")
    return options


def run(name: str, form: str, path: Path, jobs: int = 1) -> Suite:
    """One suite in a process of its own; it writes its rows to `path`."""
    here = machine()
    command = [sys.executable, "-m", f"benchmarks.accuracy.{name}", "--json", str(path)]
    if name in FORMS:
        command += [*FORMS[name][form], "--jobs", str(jobs)]
    started = time.monotonic()
    code = subprocess.run(command, check=False).returncode
    rows = msgspec.json.decode(path.read_bytes()) if path.exists() else []
    return Suite(name, here, form, round(time.monotonic() - started, 1), code, rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
