"""The lock of a state directory: two writers of one journal would destroy it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from aiops.errors import AiopsError


class StateLock:
    """A lock that the running daemon holds; the kernel releases it in any case when the process ends."""

    def __init__(self, directory: Path) -> None:
        """Take the lock; raise `AiopsError` if another process has it or the directory cannot be written."""
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._fd = os.open(directory / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise AiopsError(
                f"state {directory}: {error.strerror or error}: expected a directory that the daemon's user can write; "
                "set state.directory"
            ) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            raise AiopsError(
                f"state {directory}: another daemon uses it: stop that one, or set state.directory"
            ) from None
        # For people only; a full disk does not take it.
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, 0)
            os.write(self._fd, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Release the lock."""
        os.close(self._fd)
