"""Certainty of a cause, in words that keep what they promise.

How far scores can be trusted does not carry over between systems: causes of the same margin were right in 191 of 200
incidents of one system and in 17 of 39 of another. Until outcomes were confirmed on this system, only the lead over the
other suspects is stated, which is measured; afterwards the calibrated probability is.
"""

from __future__ import annotations

from aiops.records import Cause

UNCHECKED = "not yet checked here"
_LEADS = {"high": f"clear lead, {UNCHECKED}", "medium": f"small lead, {UNCHECKED}", "low": "no clear lead"}


def certainty(cause: Cause) -> str:
    """Return the certainty of a first-ranked cause in words, or in per cent once it is calibrated.

    >>> certainty(Cause("db-1", confidence="high")), certainty(Cause("db-1", probability=0.8))
    ('clear lead, not yet checked here', '80 %')
    """
    return _LEADS[cause.confidence] if cause.probability is None else f"{cause.probability * 100:.0f} %"
