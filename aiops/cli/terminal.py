"""Text from alerts made safe for a terminal, and the small marks that tables and lists share.

Alert text is hostile: it may hold escape sequences that rewrite the screen, markup that resembles ours, and characters
that turn the direction of writing. All of it goes through `clean`, and none is ever parsed as markup.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from datetime import UTC, datetime
from typing import Any, TextIO, cast

from rich.console import Console
from rich.text import Text

from aiops.records import Severity, parse_severity

# Control, format (bidirectional, zero-width), surrogate, private and unassigned characters; line and paragraph ends.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# A message can be 10 MB. Nobody reads more than this on a terminal, and checking each character takes time.
MAX_CHARACTERS = 400
STYLES = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.WARNING: "yellow",
    Severity.INFO: "cyan",
    Severity.OK: "green",
}
BAR_WIDTH = 16
# Wider than any line: a program that reads the output gets whole names, and `cut` or `less -S` are there for people.
PIPE_WIDTH = 10_000
# Longer than the longest summary of a command beside its name; paragraphs are still wrapped.
PIPE_HELP_WIDTH = 200


def console_for(stream: TextIO | None = None) -> Console:
    """Return a console on `stream` (default standard output): colour on terminals, plain in pipes.

    In a pipe no line is cut or wrapped, unless COLUMNS is set: its bytes do not depend on the terminal around it. A
    stream that cannot encode a character shows a question mark instead of failing.
    """
    target = stream or sys.stdout
    reconfigure = getattr(target, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    console = Console(file=target, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.file = cast(TextIO, Unpadded(target))
        console.width = PIPE_WIDTH
    return console


def help_width() -> int | None:
    """Return the width of help in a pipe, where no summary is cut; None on a terminal."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPE_HELP_WIDTH


class Unpadded:
    """A stream without the spaces that fill lines up to the width of the console."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text; spaces before the end of a line are left out."""
        *whole, last = text.split("\n")
        self._stream.write("".join(f"{line.rstrip(' ')}\n" for line in whole) + last)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        """Return everything else from the stream itself."""
        return getattr(self._stream, name)


def clean(text: str | None, limit: int = MAX_CHARACTERS) -> str:
    """Return one line of visible characters; hidden ones become `�`, white space of any kind one space.

    >>> clean("disk [red]full[/]\\x1b[2J\\n now")
    'disk [red]full[/]\ufffd[2J now'
    """
    if not text:
        return ""
    cut = text[: limit + 1]
    shown = "".join(_visible(letter) for letter in " ".join(cut.split()))
    return shown if len(text) <= limit else shown[: limit - 1] + "…"


def _visible(letter: str) -> str:
    if " " <= letter <= "~":
        return letter
    return "\ufffd" if unicodedata.category(letter) in _HIDDEN else letter


def fit(text: str | Text, width: int) -> Text:
    """Cut a text to `width` columns with an ellipsis; wide characters count as two."""
    line = text.copy() if isinstance(text, Text) else Text(clean(text))
    line.truncate(max(1, width), overflow="ellipsis")
    return line


def severity_text(severity: str | None, width: int = 8) -> Text:
    """Return a severity in its colour, padded to `width` columns."""
    level = parse_severity(severity)
    return Text(level.label.ljust(width), style=STYLES[level])


def bar(share: float, width: int = BAR_WIDTH, style: str = "magenta") -> Text:
    """Return a bar of `share` (0 to 1, cut to it) of `width` columns.

    >>> bar(0.5, 4).plain
    '██░░'
    """
    filled = round(max(0.0, min(1.0, share)) * width)
    return Text("█" * filled, style=style) + Text("░" * (width - filled), style="dim")


def clock(at: float) -> str:
    """Format the time of day in UTC.

    >>> clock(1767225600.25)
    '00:00:00'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")


def moment(at: float) -> str:
    """Format date and time in UTC.

    >>> moment(1767225600.25)
    '2026-01-01 00:00:00 UTC'
    """
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        # No value of an old journal may keep a table from being shown.
        return f"{at:g} s"


def offset(seconds: float) -> str:
    """Format the time since the beginning: minutes and seconds, with hours if there are any.

    >>> offset(75.2), offset(3675), offset(-3)
    ('+1:15', '+1:01:15', '-0:03')
    """
    whole = round(abs(seconds))
    sign = "-" if seconds < 0 and whole else "+"
    minutes = f"{whole // 60 % 60:02d}" if whole >= 3600 else f"{whole // 60}"
    return f"{sign}{f'{whole // 3600}:' if whole >= 3600 else ''}{minutes}:{whole % 60:02d}"
