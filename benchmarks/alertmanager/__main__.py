"""`python -m benchmarks.alertmanager`: behaviour by behaviour beside the real Alertmanager.

Both run the same configuration, ours as `aiops config from-alertmanager` translates it. The exit code is 1 if a
difference has no reason.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks.alertmanager.configuration import configuration, mute_end
from benchmarks.alertmanager.scenarios import AT_ONCE, QUICK, Row, Sides, grouping, restart, unmuted
from benchmarks.alertmanager.sides import BINARY, both_sides
from benchmarks.page import put

# What the table in a page is made by.
PLACE = "python -m benchmarks.alertmanager --page"
Scenario = Callable[[Sides], list[Row]]
# Scenarios begin a little apart: alerts of one moment are, to the correlator, more likely to belong together.
APART_S = 0.7


def run(folder: Path, *, quick: bool = False) -> list[Row]:
    """Run the scenarios; return a row for each behaviour."""
    begun = time.time()
    with both_sides(folder, partial(configuration, at=begun)) as made:
        both, end = (made.theirs, made.ours), mute_end(begun)
        if quick:
            return _at_once(both, QUICK)
        with ThreadPoolExecutor(1) as pool:
            grouped = pool.submit(grouping, (made.theirs, made.grouping))
            rows = _at_once(both, (partial(unmuted, end=end), *AT_ONCE))
            rows = [*grouped.result(), *rows]
        return [*rows, *restart(both)]


def _at_once(both: Sides, scenarios: Sequence[Scenario]) -> list[Row]:
    def later(number: int, scenario: Scenario) -> list[Row]:
        time.sleep(number * APART_S)
        return scenario(both)

    with ThreadPoolExecutor(len(scenarios)) as pool:
        futures = [pool.submit(later, number, scenario) for number, scenario in enumerate(scenarios)]
        return [row for future in futures for row in future.result()]


def lines(rows: Sequence[Row]) -> list[str]:
    """Return the table in Markdown."""
    made = ["| behaviour | Alertmanager | aiops | |", "|---|---|---|---|"]
    for row in rows:
        verdict = "equal" if row.is_equal else row.reason or "DIFFERENT"
        made.append(f"| {row.behaviour} | {row.theirs} | {row.ours} | {verdict} |")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.alertmanager", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the scenarios of some seconds alone")
    parser.add_argument("--page", type=Path, help="write the table between the marks of this page")
    parser.add_argument("--keep", type=Path, help="keep logs and configurations in this folder")
    given = parser.parse_args(arguments)
    if BINARY is None:
        print("skipped: needs Alertmanager (Debian: prometheus-alertmanager)")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        place = given.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        rows = run(place, quick=given.quick)
        print("\n".join(lines(rows)))
        same = sum(row.is_equal for row in rows)
        if given.page is not None:
            put(given.page, PLACE, "\n".join(lines(rows)))
        print(f"\n{same} of {len(rows)} behaviours are equal; {time.monotonic() - begun:.0f} s")
    return int(any(not row.is_equal and not row.reason for row in rows))


if __name__ == "__main__":
    sys.exit(main())
