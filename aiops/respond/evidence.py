"""Evidence for a playbook: how often its runs were verified, with the bound that promotion requires.

The bound is Wilson's score interval (E. B. Wilson, "Probable inference, the law of succession, and statistical
inference", JASA 22, 1927), 95 %, two-sided. Unlike the normal one it is not zero wide after 20 of 20.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from aiops.respond.calls import body_of
from aiops.respond.format import Playbook
from aiops.respond.history import History, Run
from aiops.respond.trials import record_of

Z = 1.959964
# It worked, and the condition returned: the same condition on the same target within this time.
RECURS_S = 3600.0


class Evidence(Struct):
    """The record of a playbook as it is now: runs of another content count for nothing.

    `judged` runs were verified, failed or ended unknown; `low` and `high` (0 to 1) bound the rate of `verified` among
    them. `shadows` would have run; `cleared_alone` of these cleared without anybody: the run was not needed.
    `confirmed` shadows are among `judged`: a person used the playbook and reported the outcome.
    Of the latest `trials` (incidents with a decision that nothing refused but the measured certainty) people `reviewed`
    some, and `right` were on the cause.
    """

    verified: int = 0
    judged: int = 0
    confirmed: int = 0
    shadows: int = 0
    cleared_alone: int = 0
    low: float = 0.0
    high: float = 1.0
    trials: int = 0
    reviewed: int = 0
    right: int = 0


def wilson(successes: int, trials: int, z: float = Z) -> tuple[float, float]:
    """Return the bounds (0 to 1) of a rate; (0, 1) without trials.

    >>> [round(bound, 3) for bound in wilson(20, 20)], [round(bound, 3) for bound in wilson(19, 20)]
    ([0.839, 1.0], [0.764, 0.991])
    """
    if trials <= 0:
        return 0.0, 1.0
    rate, square = successes / trials, z * z
    middle = rate + square / (2 * trials)
    half = z * math.sqrt(rate * (1 - rate) / trials + square / (4 * trials * trials))
    whole = 1 + square / trials
    return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)


def evidence_of(history: History, playbook: Playbook) -> Evidence:
    """Return the evidence for a playbook."""
    body = body_of(playbook)
    runs = [run for run in history.of_playbook(playbook.name) if run.body == body]
    verified = sum(run.state == "verified" for run in runs)
    judged = verified + sum(run.state in ("failed", "unknown") for run in runs)
    shadows = [run for run in history.shadows_of(playbook.name) if run.body == body]
    helped = sum(run.helped is True for run in shadows)
    judged_by_people = helped + sum(run.helped is False for run in shadows)
    low, high = wilson(verified + helped, judged + judged_by_people)
    record = record_of(list(history.trials.values()), {playbook.name: body})
    return Evidence(
        verified + helped,
        judged + judged_by_people,
        judged_by_people,
        len(shadows),
        sum(run.state == "cleared" for run in shadows),
        low,
        high,
        record.incidents,
        record.reviewed,
        record.right,
    )


def recurrences(runs: Sequence[Run], onset: float, now: float) -> int:
    """Return how many verified runs in a row were each followed by the same condition within the hour.

    `runs` are those of one playbook on one target, oldest first. The present condition began at `onset`; if that is
    before the last run ended, it fires at `now` in an incident that stayed open.
    """
    count, at = 0, onset
    for run in reversed(runs):
        back = at if at > run.ended else now
        if run.state != "verified" or back - run.ended > RECURS_S:
            break
        count, at, now = count + 1, run.began, run.began
    return count
