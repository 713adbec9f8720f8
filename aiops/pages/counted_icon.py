"""The icon of the site with a number on it: what is open, seen in the row of tabs.

It is an address of ours and not a drawing of the script: the policy of the pages allows images of this site alone.
"""

from __future__ import annotations

# Two digits are all that 16 pixels show.
MOST = 99
_COLOURS = {"critical": "#c3142d", "open": "#171b22"}
_BADGE = (
    '<rect x="{x}" y="6" width="{width}" height="10" rx="3" fill="{colour}"/>'
    '<text x="{middle}" y="14" text-anchor="middle" font-family="sans-serif" font-size="{size}" font-weight="bold"'
    ' fill="#ffffff">{text}</text></svg>'
)


def counted_icon(icon: bytes, count: str, level: str) -> bytes:
    """Return the icon with `count` on it; the icon alone for what is no number above 0.

    >>> counted_icon(b"<svg></svg>", "0", "open"), b">99+<" in counted_icon(b"<svg></svg>", "1000", "open")
    (b'<svg></svg>', True)
    """
    number = int(count) if count.isascii() and count.isdigit() and len(count) <= 6 else 0
    if not number:
        return icon
    text = str(number) if number <= MOST else f"{MOST}+"
    width = min(16, 4 + 5 * len(text))
    badge = _BADGE.format(
        x=16 - width,
        width=width,
        middle=16 - width / 2,
        size=9 if len(text) < 3 else 7,
        colour=_COLOURS.get(level, _COLOURS["open"]),
        text=text,
    )
    return icon.replace(b"</svg>", badge.encode())
