"""SVG pictures of escaped text and numbers; colours come from classes of the style sheet."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from aiops.web.visible import shown

# XML has no letter for these; `shown` writes most of them by their code before.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Texts under the pointer: longer ones are in the table below the picture, and one picture has hundreds.
_MAX_HINT = 300
# Shapes of severities around (0, 0): a diamond, a triangle, a dot, a ring and a tick.
_SHAPES = {
    "critical": "M0-5.5L5.5 0 0 5.5-5.5 0Z",
    "high": "M0-5L5.5 4.5H-5.5Z",
    "warning": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z",
    "info": "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0Z",
    "ok": "M-4.5 0L-1 3.5 4.5-3.5",
}


def number(value: float) -> str:
    """Return a coordinate, as short as a tenth of a pixel allows.

    >>> number(12.0), number(0.04), number(7.25)
    ('12', '0', '7.2')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def xml(text: object) -> Markup:
    r"""Return text for an element or an attribute: escaped, hidden characters by their code.

    >>> xml('<b> & "x"')
    Markup('&lt;b&gt; &amp; &#34;x&#34;')
    """
    return escape(_NO_XML.sub("\ufffd", str(shown(str(text)))))


class Drawing:
    """Collects the elements of a picture. Every text that goes in is escaped here."""

    def __init__(self, width: float, kind: str) -> None:
        self.width = width
        self._kind = kind
        self._parts: list[str] = []

    def text(self, x: float, y: float, text: str, style: str = "", *, anchor: str = "", hint: str = "") -> None:
        """Add a line of text; `hint` is the whole of it where it was cut."""
        place = f' text-anchor="{anchor}"' if anchor else ""
        kind = f' class="{style}"' if style else ""
        self._add(f'<text x="{number(x)}" y="{number(y)}"{kind}{place}>{_hint(hint)}{xml(text)}</text>')

    def path(self, data: str, style: str, hint: str = "", width: float = 0.0) -> None:
        """Add a path; `data` is made of numbers by the caller. `width` is that of its line."""
        stroke = f' stroke-width="{number(width)}"' if width else ""
        self._add(f'<path d="{data}" class="{style}"{stroke}>{_hint(hint)}</path>')

    def rect(self, x: float, y: float, width: float, height: float, style: str, *, radius: float = 0) -> None:
        """Add a rectangle."""
        size = f'width="{number(width)}" height="{number(height)}"'
        corner = f' rx="{number(radius)}"' if radius else ""
        self._add(f'<rect x="{number(x)}" y="{number(y)}" {size}{corner} class="{style}"/>')

    def mark(self, x: float, y: float, severity: str, hint: str = "") -> None:
        """Add the shape of a severity."""
        shape = _SHAPES.get(severity, _SHAPES["warning"])
        place = f'transform="translate({number(x)} {number(y)})"'
        self._add(f'<path {place} d="{shape}" class="mark {xml(severity)}">{_hint(hint)}</path>')

    def begin(self, style: str, hint: str = "") -> None:
        """Begin a group of elements that belong together, with one text under the pointer."""
        self._add(f'<g class="{style}">{_hint(hint)}')

    def end(self) -> None:
        """End the group."""
        self._add("</g>")

    def picture(self, height: float, description: str, style: str = "") -> Markup:
        """Return the finished picture; `description` is what a screen reader reads."""
        size = f'width="{number(self.width)}" height="{number(height)}"'
        box = f'viewBox="0 0 {number(self.width)} {number(height)}"'
        kind = f"{self._kind} {style}".strip()
        return Markup(  # noqa: S704 - all text was escaped when it came in
            f'<svg class="{kind}" {size} {box} role="img" aria-label="{xml(description)}">{"".join(self._parts)}</svg>'
        )

    def _add(self, part: str) -> None:
        self._parts.append(part)


def _hint(text: str) -> str:
    return f"<title>{xml(text[:_MAX_HINT])}</title>" if text else ""
