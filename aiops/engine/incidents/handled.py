"""The work on one incident, and the deeds in it that can be undone, as they stand in snapshots."""

from __future__ import annotations

from aiops.engine.fields import state


@state(acyclic=True)
class Deed:
    """An action of a person that can be undone: its record's id, and the values that it replaced."""

    id: str
    verb: str
    at: float
    actor: str
    before: dict[str, str]


@state(acyclic=True)
class Handled:
    """The work on one incident; `origins` are incidents as parts of which its alerts were notified."""

    incident: str
    remarks: list[tuple[float, str, str]]
    deeds: list[Deed]
    origins: list[str]
    # Playbook, time, person and reason.
    rejections: list[tuple[str, float, str, str]]
    assigned_to: str = ""
    snoozed_until: float | None = None
    split_from: str = ""


def new_handled(incident: str) -> Handled:
    """Return the work on an incident that nobody has touched."""
    made = Handled()
    made.incident, made.remarks, made.deeds, made.origins, made.rejections = incident, [], [], [], []
    return made


def new_deed(id: str, verb: str, at: float, actor: str, **before: str) -> Deed:
    """Return a deed, with the values that it replaced."""
    made = Deed()
    made.id, made.verb, made.at, made.actor, made.before = id, verb, at, actor, before
    return made
