"""Severities, ordered: `critical > high > warning > info > ok`. Never compared as text."""

from __future__ import annotations

import enum


class Severity(enum.IntEnum):
    """How bad an alert is; compare members, never their names.

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
        """The word used in archives."""
        return self.name.lower()


# What tools call the five levels. An absent or unknown severity counts as a warning: too low would hide an alert that
# somebody thought worth sending, too high would page for it.
UNKNOWN = Severity.WARNING
_WORDS = {
    Severity.OK: "ok clear cleared normal resolved none",
    Severity.INFO: "info informational information notice low debug p5 sev5 indeterminate",
    Severity.WARNING: "warning warn minor moderate medium average p4 p3 sev4 sev3",
    Severity.HIGH: "high error err major p2 sev2",
    Severity.CRITICAL: "critical crit fatal emergency emerg alert disaster page p1 p0 sev1 sev0 severe",
}
# The labels by level: a look-up instead of an enum and a property, for records that are written often.
LABELS = tuple(level.label for level in sorted(Severity))
LEVELS: dict[str, Severity] = {word: level for level, words in _WORDS.items() for word in words.split()}


def is_stated(text: str | None) -> bool:
    """Whether a tool said how severe an alert is, in a word that is known.

    >>> is_stated("warning"), is_stated(None), is_stated("purple")
    (True, False, False)
    """
    return text is not None and (text in LEVELS or text.strip().lower() in LEVELS)


def parse_severity(text: str | None) -> Severity:
    """The level that a tool's word stands for; `UNKNOWN` where there is none or it is not known.

    >>> parse_severity("Fatal"), parse_severity(None), parse_severity("purple")
    (<Severity.CRITICAL: 4>, <Severity.WARNING: 2>, <Severity.WARNING: 2>)
    """
    if text is None:
        return UNKNOWN
    level = LEVELS.get(text)
    return LEVELS.get(text.strip().lower(), UNKNOWN) if level is None else level
