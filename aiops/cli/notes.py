"""Notes of actions that need one: the reason that the audit trail keeps."""

from __future__ import annotations

from aiops.errors import UsageError
from aiops.respond.authority import ReasonMissing, required_reason


def required_note(note: str | None, what: str) -> str:
    """Return the note of an action; raise `UsageError` without one."""
    try:
        return required_reason(note or "", what)
    except ReasonMissing as error:
        raise UsageError(f"--note: {error}") from None
