"""Leave one family out: settings that are best for the other families of rows, measured on the one left out.

A family counts by the mean of its rows' figures, and all families alike: many rows of one do not outvote the rest.
Of settings that are equally good the first counts, so give the default first.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import fsum

from benchmarks.accuracy.generality_measure import Line
from benchmarks.accuracy.generality_settings import Given, pairs

# More combinations than this take an hour; what is chosen among so many is chance.
MAX_CHOICES = 64
# A difference below this is the order of equal time stamps.
SAME = 0.0005


def choices(grids: list[str], given: Given) -> list[dict[str, str]]:
    """Every combination of the grids over the other settings; raise `ValueError` for more than `MAX_CHOICES`.

    >>> choices(["near=1,2"], {"rhythm": "3"})
    [{'rhythm': '3', 'near': '1'}, {'rhythm': '3', 'near': '2'}]
    """
    values = {name: text.split(",") for name, text in pairs(grids, "--leave-one-out").items()}
    found = [{**given, **dict(zip(values, each, strict=True))} for each in product(*values.values())]
    if len(found) > MAX_CHOICES:
        raise ValueError(f"--leave-one-out: expected at most {MAX_CHOICES} combinations (got {len(found)})")
    return found


def leave_out(tried: Sequence[Given], found: Sequence[Sequence[Line]]) -> list[Line]:
    """The lines of each family at the settings chosen on the others; what each choice is worth is printed."""
    worth = [family_means(rows) for rows in found]
    families = list(dict.fromkeys(str(row["family"]) for row in found[0]))
    out: list[Line] = []
    for given, means in zip(tried, worth, strict=True):
        print(f"{text(given):40} {'  '.join(f'{family} {means[family]:.4f}' for family in families)}")
    for family in families:
        place = best_without(family, worth)
        own = means_text(worth, family, place)
        print(f"without {family}: {text(tried[place])} ({own})", flush=True)
        out += [{**row, "settings": text(tried[place])} for row in found[place] if row["family"] == family]
    return sorted(out, key=lambda row: float(row["distance"]))


def means_text(worth: Sequence[dict[str, float]], family: str, place: int) -> str:
    """The mean of the family there, and at what would be best for itself: what was lost by not looking at it."""
    top = max(each[family] for each in worth)
    return f"{family} {worth[place][family]:.4f}, {top:.4f} if chosen on itself"


def family_means(rows: Sequence[Line]) -> dict[str, float]:
    """Family -> the mean of the figures of its rows."""
    figures: dict[str, list[float]] = {}
    for row in rows:
        figures.setdefault(str(row["family"]), []).append(float(row["figure"]))
    return {family: fsum(each) / len(each) for family, each in figures.items()}


def best_without(family: str, worth: Sequence[dict[str, float]]) -> int:
    """The place of the choice that is best for the mean of the other families; the first of equals.

    >>> best_without("a", [{"a": 1.0, "b": 0.2}, {"a": 0.0, "b": 0.3}, {"a": 0.9, "b": 0.3001}])
    1
    """
    means = [fsum(mean for name, mean in each.items() if name != family) / max(1, len(each) - 1) for each in worth]
    return next(place for place, mean in enumerate(means) if mean >= max(means) - SAME)


def text(given: Given) -> str:
    """Settings as they are typed."""
    return " ".join(f"{name}={value}" for name, value in given.items()) or "defaults"
