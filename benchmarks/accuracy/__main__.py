"""`python -m benchmarks.accuracy`: all accuracy tables, one after the other, each with its naive rows."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.data import data_folder

# In the order in which an alert meets them.
SUITES = ("grouping", "nab", "causes", "playbooks")


def main() -> int:
    """Run the suites named on the command line, or all; the exit code is that of the worst."""
    if data_folder() is None:
        print("skipped: the measuring data is not here (set AIOPS_DATA to its folder)")
        return 0
    worst = 0
    for suite in sys.argv[1:] or SUITES:
        print(f"\n== {suite} ==", flush=True)
        started = time.monotonic()
        worst = max(
            worst, subprocess.run([sys.executable, "-m", f"benchmarks.accuracy.{suite}"], check=False).returncode
        )
        print(f"({suite}: {time.monotonic() - started:.0f} s)", flush=True)
    return worst


if __name__ == "__main__":
    sys.exit(main())
