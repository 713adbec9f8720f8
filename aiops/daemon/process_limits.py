"""Limits of the process."""

from __future__ import annotations

import contextlib
import resource

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
