"""One run of the command line in this process."""

from __future__ import annotations

import pytest

from aiops.cli import main


def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: object
) -> tuple[int, str, str]:
    """Run `aiops` with arguments; return its exit code, what it printed, and its messages."""
    monkeypatch.setattr("sys.argv", ["aiops", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    shown = capsys.readouterr()
    return int(ended.value.code or 0), shown.out, shown.err
