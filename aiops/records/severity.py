"""Severities in their order, `critical > high > warning > info > ok`; never compared as text."""

from __future__ import annotations

import enum
from functools import lru_cache


class Severity(enum.IntEnum):
    """The severity of an alert; compare members, never their names.

    >>> Severity.CRITICAL > Severity.HIGH > Severity.WARNING > Severity.INFO > Severity.OK
    True
    >>> Severity.WARNING.label
    'warning'
    """

    OK = 0
    INFO = 1
    WARNING = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """Return the word used in archives."""
        return self.name.lower()


# The words of tools for the five levels. An absent or unknown severity counts as a warning: too low would hide an alert
# that was worth sending, too high would page for it.
UNKNOWN = Severity.WARNING
_WORDS = {
    Severity.OK: "ok okay clear cleared normal resolved none up success green healthy good recovered",
    Severity.INFO: "info informational information notice low lowest trivial debug verbose trace p5 s5 sev5 "
    "indeterminate",
    Severity.WARNING: "warning warn minor moderate medium average caution degraded yellow p4 p3 s4 s3 sev4 sev3",
    Severity.HIGH: "high error err major failure failed fail serious immediate danger orange p2 s2 sev2",
    Severity.CRITICAL: "critical crit fatal emergency emerg panic alert disaster page severe urgent highest blocker "
    "down outage unreachable offline red p1 p0 s1 s0 sev1 sev0",
}
# The labels by level: a lookup is cheaper than an enum property for records that are written often.
LABELS = tuple(level.label for level in sorted(Severity))
LEVELS: dict[str, Severity] = {word: level for level, words in _WORDS.items() for word in words.split()}
# Before a number, these words make it one of a scale on which 1 is worst. A number alone may be Zabbix's 5 or
# PagerDuty's 5.
_SCALES = frozenset(("p", "s", "sev", "severity", "priority", "prio"))
# "non-critical", "not critical", "no error": a negated word does not count.
_NEGATIONS = frozenset(("no", "non", "not"))
# A severity is a word or two. A longer text is a sentence, and any word may occur in it.
MAX_TEXT = 64


def has_explicit_severity(text: str | None) -> bool:
    """Return True if a tool stated the severity in a known word.

    >>> [has_explicit_severity(text) for text in ("warning", "P1 - Critical", None, "purple")]
    [True, True, False, False]
    """
    return text is not None and (text in LEVELS or _found(text[: MAX_TEXT + 1]) is not None)


def parse_severity(text: str | None) -> Severity:
    """Return the level of a tool's word; `UNKNOWN` if it is absent or not known.

    >>> parse_severity("Fatal"), parse_severity(None), parse_severity("purple")
    (<Severity.CRITICAL: 4>, <Severity.WARNING: 2>, <Severity.WARNING: 2>)
    """
    if text is None:
        return UNKNOWN
    level = find_severity(text)
    return UNKNOWN if level is None else level


def find_severity(text: str) -> Severity | None:
    """Return the level of a known word, or of the most severe one in a short text; None if there is none.

    >>> find_severity("P2 - High"), find_severity("Sev-1"), find_severity("5"), find_severity("non-critical")
    (<Severity.HIGH: 3>, <Severity.CRITICAL: 4>, None, None)
    """
    level = LEVELS.get(text)
    return _found(text[: MAX_TEXT + 1]) if level is None else level


# A site's tools use some tens of such texts. Hostile ones evict each other.
@lru_cache(maxsize=1_024)
def _found(text: str) -> Severity | None:
    word = text.strip().lower()
    level = LEVELS.get(word)
    if level is not None or len(text) > MAX_TEXT:
        return level
    tokens = "".join(letter if letter.isalnum() else " " for letter in word).split()
    found: list[Severity] = []
    for token, before in zip(tokens, ["", *tokens], strict=False):
        is_scale = before in _SCALES and token.isdecimal()
        level = LEVELS.get("sev" + token if is_scale else token)
        if level is not None and before not in _NEGATIONS:
            found.append(level)
    return max(found, default=None)
