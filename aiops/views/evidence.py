"""Evidence in plain words, one sentence a contribution, the strongest first.

The ranker's own sentence stays beside it for those who want figures. A name without an entry keeps that sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from aiops.records import Cause, Evidence, Incident
from aiops.verdict.changes import change_sentence
from aiops.views.one_line import one_line
from aiops.wording import capital

MAX_TEXT, MAX_DETAIL = 240, 400
# Contributions of a cause that are shown; further ones are too small to decide anything.
MAX_ROWS = 6
_PERCENT = re.compile(r"([0-9]{1,3}) ?%")
_SHARES = ((90, "Nearly all"), (50, "Most"), (10, "Some"), (2, "A few"), (0, "Hardly any"))
# Words that begin our own sentences: any other first word may be a name, which keeps its small letter.
_FIRST = frozenset(["it", "its", "a", "an", "the", "no", "one", "all", "up", "such", "this", "latency", "alerts"])


class EvidenceRow(Struct):
    """One contribution: a sentence, its share of the largest one shown, its value, the ranker's words."""

    name: str
    text: str
    share: float
    value: float
    detail: str


def rows(cause: Cause, incident: Incident, most: float = 0.0) -> list[EvidenceRow]:
    """Return the evidence for a cause; `most` is the largest value on the page, at least its own."""
    strongest = sorted(cause.evidence, key=lambda one: (-abs(one.value), one.name))[:MAX_ROWS]
    return _rows(strongest, most, lambda one: _sentence(one, cause, incident))


def plain_rows(evidence: Sequence[Evidence]) -> list[EvidenceRow]:
    """Return evidence for something other than a cause, such as a playbook, in its own words."""
    strongest = sorted(evidence, key=lambda one: (-abs(one.value), one.name))[:MAX_ROWS]
    return _rows(strongest, 0.0, lambda one: one.text or one.name)


def _rows(found: Sequence[Evidence], most: float, sentence: Callable[[Evidence], str]) -> list[EvidenceRow]:
    largest = max([most, *(abs(one.value) for one in found)], default=0.0) or 1.0
    return [
        EvidenceRow(
            one.name,
            _line(sentence(one), MAX_TEXT),
            round(min(abs(one.value) / largest, 1.0), 3),
            one.value,
            one_line(one.text or one.name, MAX_DETAIL),
        )
        for one in found
    ]


def _sentence(one: Evidence, cause: Cause, incident: Incident) -> str:
    if one.name == "change":
        return change_sentence(cause, incident) or one.text or one.name
    words = _WORDS.get(one.name)
    text = one.text or one.name
    if words is not None:
        return words(text, cause.entity)
    # A rule names the entity, which stands above all of it, and itself.
    return text.partition(f": {_named(cause.entity)} (rule ")[0]


def _internal(text: str, entity: str) -> str:
    return f"It raises {text.replace(f' on {_named(entity)}', '', 1)}"


def _symptom(text: str, entity: str) -> str:
    names, _, _ = text.partition(" seen at ")
    return f"Seen from outside: {names}"


def _contrast(text: str, entity: str) -> str:
    names, _, rest = text.partition(f" on {_named(entity)} that ")
    most, _, _ = rest.partition(" do not show")
    return f"{most} do not show {names}" if most else text


def _walk(text: str, entity: str) -> str:
    part = f"{_share(text)} of the latency and error alerts"
    if " along the dependencies to " in text:
        return f"{part} lead here along the dependencies"
    if " stays on " in text:
        return f"{part} stay with it; its dependencies complain as well"
    if " leads back to " in text:
        return f"{part} lead back to it, which depends on what complains"
    return f"{part} are on it itself"


def _share(text: str) -> str:
    """Return the share at the beginning of a sentence in words; the figure stays in the details.

    >>> _share("32% of the weight"), _share("all weight of"), _share("0% of the weight")
    ('Some', 'All', 'Hardly any')
    """
    if text.startswith("all "):
        return "All"
    found = _PERCENT.match(text)
    share = int(found.group(1)) if found is not None else 0
    return next(word for least, word in _SHARES if share >= least)


def _silence(text: str, entity: str) -> str:
    return f"It {text.removeprefix(f'{_named(entity)} ')}"


def _signs(text: str, entity: str) -> str:
    return "Alerts like its own were more often on confirmed causes than alerts at large"


def _finding(text: str, entity: str) -> str:
    return f"We looked and found: {text.partition(': ')[2] or text}"


def _likeness(text: str, entity: str) -> str:
    alike, _, _ = text.partition(" was confirmed to be caused by ")
    return f"It was the confirmed cause of {alike.rstrip(',')}" if alike != text else text


# The contributions of the built-in ranker by name; see `aiops_models.causes.score_terms`.
_WORDS: dict[str, Callable[[str, str], str]] = {
    "internal": _internal,
    "symptom": _symptom,
    "contrast": _contrast,
    "blame": _walk,
    "silence": _silence,
    "signs": _signs,
    "likeness": _likeness,
    "finding": _finding,
}


def _named(entity: str) -> str:
    """Return an entity as the ranker's sentences have it: one line of at most 80 characters."""
    return one_line(entity, 80)


def _line(text: str, limit: int) -> str:
    cut = one_line(text, limit).rstrip(".")
    return capital(cut) if cut.partition(" ")[0] in _FIRST else cut
