"""Certainty of a cause for people: the words, and the measurements on this site behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from aiops.records import Cause
from aiops.verdict.certainty import certainty
from aiops.wording import plural

# The engine holds the measurements. It may be busy, rank without measuring, or not run at all.
_UNKNOWN = "How often such a cause was right on this site is not known now."


class Certainty(Struct):
    """The certainty of a cause.

    `text` is one line, `lead` the lead over the other suspects (a meter of three bars), `percent` the calibrated
    probability, None before there is one. `measured` is the record of the ranking on this site, as a sentence.
    """

    text: str
    lead: Literal["low", "medium", "high"]
    percent: int | None
    measured: str


def certainty_of(cause: Cause, calibration: Mapping[str, Any] | None) -> Certainty:
    """Return the certainty of a first-ranked cause; `calibration` is the ranker's report, if any."""
    percent = None if cause.probability is None else round(cause.probability * 100)
    return Certainty(certainty(cause), cause.confidence, percent, measured(calibration))


def measured(calibration: Mapping[str, Any] | None) -> str:
    """Return how often first-ranked causes were right on this site.

    >>> measured({"outcomes": 3, "needed": 10, "hits": 2, "kept": 3})
    'Not yet measured on this site (3 of 10 confirmations).'
    >>> measured({"outcomes": 14, "needed": 10, "hits": 9, "kept": 14, "error": 0.08})
    'On this site the first suspect was right in 9 of 14 confirmed incidents; percentages were off by 8 points.'
    """
    if calibration is None:
        return _UNKNOWN
    outcomes, needed = int(calibration.get("outcomes", 0)), int(calibration.get("needed", 0))
    if outcomes < max(needed, 1):
        of = f"{outcomes} of {needed} confirmations" if needed else "no confirmation"
        return f"Not yet measured on this site ({of})."
    error = calibration.get("error")
    off = f"; percentages were off by {plural(round(error * 100), 'point')}" if error is not None else ""
    if "hits" not in calibration:
        return f"Measured on {plural(outcomes, 'confirmed incident')} of this site{off}."
    kept = plural(int(calibration["kept"]), "confirmed incident")
    return f"On this site the first suspect was right in {calibration['hits']} of {kept}{off}."
