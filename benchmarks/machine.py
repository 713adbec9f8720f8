"""The facts of the machine and the revision that figures were measured on; they go into every file of results."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from aiops.compile import is_compiled

ROOT = Path(__file__).resolve().parent.parent


class Machine(Struct, frozen=True):
    """Where and when. `load` is the load average (1 min) at the start: with other work, absolute figures say little.

    `is_compiled` says whether the engine's inner loop was (`aiops.compile`).
    """

    python: str
    processor: str
    cores: int
    memory_gib: float
    kernel: str
    revision: str
    recorded_at: str
    load: float
    is_compiled: bool = False

    def __str__(self) -> str:
        engine = ", compiled engine" if self.is_compiled else ""
        return (
            f"Python {self.python}{engine}, {self.processor}, {self.cores} cores, {self.memory_gib:.0f} GiB, "
            f"revision {self.revision}, load average {self.load:.1f} at the start."
        )


def machine() -> Machine:
    """Describe this machine as it is now."""
    return Machine(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        processor=_fact("/proc/cpuinfo", "model name") or platform.machine(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_gib=round(int((_fact("/proc/meminfo", "MemTotal") or "0").split()[0]) / 2**20, 1),
        kernel=f"{platform.system()} {platform.release()}",
        revision=revision(ROOT),
        recorded_at=datetime.now(UTC).isoformat(timespec="seconds"),
        load=round(os.getloadavg()[0], 2),
        is_compiled=is_compiled(),
    )


def revision(root: Path) -> str:
    """The short commit of a checkout; `+` says that files differ from it."""
    commit = _git(root, "rev-parse", "--short", "HEAD")
    if not commit:
        return "unknown"
    return commit + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _fact(path: str, name: str) -> str:
    """The value of the first line of a /proc file that begins with the name; empty where there is none."""
    try:
        with open(path, encoding="utf-8") as handle:
            return next((line.split(":", 1)[1].strip() for line in handle if line.startswith(name)), "")
    except OSError:
        return ""
