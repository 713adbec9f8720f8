"""`python -m benchmarks.accuracy [--full] [SUITE ...]`: all accuracy tables, one after the other, with naive rows.

Without `--full`, suites that take long are run on a part of their data.
"""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.data import data_folder

# In the order in which an alert meets them.
SUITES = ("grouping", "nab", "causes", "playbooks")
# These have a short form, which takes minutes where the whole takes most of an hour.
QUICK = ("grouping",)


def main() -> int:
    """Run the suites named on the command line, or all; the exit code is that of the worst."""
    if data_folder() is None:
        print("skipped: the measuring data is not here (set AIOPS_DATA to its folder)")
        return 0
    worst = 0
    full = "--full" in sys.argv[1:]
    for suite in [name for name in sys.argv[1:] if name != "--full"] or SUITES:
        print(f"\n== {suite} ==", flush=True)
        started = time.monotonic()
        command = [sys.executable, "-m", f"benchmarks.accuracy.{suite}"]
        if suite in QUICK and not full:
            command.append("--quick")
        worst = max(worst, subprocess.run(command, check=False).returncode)
        print(f"({suite}: {time.monotonic() - started:.0f} s)", flush=True)
    return worst


if __name__ == "__main__":
    sys.exit(main())
