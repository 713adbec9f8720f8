"""Unknown words: counted by source and field for health and metrics, and logged once each.

An unknown status fires and an unknown severity is a warning: no alert is lost. A person should still learn of the word:
it belongs in a mapping's table.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from typing import Literal

from aiops.records import Alert, Record
from aiops.records.severity import LEVELS, find_severity
from aiops_connectors.mapping.builders import NO_STATE, Problem

# Distinct words a source and field. Each is a series of a metric and a line of the log; senders choose the words.
MAX_WORDS = 32
# Enough of a word to distinguish it from others.
MAX_CHARACTERS = 40
# What stands for all words beyond `MAX_WORDS`.
OTHERS = "(others)"

Field = Literal["status", "severity", "ignored"]
_TAKEN_AS = {"status": "firing", "severity": "warning"}
_LOG = logging.getLogger(__name__)


class UnknownWords:
    """Counts of one source; safe for many threads."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._counts: dict[str, dict[str, int]] = {"severity": {}, "status": {}, "ignored": {}}
        self._lock = threading.Lock()

    def check_severities(self, records: Iterable[Record]) -> None:
        """Count the severities that are not known."""
        for record in records:
            if type(record) is Alert:
                word = record.severity
                if word is not None and word not in LEVELS and find_severity(word) is None:
                    self.count("severity", word)

    def sift(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        """Count the states that are not known and the notes that mean no record; return the other problems."""
        if not any(problem.word for problem in problems):
            return problems
        for problem in problems:
            if problem.word:
                self.count("ignored" if problem.note else "status", problem.word)
        return [problem for problem in problems if not problem.word]

    def count(self, field: Field, word: str) -> None:
        """Count a word, and log it if it is new."""
        shown = _shown(word)
        with self._lock:
            counts = self._counts[field]
            is_new = shown not in counts
            if is_new and len(counts) >= MAX_WORDS:
                shown, is_new = OTHERS, OTHERS not in counts
            counts[shown] = counts.get(shown, 0) + 1
        if is_new and field != "ignored":
            text = "unknown %s%s from source %s is taken as %s; map it in a table of the mapping"
            if shown == NO_STATE:
                text = "no %s%s in a payload of source %s is taken as %s; name its path in the mapping, or a default"
            _LOG.warning(
                text,
                field,
                "" if shown == NO_STATE else " " + ascii(shown),
                self._source,
                _TAKEN_AS[field],
                # Each word is news, and there are at most `MAX_WORDS`: not one fault that repeats.
                extra={"apart": f"{self._source} {field} {shown}"},
            )

    def counted(self) -> dict[str, dict[str, int]]:
        """Counts by field and word, for health."""
        with self._lock:
            return {field: dict(counts) for field, counts in self._counts.items()}


def _shown(word: str) -> str:
    """A word as a label's value: lower case, printable, short."""
    cut = word.strip().lower()[:MAX_CHARACTERS]
    return "".join(letter if letter.isprintable() and letter not in '"\\' else "?" for letter in cut) or "?"


__all__ = ["MAX_WORDS", "OTHERS", "UnknownWords"]
