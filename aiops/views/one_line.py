"""Texts of payloads as one line: blanks joined, and cut; hidden characters made visible."""

from __future__ import annotations

import unicodedata

# Enough for a name, short enough for a row of a page.
MAX_NAME = 80


def one_line(text: str, limit: int = MAX_NAME) -> str:
    r"""Return a text as one line of at most `limit` characters.

    >>> one_line("a\n b"), one_line("abcdef", 4)
    ('a b', 'abc…')
    """
    line = " ".join(text[: limit * 8].split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def visible(text: str) -> str:
    r"""Return text whose hidden and direction-turning characters are shown as one that stands for any.

    >>> visible("a\u202eb\nc")
    'a�b\nc'
    """
    return "".join("\ufffd" if _is_hidden(letter) else letter for letter in text)


def _is_hidden(letter: str) -> bool:
    # The joiners of scripts and emoji hide nothing.
    return not letter.isprintable() and letter not in "\n \u200c\u200d" and unicodedata.category(letter) != "Zs"
