"""Errors that a user can act on: the position, the expected and the actual value, and the remedy."""

from __future__ import annotations


class AiopsError(Exception):
    """A failure that the command line prints as one line; exit code 1."""

    exit_code = 1


class UsageError(AiopsError):
    """Wrong usage, configuration or input; exit code 2."""

    exit_code = 2


class RecordError(UsageError):
    """A record that does not fit the format.

    `field` is the JSON path (`$.labels[...]`), `expected` and `got` describe the mismatch.
    """

    def __init__(self, message: str, *, field: str = "$", expected: str = "", got: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.expected = expected
        self.got = got
