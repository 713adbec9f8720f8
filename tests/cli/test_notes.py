"""Notes of actions that need one."""

from __future__ import annotations

import pytest

from aiops.cli.notes import required_note
from aiops.errors import UsageError


@pytest.mark.parametrize("note", [None, "", "  ", "-"])
def test_a_note_has_words(note: str | None) -> None:
    with pytest.raises(UsageError, match="--note: a release needs a reason in words"):
        required_note(note, "a release")


def test_a_note_is_kept_without_blanks_around_it() -> None:
    assert required_note(" tested ", "a release") == "tested"
