"""Problems of the store, in sentences that a person can act on."""

from __future__ import annotations

import sqlite3
from pathlib import Path

# Primary result codes of SQLite (https://www.sqlite.org/rescode.html), and its messages for errors without a code.
_KINDS: tuple[tuple[tuple[int, ...], tuple[str, ...], str], ...] = (
    ((5, 6), ("locked", "busy"), "another process holds it (a backup, a shell of SQLite): end that process"),
    ((13,), ("full",), "free some space, or check the disk"),
    ((8,), ("readonly",), "mount the file system writable, and give the daemon's user write permission"),
    ((11, 26), ("malformed", "not a database"), "it is damaged: restart the daemon to rebuild it"),
)
_CORRUPT = (11, 26)


def trouble(path: Path, error: sqlite3.Error) -> str:
    """Describe an error of the store in a sentence."""
    code = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
    text = str(error)
    for codes, words, advice in _KINDS:
        if code in codes or (not code and any(word in text for word in words)):
            return f"store {path}: {text}: {advice}"
    return f"store {path}: {text}: check the disk"


def is_damage(error: sqlite3.Error) -> bool:
    """Return True if the file is no database, or a damaged one."""
    code = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
    return code in _CORRUPT


def is_content(error: Exception) -> bool:
    """Return True if the content is at fault, not the file or the disk: a retry cannot help."""
    if isinstance(
        error, sqlite3.IntegrityError | sqlite3.DataError | sqlite3.ProgrammingError | sqlite3.InterfaceError
    ):
        return True
    return not isinstance(error, sqlite3.Error | OSError | MemoryError)
