"""Geometry of a picture as a browser would lay it out: boxes of texts and rectangles."""

from __future__ import annotations

from typing import NamedTuple
from xml.etree import ElementTree

from aiops.pages.text_width import width_of

_SIZES = {"dim": 11.5, "words": 11.5, "small": 11.5}


class Box(NamedTuple):
    """A rectangle, and the text in it."""

    left: float
    top: float
    right: float
    bottom: float
    text: str = ""

    def overlaps(self, other: Box) -> bool:
        """True if they share more than an edge."""
        return (
            self.left < other.right - 0.2
            and other.left < self.right - 0.2
            and self.top < other.bottom - 0.2
            and other.top < self.bottom - 0.2
        )

    def holds(self, other: Box) -> bool:
        """True if the other one is inside."""
        return (
            self.left <= other.left + 0.2
            and other.right <= self.right + 0.2
            and self.top <= other.top + 0.2
            and other.bottom <= self.bottom + 0.2
        )


class Picture:
    """A parsed picture. Parsing is a test of its own: it must be well-formed XML."""

    def __init__(self, svg: str) -> None:
        self.root = ElementTree.fromstring(svg)
        _, _, width, height = map(float, self.root.attrib["viewBox"].split())
        self.area = Box(0, 0, width, height)
        self.texts = [_text(one) for one in self.root.iter("text")]
        self.boxes = [_rect(one) for one in self.root.iter("rect") if one.get("class") == "box"]

    def overlapping(self) -> list[tuple[str, str]]:
        """Pairs of texts that lie over each other."""
        return [
            (one.text, other.text)
            for place, one in enumerate(self.texts)
            for other in self.texts[place + 1 :]
            if one.overlaps(other)
        ]

    def outside(self) -> list[str]:
        """Texts that are not wholly in the picture."""
        return [one.text for one in self.texts if not self.area.holds(one)]


def _text(element: ElementTree.Element) -> Box:
    title = element.find("title")
    text = (element.text or "") + ((title.tail or "") if title is not None else "")
    styles = (element.get("class") or "").split()
    size = next((_SIZES[one] for one in styles if one in _SIZES), 13.0)
    width = width_of(text, size, bold="strong" in styles)
    x, y = float(element.attrib["x"]), float(element.attrib["y"])
    left = x - width / 2 if element.get("text-anchor") == "middle" else x
    return Box(left, y - 0.8 * size, left + width, y + 0.2 * size, text)


def _rect(element: ElementTree.Element) -> Box:
    x, y = float(element.attrib["x"]), float(element.attrib["y"])
    return Box(x, y, x + float(element.attrib["width"]), y + float(element.attrib["height"]))
