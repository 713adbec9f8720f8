"""Uploaded archives for replays: written as they come, bounded, and removed after a while."""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from aiops.errors import UsageError
from aiops.private import private_directory
from aiops.views.replay import Archive, ReplayBusy, TooLarge

# The newest are kept: one archive is often replayed with several settings.
MAX_KEPT = 3
KEPT_S = 86_400.0
MAX_NAME = 100
# Archives that come at once: each may take a slow client minutes, and room on the daemon's own disk.
MAX_OPEN = 2
_GZIP = b"\x1f\x8b"


class Upload:
    """An archive that is being written; `finish` or `abort` ends it."""

    def __init__(self, path: Path, max_bytes: int, closed: Callable[[Upload], None]) -> None:
        self.path, self._max, self._closed = path, max_bytes, closed
        self.bytes = 0
        self.head = b""
        self._file: BinaryIO = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def write(self, chunk: bytes) -> None:
        """Write a chunk; raise `TooLarge` beyond the bound, `UsageError` if the disk refuses it."""
        self.bytes += len(chunk)
        self.head = self.head or chunk[: len(_GZIP)]
        if self.bytes > self._max:
            raise TooLarge(f"archive: expected at most {self._max:,} bytes; got more")
        try:
            self._file.write(chunk)
        except OSError as error:
            raise UsageError(f"archive: {error.strerror or error}") from error

    def close(self) -> None:
        """Close the file."""
        self._closed(self)
        with contextlib.suppress(OSError):
            self._file.close()

    def abort(self) -> None:
        """Remove what was written."""
        self.close()
        self.path.unlink(missing_ok=True)


class Uploads:
    """The archives in a directory of their own. `clock` gives Unix seconds."""

    def __init__(self, directory: Path, max_bytes: int, clock: Callable[[], float]) -> None:
        self.max_bytes = max_bytes
        self._directory, self._clock = directory, clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[Archive, Path]] = {}
        self._open: set[Upload] = set()

    def begin(self) -> Upload:
        """Begin an archive.

        Raise `ReplayBusy` while as many come as may, and `UsageError` if the disk refuses.
        """
        with self._lock:
            if len(self._open) >= MAX_OPEN:
                raise ReplayBusy(f"archive: {MAX_OPEN} are being uploaded already; try again later")
            try:
                private_directory(self._directory)
                path = self._directory / f"{secrets.token_hex(8)}.part"
                upload = Upload(path, self.max_bytes, self._open.discard)
            except OSError as error:
                raise UsageError(f"archive: {error.strerror or error}") from error
            self._open.add(upload)
        return upload

    def finish(self, upload: Upload, name: str) -> Archive:
        """Keep an archive and return it; raise `UsageError` for an empty one.

        Older ones beyond the bound are removed. The name is for people; the file has one of its own.
        """
        upload.close()
        if not upload.bytes:
            upload.abort()
            raise UsageError("archive: expected a file with records, one JSON object a line; got an empty one")
        number = secrets.token_hex(6)
        suffix = ".jsonl.gz" if upload.head.startswith(_GZIP) else ".jsonl"
        path = self._directory / f"{number}{suffix}"
        upload.path.replace(path)
        shown = "".join(one for one in name if one.isprintable())[:MAX_NAME] or "archive"
        archive = Archive(number, shown, upload.bytes, self._clock())
        with self._lock:
            self._kept[number] = (archive, path)
        self.expire()
        return archive

    def listed(self) -> list[Archive]:
        """Return the archives, newest first."""
        self.expire()
        with self._lock:
            return [archive for archive, _ in self._kept.values()][::-1]

    def path(self, number: str) -> tuple[Archive, Path]:
        """Return an archive with its file; raise `UsageError` for one that is not there."""
        self.expire()
        with self._lock:
            found = self._kept.get(number)
        if found is None:
            raise UsageError(f"archive: none of that id (got {number[:40]!r}); upload it again")
        return found

    def expire(self) -> None:
        """Remove archives that are old, and the oldest beyond the bound."""
        now = self._clock()
        with self._lock:
            names = list(self._kept)
            gone = [name for name in names if now - self._kept[name][0].uploaded_at > KEPT_S]
            left = [name for name in names if name not in gone]
            gone += left[: max(0, len(left) - MAX_KEPT)]
            paths = [self._kept.pop(name)[1] for name in gone]
        for path in paths:
            # A replay that reads it is not disturbed: the content is there until the file is closed.
            path.unlink(missing_ok=True)
