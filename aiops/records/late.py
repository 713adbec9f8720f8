"""Late records: how old a record must be to count as late, and the sentence for whoever sent it."""

from __future__ import annotations

from aiops.durations import compact
from aiops.wording import plural

# As far as clocks usually disagree; what is older has missed its place.
LATE_S = 300.0
# The ways that work for history, of which the first two tear nothing apart.
WAYS = (
    "`aiops send --shift-to-now --speed N` replays it on a running daemon (its first record is now, N times real "
    "time), a daemon with a fresh state directory takes it as it is"
)
ADVICE = f"where it is history: {WAYS}"


def sentence(count: int, most_s: float) -> str:
    """Return what late records mean, and what to do about them.

    >>> sentence(1, 7200.0).partition(":")[0]
    '1 record came up to 2 h late'
    """
    return (
        f"{plural(count, 'record')} came up to {compact(most_s)} late: the engine's time had passed theirs, so that "
        f"incidents may be torn apart; {ADVICE}"
    )
