"""Sentences and lines that the suggestions share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aiops.config_file import parse_value
from aiops.sweep.blocks import Blocks
from aiops.wording import duration, listed, plural

if TYPE_CHECKING:
    from aiops.sweep.figures import Measured

# Values that a sentence lists; the table has all.
_MAX_LISTED = 6
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def setting_text(measured: Measured, place: int) -> str:
    """Return a setting as the table names it."""
    return measured.outcomes[place].setting.label


def block_text(blocks: Blocks) -> str:
    """Return the number and length of blocks.

    >>> block_text(Blocks(0.0, 86_400.0, 22))
    '22 blocks of 1 day'
    """
    length = "1 day" if blocks.length == 86_400.0 else duration(blocks.length)
    length = length.removesuffix(" 0 s").removesuffix(" 0 min")
    return f"{plural(blocks.count, 'block')} of {length}"


def signed(value: float, form: str = ".3f") -> str:
    """Return a difference with its sign; a negative one with a minus, not a hyphen.

    >>> signed(0.25), signed(-0.0004), signed(-1.5, ".1f")
    ('+0.250', '0.000', '−1.5')
    """
    text = f"{abs(value):{form}}"
    if not float(text):
        return text
    return f"{'−' if value < 0 else '+'}{text}"


def alike_text(measured: Measured, alike: Sequence[int], best: int) -> str:
    """Name the settings that this history does not distinguish from the best one."""
    others = [place for place in alike if place != best]
    if not others:
        return "All other values are worse beyond chance."
    return f"Not distinguishable from it: {places_text(measured, sorted(alike))}."


def places_text(measured: Measured, places: Sequence[int]) -> str:
    """Return settings as a range where they are neighbours on one axis of numbers, else as a list."""
    outcomes = measured.outcomes
    is_line = len(measured.keys) == 1 and outcomes[0].setting.number is not None
    if is_line and len(places) > 1 and list(places) == list(range(places[0], places[-1] + 1)):
        return f"{outcomes[places[0]].setting.label} to {outcomes[places[-1]].setting.label}"
    return listed([outcomes[place].setting.label for place in places], _MAX_LISTED)


def paste(assignments: Sequence[tuple[str, str]]) -> str:
    """Return assignments as lines for `aiops.toml`.

    >>> print(paste([("correlate.sensitivity", "0.4")]))
    [correlate]
    sensitivity = 0.4
    >>> print(paste([("endpoints.pager.min_severity", "high")]))
    # in the table [[endpoints]] with name = "pager"
    min_severity = "high"
    """
    lines: list[str] = []
    for key, value in assignments:
        steps = key.split(".")
        if steps[0] == "endpoints":
            head, rest = f'# in the table [[endpoints]] with name = "{steps[1]}"', steps[2:]
        elif len(steps) == 1:
            head, rest = "# above all sections", steps
        else:
            head, rest = f"[{'.'.join(map(_key, steps[:-1]))}]", steps[-1:]
        if head not in lines:
            lines.append(head)
        lines.insert(lines.index(head) + 1, f"{'.'.join(map(_key, rest))} = {_toml(value)}")
    return "\n".join(lines)


def _key(step: str) -> str:
    return step if _BARE_KEY.fullmatch(step) else f'"{step}"'


def _toml(text: str) -> str:
    """Return a value as TOML; text that is none gets its quotes."""
    parsed = parse_value(text)
    is_bare = isinstance(parsed, str) and parsed == text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if is_bare else text
