"""Widths of text in pictures: SVG breaks no lines and cuts nothing.

`system-ui` is another font on each machine. The widths are those of DejaVu Sans, the widest of the usual ones, as
Chromium measures them: elsewhere a text is cut a little early, and never lies over another.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from aiops.web.visible import shown

# Hundredths of the font's size, from the space to the tilde: regular, then semibold (drawn as bold).
_REGULAR = (
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63,
    58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99, 69,
    61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58,
    28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
)  # fmt: skip
_BOLD = (
    35, 46, 52, 84, 70, 100, 87, 31, 46, 46, 52, 84, 38, 42, 38, 37, 70, 70, 70,
    70, 70, 70, 70, 70, 70, 70, 40, 40, 84, 84, 84, 58, 100, 77, 76, 73, 83, 68,
    68, 82, 84, 37, 37, 77, 64, 100, 84, 85, 73, 85, 77, 72, 68, 81, 77, 110, 77,
    72, 73, 46, 37, 46, 84, 50, 50, 67, 72, 59, 72, 68, 44, 72, 71, 34, 34, 67,
    34, 104, 71, 69, 72, 72, 49, 60, 48, 71, 65, 92, 65, 65, 58, 71, 37, 71, 84,
)  # fmt: skip
_FIRST = 32
# Other letters: those of Latin and Cyrillic are narrower, those of East Asia and emoji about as wide as they are high.
_OTHER, _OTHER_BOLD, _WIDE = 0.84, 0.92, 1.35
# No picture is wider: a text of a megabyte costs no more than one of a line.
_MOST = 400
# Letters of the end that are kept of a name cut in its middle: the random part of a pod's name.
_END = 5


def width_of(text: str, size: float = 13, *, bold: bool = False) -> float:
    """Return the pixels that a text takes at most, at a font size.

    >>> round(width_of("payments-api")), round(width_of("payments-api", bold=True))
    (89, 100)
    """
    return size * sum(_share(letter, bold) for letter in text)


def cut(text: str, width: float, size: float = 13, *, bold: bool = False) -> str:
    """Return the text on one line, cut with an ellipsis to `width` pixels; empty if not even that fits.

    >>> cut("payments-api", 200), cut("payments-api", 60), cut("payments-api", 5)
    ('payments-api', 'payme…', '')
    """
    line = " ".join(str(shown(text[:_MOST])).split())
    if len(text) <= _MOST and width_of(line, size, bold=bold) <= width:
        return line
    used = size * _share("…", bold)
    if used > width:
        return ""
    for place, letter in enumerate(line):
        used += size * _share(letter, bold)
        if used > width:
            return line[:place].rstrip() + "…"
    return line + "…"


def cut_middle(text: str, width: float, size: float = 13, *, bold: bool = False) -> str:
    """Return the text cut in its middle: replicas of one workload differ at the end of their names.

    >>> cut_middle("payments-api-7nhp9tcvm-p6hsh", 150)
    'payments-api-…p6hsh'
    """
    whole = cut(text, width, size, bold=bold)
    end = str(shown(text[-_END:]))
    if not whole.endswith("…") or text.endswith("…") or len(whole) <= 2 * _END:
        return whole
    head = cut(text, width - width_of(end, size, bold=bold), size, bold=bold)
    return head + end if head.endswith("…") and len(head) > _END else whole


def two_lines(text: str, width: float, size: float = 13, *, bold: bool = False) -> tuple[str, str]:
    """Return the text on two lines, parted at a separator; the second is empty if one is enough.

    >>> two_lines("payments-reporter", 80, 11.5), two_lines("db", 80, 11.5)
    (('payments-', 'reporter'), ('db', ''))
    """
    line = cut(text, 2 * width, size, bold=bold)
    if width_of(line, size, bold=bold) <= width:
        return line, ""
    ends = [place for place, letter in enumerate(line, 1) if letter in "-_./: "]
    fitting = [place for place in ends if width_of(line[:place].rstrip(), size, bold=bold) <= width]
    if not fitting or len(line) - fitting[-1] < 2:
        return cut_middle(text, width, size, bold=bold), ""
    return line[: fitting[-1]].rstrip(), cut_middle(line[fitting[-1] :], width, size, bold=bold)


@lru_cache(maxsize=4_096)
def _share(letter: str, bold: bool) -> float:
    place = ord(letter) - _FIRST
    if 0 <= place < len(_REGULAR):
        return (_BOLD if bold else _REGULAR)[place] / 100
    if letter in "…\u2009":
        return 1.0 if letter == "…" else 0.35
    if unicodedata.combining(letter):
        return 0.0
    is_wide = unicodedata.east_asian_width(letter) in "WF" or ord(letter) > 0xFFFF
    # Some letters of other scripts are as wide as three of ours.
    is_odd = not is_wide and ord(letter) > 0x52F and letter not in "·–—‘’“”•→↗×"
    return _WIDE if is_wide or is_odd else _OTHER_BOLD if bold else _OTHER
