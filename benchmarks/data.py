"""Where the measuring data is: the folder in AIOPS_DATA, else `../shared/data` beside the checkout."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


def data_folder() -> Path | None:
    """The folder, or None where there is none; benchmarks then say so in one line and skip."""
    named = os.environ.get("AIOPS_DATA")
    root = Path(__file__).resolve().parent.parent
    folder = Path(named) if named else root / ".." / "shared" / "data"
    return folder.resolve() if folder.is_dir() else None


def available(patterns: Sequence[str]) -> Path | None:
    """The folder where any of the patterns below it finds something; what finds nothing is told in one line.

    A suite that reads several sets goes on with those that are there.
    """
    root = data_folder()
    missing = [pattern for pattern in patterns if root is None or not any(root.glob(pattern))]
    if missing:
        print(f"skipped: {', '.join(missing)} not here (set AIOPS_DATA to the folder of the data)", flush=True)
    return None if len(missing) == len(patterns) else root
