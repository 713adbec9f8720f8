"""`python -m benchmarks.accuracy [--quick | --full] [--only SUITE] [--out FILE]`: all accuracy tables, with naive rows.

Everything is measured once, within a quarter of an hour on one core; `--full` repeats what depends on the order within
equal time stamps for three orders, `--quick` takes a part of the data and two minutes. A suite whose data is absent
says so in one line and is skipped. The file of results has the machine's facts and the rows of every suite.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from benchmarks.data import data_folder
from benchmarks.machine import Machine, machine
from benchmarks.page import write

# In the order in which an alert meets them.
SUITES = ("grouping", "nab", "detectors", "causes", "causes_class", "playbooks")
# What a suite is told for a form of the run; the others have one form only, of a minute at most.
FORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "grouping": {"quick": ("--quick",), "one": ("--seeds", "1"), "full": ("--seeds", "3")}
}


class Suite(Struct):
    """What a suite found: its rows, none where its data is absent; its exit code."""

    name: str
    seconds: float = 0.0
    code: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)


class Results(Struct):
    """A run."""

    machine: Machine
    form: str
    suites: list[Suite] = field(default_factory=list)


def main(arguments: list[str]) -> int:
    """Run the suites named, or all; the exit code is that of the worst, 2 for wrong usage."""
    options = _options(arguments)
    if data_folder() is None:
        print("skipped: the measuring data is not here (set AIOPS_DATA to its folder)")
        return 0
    results = Results(machine(), options.form)
    wanted = [*options.suites, *options.only]
    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as directory:
        for name in [suite for suite in SUITES if not wanted or suite in wanted]:
            print(f"\n== {name} ==", flush=True)
            suite = run(name, options.form, Path(directory) / f"{name}.json")
            print(f"({name}: {suite.seconds:.0f} s)", flush=True)
            results.suites.append(suite)
    print(f"\n{results.machine}")
    if options.out:
        write(options.out, results)
    return max((suite.code for suite in results.suites), default=0)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks.accuracy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"one of {', '.join(SUITES)}; default all")
    parser.add_argument("--only", action="append", default=[], choices=SUITES, help="the same; repeatable")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--quick", dest="form", action="store_const", const="quick", help="a part of the data")
    forms.add_argument(
        "--full", dest="form", action="store_const", const="full", help="three orders within equal times"
    )
    parser.set_defaults(form="one")
    parser.add_argument("--out", type=Path, help="write the results as JSON")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.suites if name not in SUITES]
    if unknown:
        parser.error(f"{unknown[0]}: expected one of {', '.join(SUITES)}")
    return options


def run(name: str, form: str, path: Path) -> Suite:
    """One suite in a process of its own; it writes its rows to `path`."""
    command = [sys.executable, "-m", f"benchmarks.accuracy.{name}", "--json", str(path)]
    command += FORMS.get(name, {}).get(form, ())
    started = time.monotonic()
    code = subprocess.run(command, check=False).returncode
    rows = msgspec.json.decode(path.read_bytes()) if path.exists() else []
    return Suite(name, round(time.monotonic() - started, 1), code, rows)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
