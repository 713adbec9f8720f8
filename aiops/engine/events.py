"""The engine's decisions: events are its only output."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from aiops.records import Incident

Disposition = Literal["incident", "duplicate", "suppressed", "background", "rejected"]
DISPOSITIONS: tuple[Disposition, ...] = ("incident", "duplicate", "suppressed", "background", "rejected")


class Placed(Struct, tag="placed", tag_field="event", gc=False):
    """The cluster of one alert on arrival. One event is emitted for every alert, in input order.

    `seq` is the record's number in the log (from 0, over all kinds). `cluster` may later be merged into another
    (`ClusterMerged`) or become an incident (`ClusterPromoted`). `member` numbers the (cluster, alert stream) pair; a
    `ClusterSplit` moves members.
    """

    seq: int
    id: str
    disposition: Disposition
    cluster: int
    member: int
    incident: str | None = None
    reason: str | None = None


class ClusterMerged(Struct, tag="cluster_merged", tag_field="event", gc=False):
    """All that was in cluster `source` is now in `target`."""

    seq: int
    source: int
    target: int
    reason: str


class ClusterSplit(Struct, tag="cluster_split", tag_field="event", gc=False):
    """The given members of cluster `source` are now in `target`."""

    seq: int
    source: int
    target: int
    members: list[int]
    reason: str


class ClusterPromoted(Struct, tag="cluster_promoted", tag_field="event", gc=False):
    """A background cluster became worth a person's attention: its alerts now belong to `incident`."""

    seq: int
    cluster: int
    incident: str
    reason: str


IncidentChange = Literal["opened", "updated", "merged", "resolved", "reopened", "acknowledged"]


class Mention(Struct, gc=False, array_like=True, frozen=True):
    """An alert as it is named to people: its name, its service (or else its entity), and its level."""

    name: str
    place: str
    level: int


class StreamLabels(Struct, gc=False, frozen=True):
    """An alert stream of an incident, as routes and inhibition rules see it.

    `severity` is the worst level of its alerts here, `labels` are those of its first alert; they are shared with the
    engine, which never changes them.
    """

    fingerprint: str
    name: str
    entity: str
    service: str | None = None
    workload: str = ""
    source: str | None = None
    severity: int = 2
    is_firing: bool = True
    labels: dict[str, str] = {}


class IncidentChanged(Struct, tag="incident", tag_field="event", gc=False):
    """An incident's life cycle. `incident` is its whole state, without the list of alert ids.

    `version` counts the events of one incident from 1; (incident.id, version) is the identity that deliveries derive
    theirs from. `what` names the fields that matter to people and changed: severity, alerts (a name or a service that
    was not named before), cause, members, status, playbook, silenced (a silence over all that fires began or ended;
    `incident.silenced_by` names it), returns (its pattern returned). `named` is all that has been named since the
    incident was opened or reopened, the most severe first, bounded; the host decides whom to notify of what.
    `is_return`: the incident had ended, which nobody decided, and returned within `incidents.return_window_s`. It
    continues, and `named` still holds what was named before its end. `by_person`: a person resolved, reopened, merged
    or split it. `said` is a sentence about the person's action, for the endpoints that know the incident. `origins` are
    the incidents as parts of which its alerts were notified before a person merged or split them.

    `streams` are its streams that are kept one by one, at most `incidents.max_members`; `unkept` counts alerts of
    others. A merge has none: it follows the messages before it.
    """

    seq: int
    at: float
    change: IncidentChange
    incident: Incident
    version: int
    what: list[str]
    named: list[Mention] = []
    is_return: bool = False
    by_person: bool = False
    streams: list[StreamLabels] = []
    unkept: int = 0
    said: str = ""
    origins: list[str] = []


class Feedback(Struct, tag="feedback", tag_field="event", gc=False):
    """An operator action was applied, or could not be, and why."""

    seq: int
    id: str
    verb: str
    applied: bool
    reason: str


class Notice(Struct, tag="notice", tag_field="event", gc=False):
    """Something an operator of the engine should know: a cap that was reached, a model that was swapped."""

    seq: int
    topic: str
    text: str


Event = Placed | ClusterMerged | ClusterSplit | ClusterPromoted | IncidentChanged | Feedback | Notice
