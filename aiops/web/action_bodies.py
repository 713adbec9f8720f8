"""Request and response bodies of actions on incidents."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from aiops.web.bodies import AlertId, Entity, Text

# Incidents of one request: some screens of a list. One frame of the journal holds them all.
MAX_BULK = 200
BulkAction = Literal[
    "acknowledge", "resolve", "reopen", "assign", "snooze", "unsnooze", "merge", "note", "mark", "undo"
]
Label = Literal["noise", "actionable"]
Person = Annotated[str, Meta(max_length=256)]
Moment = Annotated[str, Meta(min_length=1, max_length=40)]
NoteText = Annotated[str, Meta(min_length=1, max_length=1_000)]


class Assign(Struct, forbid_unknown_fields=True):
    """The person whose incident it is; without `to` it is nobody's. It is acknowledged with that."""

    to: Person = ""
    message: Text | None = None


class Snooze(Struct, forbid_unknown_fields=True, rename={"for_": "for"}):
    """The end of a snooze, at most 7 days ahead.

    Either `until` a time (RFC 3339 or Unix seconds) or `for` a while (`90m`, `2h`).
    """

    until: Moment | float | None = None
    for_: Moment | None = None
    message: Text | None = None


class Remark(Struct, forbid_unknown_fields=True):
    """A note on an incident. With `notify`, the endpoints that know the incident get it."""

    text: NoteText
    notify: bool = False


class Mark(Struct, forbid_unknown_fields=True, rename={"as_": "as"}):
    """The judgement of an incident: it was noise, or it needed somebody."""

    as_: Label
    message: Text | None = None


class OpenAlert(Struct, forbid_unknown_fields=True):
    """A background alert whose cluster becomes an incident, by its `fingerprint`."""

    alert: AlertId
    message: Text | None = None


class Merge(Struct, forbid_unknown_fields=True):
    """The incident that stays; the one of the address becomes a part of it."""

    into: Entity
    message: Text | None = None


class Split(Struct, forbid_unknown_fields=True):
    """Alerts that become an incident of their own, by a member's `alert_id` or `fingerprint`."""

    alerts: Annotated[list[AlertId], Meta(min_length=1, max_length=1_000)]
    message: Text | None = None


class Undo(Struct, forbid_unknown_fields=True):
    """The id of the action to undo, as its answer named it; without `action` the last one."""

    action: Annotated[str, Meta(max_length=256)] = ""
    message: Text | None = None


class Bulk(Struct, forbid_unknown_fields=True, rename={"for_": "for", "as_": "as"}):
    """One action on several incidents, with the fields of that action.

    For `undo`, `actions` are the ids of the actions, in the order of `ids`; without them the last ones are undone.
    """

    action: BulkAction
    ids: Annotated[list[Entity], Meta(min_length=1, max_length=MAX_BULK)]
    to: Person = ""
    until: Moment | float | None = None
    for_: Moment | None = None
    into: Entity | None = None
    text: NoteText | None = None
    as_: Label | None = None
    actions: Annotated[list[Annotated[str, Meta(max_length=256)]], Meta(max_length=MAX_BULK)] = []
    notify: bool = False
    message: Text | None = None


class Outcome(Struct):
    """The engine's answer for one incident; `id` is the action's record in the journal, empty without one."""

    incident: str
    id: str
    applied: bool
    reason: str


class Outcomes(Struct):
    """The answers, in the order of `ids`."""

    outcomes: list[Outcome]
