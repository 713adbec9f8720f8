"""Late records: the age from which a record is late, and the sentence for its sender."""

from __future__ import annotations

from aiops.durations import compact
from aiops.wording import plural

# Clocks usually disagree by less; an older record arrives after its incident.
LATE_S = 300.0
# The remedies for history; the first two tear no incident apart.
WAYS = (
    "`aiops send --shift-to-now --speed N` replays it on a running daemon (its first record is now, N times real "
    "time), a daemon with a fresh state directory takes it as it is"
)
ADVICE = f"where it is history: {WAYS}"


def sentence(count: int, most_s: float) -> str:
    """Describe late records and the remedy.

    >>> sentence(1, 7200.0).partition(":")[0]
    '1 record came up to 2 h late'
    """
    return (
        f"{plural(count, 'record')} came up to {compact(most_s)} late: the engine's time had passed theirs, and "
        f"incidents may be torn apart; {ADVICE}"
    )
