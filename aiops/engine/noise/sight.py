"""A cluster as the decision to open its incident sees it: a model is trained on what the decision saw."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from aiops.engine.fields import state

# The numbers of a sight, in their order. Counts and seconds are ln(1 + x): no unit drowns the others.
NAMES: Final = ("log_alerts", "log_entities", "log_names", "entropy", "severity", "habitual", "log_waited_s")
# Kinds and entities of one sight that are kept; a larger cluster is nothing that people mark as noise at a glance.
MAX_KINDS: Final = 50
MAX_ENTITIES: Final = 100
MAX_TEXT: Final = 200
# Between an alert name and the workload that it is on.
AT: Final = " @ "


@state(acyclic=True)
class Sight:
    """A cluster at a time (engine time): worst severity, numbers by `NAMES`, kinds and entities.

    A kind is an alert name on a workload. `is_cut`: it had more kinds or entities than are kept.
    """

    at: float
    severity: int
    values: list[float]
    kinds: list[str]
    entities: list[str]
    is_cut: bool = False


def kind_of(name: str, workload: str) -> str:
    """Return an alert name on a workload as one text, cut to `MAX_TEXT` characters each.

    >>> kind_of("DiskSlow", "db")
    'DiskSlow @ db'
    """
    return f"{name[:MAX_TEXT]}{AT}{workload[:MAX_TEXT]}"


def name_of(kind: str) -> str:
    """Return the alert name of a kind.

    >>> name_of("DiskSlow @ db")
    'DiskSlow'
    """
    return kind.partition(AT)[0]


def entropy(counts: Mapping[str, int]) -> float:
    """Return the entropy of counts in nats; 0 for one kind.

    >>> round(entropy({"a": 1, "b": 1}), 3)
    0.693
    """
    total = sum(counts.values())
    return -math.fsum(n / total * math.log(n / total) for n in counts.values() if n) if total else 0.0
