"""Limits of the process."""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path

# What a process of ours writes is smaller.
MAX_FILE_BYTES = 64 << 20
# More is of no use: connections are bounded, and some programs go through all possible descriptors.
MAX_FILES = 1 << 16


def raise_open_files() -> int:
    """Raise the soft limit of open files as far as allowed and useful; return it.

    The usual soft limit of 1,024 is for programs that use select(2); 512 connections, sources and files are near it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def bound_process(seconds: float, memory_bytes: int) -> None:
    """Take memory and processor time of this process within limits, and let others go first."""
    limit = max(1, int(seconds))
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(19)
    # Of all processes, this one is ended first if the machine runs out of memory.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
