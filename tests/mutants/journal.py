"""Mutants of the journal, the store and the pump."""

from __future__ import annotations

from tests.mutants.model import Mutant

MUTANTS: list[Mutant] = [
    Mutant(
        "journal-takes-a-failed-sync-for-a-commit",
        "aiops/journal/writer.py",
        "            self._sync(self._fd)\n            if fresh:",
        "            if fresh:",
        ("tests/journal/test_writer.py::test_a_failed_sync_does_not_count",),
    ),
]
