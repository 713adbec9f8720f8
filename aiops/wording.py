"""Counts, durations and lists as people write them; the only module that formats them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def plural(count: int, word: str, words: str | None = None) -> str:
    """Return a count with its noun.

    >>> plural(1, "alert"), plural(2, "entity", "entities"), plural(3_000, "hop")
    ('1 alert', '2 entities', '3,000 hops')
    """
    return f"{count:,} {word if count == 1 else words or word + 's'}"


def capital(text: str) -> str:
    """Return a text that begins with a capital letter, unless its first word is an id or another name.

    >>> capital("resolved by bob"), capital("inc-e89f is open"), capital("api.example.com fails")
    ('Resolved by bob', 'inc-e89f is open', 'api.example.com fails')
    """
    word = text.partition(" ")[0].rstrip(",:;.!?").replace("'", "").replace("’", "")
    return text[:1].upper() + text[1:] if word.isalpha() else text


def titled(noun: str, name: str) -> str:
    """Return a name after its noun, which is left out where the name begins with it.

    >>> titled("silence", "night"), titled("silence", "silence-652a")
    ('silence night', 'silence-652a')
    """
    return name if name.startswith(noun) else f"{noun} {name}"


def duration(seconds: float) -> str:
    """Return a duration.

    >>> duration(0.4), duration(75), duration(7300)
    ('less than a second', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 1:
        return "less than a second"
    whole = round(seconds)
    if whole < 60:
        return plural(whole, "second")
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 2 * 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return plural(whole // 86_400, "day")


def day_text(at: float) -> str:
    """Return a day in UTC, of Unix seconds.

    >>> day_text(1_777_766_400.0)
    '3 May 2026'
    """
    day = datetime.fromtimestamp(at, UTC)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def about(seconds: float) -> str:
    """Return a duration in its largest unit.

    >>> about(45), about(478), about(3599), about(5400)
    ('45 s', '8 min', '1 h', '1.5 h')
    """
    if seconds < 60:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{round(seconds / 3600, 1):g} h"


def located(name: str, entity: str) -> str:
    """Return an alert with its entity; the name alone where the alert names none and stands for itself.

    >>> located("Disk full", "db-1"), located("Payroll export failed", "Payroll export failed {job=eu}")
    ('Disk full on db-1', 'Payroll export failed')
    """
    rest = entity[len(name) :] if entity.startswith(name) else " on"
    return name if not rest or rest.startswith((" {", " [")) else f"{name} on {entity}"


def came_back(count: int, times: Sequence[float]) -> str:
    """Describe the returns of something: `count` in all, `times` of the latest.

    >>> came_back(1, [480.0]), came_back(3, [480.0, 960.0, 1430.0])
    ('came back once', 'came back 3 times, about every 8 min')
    >>> came_back(40, [0.0, 300.0, 2700.0])
    'came back 40 times, every 5 to 40 min'
    """
    if count <= 1:
        return "came back once" if count else "has not returned"
    text = f"came back {count:,} times"
    gaps = [later - earlier for earlier, later in pairwise(times)]
    if not gaps:
        return text
    least, most = min(gaps), max(gaps)
    if most > 2 * least:
        one, other = about(least), about(most)
        one = one.rpartition(" ")[0] if one.rpartition(" ")[2] == other.rpartition(" ")[2] else one
        return f"{text}, every {one} to {other}"
    return f"{text}, about every {about((times[-1] - times[0]) / len(gaps))}"


def listed(names: Sequence[str], shown: int, count: int = 0, *, is_cut: bool = False, separator: str = ", ") -> str:
    """Return the first names of a list, and the number of the others.

    `count` is the total if the list holds fewer; `is_cut` means that there may be more, uncounted. A `separator` of its
    own is for names that hold commas.

    >>> listed(["a", "b", "c"], 2), listed(["a", "b"], 2), listed(["a", "b", "c"], 2, 3_000)
    ('a, b and 1 more', 'a, b', 'a, b and 2,998 more')
    >>> listed(["a", "b", "c"], 2, is_cut=True)
    'a, b and at least 1 more'
    """
    more = max(count, len(names)) - min(len(names), shown)
    text = separator.join(names[:shown])
    return f"{text} and {'at least ' if is_cut else ''}{more:,} more" if more else text


def yaml_quoted(text: str) -> str:
    """Return a text as a double-quoted scalar of YAML, in ASCII.

    >>> yaml_quoted('disk "é"')
    '"disk \\\\"\\\\U000000e9\\\\""'
    """
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(one if " " <= one <= "~" else f"\\U{ord(one):08x}" for one in quoted)
