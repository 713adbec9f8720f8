"""Files that a command writes for a person to edit: in one folder, never over an existing file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from aiops.errors import UsageError
from aiops.private import FILE

_NAMES = {"_": re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*"), "-": re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")}


def checked_name(name: str, what: str, separator: str) -> str:
    """Return the name; raise `UsageError` unless it is words of letters and digits."""
    if len(name) > 64 or not _NAMES[separator].fullmatch(name):
        shown = {"_": "underscores", "-": "dashes"}[separator]
        raise UsageError(
            f"NAME: not the name of a {what} (got {name[:80]!r}); use up to 64 lower-case letters, digits and {shown}"
        )
    return name


def write_new(files: Mapping[Path, str], *, force: bool, private: Path | None = None) -> None:
    """Write all files, or none if one exists; with `force`, replace them.

    Only its owner may read `private`.
    """
    existing = [path for path in files if os.path.lexists(path)]
    if existing and not force:
        raise UsageError(f"{existing[0]}: exists already; choose another name, or replace it with --force")
    for path, content in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if force:
                path.unlink(missing_ok=True)
            # "x" follows no link that appears in between.
            with open(path, "x", encoding="utf-8", opener=_private if path == private else None) as file:
                file.write(content)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, FILE)
