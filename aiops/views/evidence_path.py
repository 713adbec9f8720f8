"""The evidence path of a suspect: the places from it to a symptom, with the alerts on each, in words."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from aiops.records import Hop
from aiops.views.one_line import one_line
from aiops.wording import listed

# How the next place stands to this one, by the kind of the dependency.
_LINKS = {"calls": "called by", "uses": "used by", "runs_on": "carries", "part_of": "part of"}
MAX_ENTITY, MAX_ALERT = 120, 80


class Step(Struct):
    """A place on the way of a failure.

    `link` is how the next place stands to this one, such as `called by`; empty at the last. `alerts` fire here, `more`
    of them are not named.
    """

    entity: str
    link: str = ""
    alerts: list[str] = []
    more: int = 0


def steps(path: Sequence[Hop]) -> list[Step]:
    """Return the places of a path; empty for one that leads nowhere."""
    return [_step(hop) for hop in path] if len(path) > 1 else []


def _step(hop: Hop) -> Step:
    link = _LINKS.get(hop.edge, "needed by") if hop.edge else ""
    return Step(one_line(hop.entity, MAX_ENTITY), link, [one_line(name, MAX_ALERT) for name in hop.alerts], hop.more)


def step_alerts(step: Step) -> str:
    """Return the alerts of a place in words.

    >>> step_alerts(Step("db", "used by", ["DiskFull"], 2)), step_alerts(Step("web"))
    ('DiskFull and 2 more', 'no alert')
    """
    return listed(step.alerts, len(step.alerts), len(step.alerts) + step.more) if step.alerts else "no alert"


def path_text(found: Sequence[Step]) -> str:
    """Return a path as a part of a sentence.

    >>> path_text([Step("db", "used by", ["DiskFull"]), Step("cart", "called by"), Step("web", "", ["Slow", "Down"])])
    'db (DiskFull), used by cart (no alert), called by web (Slow, Down)'
    """
    return "".join(f"{one.entity} ({step_alerts(one)}){f', {one.link} ' if one.link else ''}" for one in found)
