"""Shared by all commands: one-line errors with the right exit code, and JSON output."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from aiops.errors import AiopsError


def print_json(value: Any) -> None:
    """Print a value as indented JSON on standard output."""
    raw = msgspec.json.format(msgspec.json.encode(value), indent=2)
    sys.stdout.write(raw.decode() + "\n")


@contextmanager
def errors_as_lines() -> Iterator[None]:
    """Print an expected error as one line on standard error and exit with its code.

    A closed pipe is no error.
    """
    try:
        yield
    except AiopsError as error:
        sys.stderr.write(f"aiops: {error}\n")
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        # The reader (head, less) has closed the pipe; standard output must not be flushed again at exit.
        sys.stdout = None
        raise SystemExit(0) from None
    except KeyboardInterrupt:
        sys.stderr.write("aiops: interrupted\n")
        raise SystemExit(130) from None
