"""Files of mappings, read within bounds before a parser sees them."""

from __future__ import annotations

from pathlib import Path

from aiops.errors import UsageError
from aiops.yaml_depth import too_deep


def read_file(path: Path, most: int) -> bytes:
    """Return the content of a file of at most `most` bytes, whose YAML nests within bounds.

    Raise `UsageError` for another one, and for a pipe or a device, which would have us wait.
    """
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path}: cannot be read: expected a file")
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > most:
        raise UsageError(f"{path}: expected a mapping of at most {most} bytes; got more")
    if fault := too_deep(data):
        raise UsageError(f"{path}: {fault}")
    return data
