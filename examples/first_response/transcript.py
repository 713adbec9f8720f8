"""Prints what happens, line by line, with the time of each."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Sequence
from typing import TextIO

# A line of a terminal of 120 characters, with its time and its subject before it.
SUBJECT, WIDTH = 14, 98
INDENT = " " * (10 + SUBJECT)


class Transcript:
    """Prints lines as `15:04:05  subject       text`."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out

    def title(self, text: str) -> None:
        """Print the beginning of a part."""
        self._print("", text, "=" * len(text))

    def say(self, subject: str, text: str, more: Sequence[str] = (), at: float | None = None) -> None:
        """Print a line, with further ones below it; `at` is the time of what it is about (Unix seconds)."""
        clock = time.strftime("%H:%M:%S", time.gmtime(at))
        first, *rest = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False) or [""]
        self._print(f"{clock}  {subject:<{SUBJECT}}{first}", *(INDENT + line for line in rest))
        for line in more:
            wrapped = textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
            self._print(*(INDENT + part for part in wrapped))

    def _print(self, *lines: str) -> None:
        for line in lines:
            self._out.write(line.rstrip() + "\n")
        self._out.flush()
