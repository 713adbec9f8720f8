"""The numbers of versions: one file each, whose text is what the id is a digest of.

Files are written beside and renamed, and the row of the registry follows: a crash leaves a file without a row at most.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection
from pathlib import Path

from aiops.errors import AiopsError, UsageError
from aiops.journal.writer import sync_directory
from aiops.model_state import MAX_STATE_CHARS, version_id
from aiops.private import narrow, private_directory

FOLDER = "versions"
# Ids become names of files: nothing that leads out of the directory.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
# A file without a row may belong to a process that is about to write the row.
_ORPHAN_S = 3_600.0


def is_id(text: str) -> bool:
    """Return True if a text can be the id of a version."""
    return _ID.fullmatch(text) is not None


class StateFiles:
    """The folder of the files; it need not exist yet."""

    def __init__(self, directory: Path) -> None:
        self.folder = directory / FOLDER

    def path(self, slot: str, id: str) -> Path:
        """Return the file of a version."""
        if not is_id(id) or not is_id(slot):
            raise UsageError(f"models: expected an id of letters, digits, dots and dashes; got {id[:100]!r}")
        return self.folder / f"{slot}--{id}.json"

    def write(self, slot: str, id: str, text: str) -> None:
        """Write the state of a version, synced to disk."""
        path = self.path(slot, id)
        if len(text) > MAX_STATE_CHARS:
            raise UsageError(f"models: {id}: expected at most {MAX_STATE_CHARS} characters, got {len(text)}")
        try:
            private_directory(self.folder.parent)
            private_directory(self.folder)
            aside = path.with_name(f".{path.name}.{os.getpid()}.new")
            with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            narrow(aside)
            aside.replace(path)
            sync_directory(self.folder)
        except OSError as error:
            raise AiopsError(f"models: {path}: {error.strerror or error}") from error

    def read(self, slot: str, id: str, algorithm: str) -> str:
        """Return the state of a version as text; raise `AiopsError` if it is not what the id stands for."""
        path = self.path(slot, id)
        try:
            text = path.read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            raise AiopsError(f"models: {path}: {error}; train it once more") from error
        if version_id(algorithm, text) != id:
            raise AiopsError(f"models: {path}: its text is not that of {id}; train it once more")
        return text

    def remove(self, slot: str, id: str) -> None:
        """Remove the file of a version."""
        self.path(slot, id).unlink(missing_ok=True)

    def remove_orphans(self, known: Collection[tuple[str, str]]) -> None:
        """Remove old files that belong to none of the known (slot, id)."""
        names = {self.path(*one).name for one in known}
        limit = time.time() - _ORPHAN_S
        for path in self.folder.glob("*"):
            if path.name not in names and path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)
