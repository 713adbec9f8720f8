"""Where the measuring data is: the folder in AIOPS_DATA, else `../shared/data` beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path


def data_folder() -> Path | None:
    """The folder, or None where there is none; benchmarks then say so in one line and skip."""
    named = os.environ.get("AIOPS_DATA")
    root = Path(__file__).resolve().parent.parent
    folder = Path(named) if named else root / ".." / "shared" / "data"
    return folder.resolve() if folder.is_dir() else None
