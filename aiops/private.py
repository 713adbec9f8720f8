"""Files and directories with alerts, approvals or keys: only the daemon's own user may read them."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path

DIRECTORY, FILE = 0o700, 0o600


def private_directory(path: Path) -> Path:
    """Create a directory for its owner alone, or narrow an existing one; raise `OSError` if neither works."""
    path.mkdir(parents=True, exist_ok=True, mode=DIRECTORY)
    return narrow(path, DIRECTORY)


def narrow(path: Path, mode: int = FILE) -> Path:
    """Remove the permissions beyond `mode` from an existing path that is ours; only its owner can."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        now = stat.S_IMODE(path.stat().st_mode)
        if now & ~mode:
            path.chmod(now & mode)
    return path
