"""The records of the log, as Structs that are validated while they are decoded.

Times are floats in Unix seconds. Structs that hold no cycles are kept from the cyclic garbage collector
(`gc=False`), which otherwise costs more than the decoding once many records are held.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from aiops.wording import plural

# The year 2100. A larger number is almost always milliseconds, and one such record would expire everything else.
MAX_TIME_S = 4_102_444_800.0
# One bound for all inputs. Clocks usually disagree by less; a timestamp further ahead of its receipt is not the
# record's. HTTP refuses such an archive record. Records of files and topics count at their receipt time.
MAX_AHEAD_S = 300.0
Time = Annotated[float, Meta(ge=0, lt=MAX_TIME_S)]
Name = Annotated[str, Meta(min_length=1, max_length=1024)]
Status = Literal["firing", "resolved"]


class Truth(Struct, gc=False, omit_defaults=True):
    """Labels for scoring; the engine never reads them."""

    incident: str | None = None
    root_cause: bool | str | None = None


class Alert(Struct, tag="alert", tag_field="kind", gc=False, omit_defaults=True, kw_only=True):
    """One message from a monitoring tool.

    `key` is the tool's own identity of the thing that alerts (a dedup key, an alias, a fingerprint, a problem's id).
    With `source` it is the whole identity. Without it, name, entity, service and labels are. `annotations` are texts of
    the sender for people, such as a summary and a runbook's link; they take no part in the identity.
    """

    ts: Time
    name: Name
    id: str = ""
    source: str | None = None
    key: Annotated[str, Meta(max_length=1024)] | None = None
    severity: str | None = None
    status: Status = "firing"
    service: str | None = None
    entity: str | None = None
    message: str | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    starts_at: Time | None = None
    ends_at: Time | None = None
    url: str | None = None
    truth: Truth | None = None


class Metric(Struct, tag="metric", tag_field="kind", gc=False, omit_defaults=True, kw_only=True):
    """One sample of a time series."""

    ts: Time
    entity: Name
    name: Name
    value: float
    id: str = ""
    labels: dict[str, str] = {}


class Change(Struct, tag="change", tag_field="kind", gc=False, omit_defaults=True, kw_only=True):
    """A deploy, a configuration change or a scaling of an entity.

    The label `kind` (deploy, config, scale ...) names what the name may not; playbooks match either.
    """

    ts: Time
    entity: Name
    name: Name
    id: str = ""
    message: str | None = None
    labels: dict[str, str] = {}
    service: str | None = None
    url: str | None = None


class Action(Struct, tag="action", tag_field="kind", gc=False, omit_defaults=True, kw_only=True):
    """A command of an operator, or of the host on the operator's behalf.

    `verb` is one of `VERBS`; `incident`, `entity` and `args` name its object.
    """

    ts: Time
    verb: Name
    id: str = ""
    actor: str | None = None
    incident: str | None = None
    entity: str | None = None
    args: dict[str, str] = {}
    message: str | None = None


class Tick(Struct, tag="tick", tag_field="kind", gc=False, omit_defaults=True, kw_only=True):
    """The host's clock, recorded in the log: time passes although no alert arrives.

    With `passes` false it states the clock at receipt of the records that follow, and moves no time. No alert is then
    mistaken for one from the future while older records are still to come. `away` names the senders that are cut off,
    as their source is down or behind (`*` for all): their silence is no sign.
    """

    ts: Time
    id: str = ""
    passes: bool = True
    away: list[str] = []


VERBS = (
    "acknowledge",  # a person works on `incident`
    "resolve",  # `incident` ends, although its alerts may still fire
    "reopen",  # `incident` was resolved too early
    "assign",  # args.to: the person whose `incident` is; empty: nobody's
    "snooze",  # args.until: no news of `incident` until then, unless it becomes critical
    "unsnooze",  # the snooze of `incident` ends now
    "merge",  # args.into: the incident that `incident` becomes a part of
    "split",  # args.alerts: ids of the alerts that leave `incident` and become one of their own
    "undo",  # the last action on `incident`; args.action: its id
    "confirm_cause",  # `entity` was the cause of `incident`
    "confirm_grouping",  # args.alerts: ids that belong together; args.wrong: ids that do not
    "forget_lessons",  # args.lesson: the id of an action, or all; args.by: a person: what it taught the grouping
    "confirm_playbook",  # args.playbook, args.outcome: resolved | helped | useless
    "mark",  # args.as: `incident` was noise, or actionable
    "open",  # args.alert: the background alert, by its fingerprint, whose cluster becomes an incident
    "reject_playbook",  # args.playbook is not for `incident`; `message` is the reason
    "silence",  # args.id, args.matchers, args.until, optional args.from, args.every
    "unsilence",  # args.id
    "note",  # args.text: a sentence for `incident`, for everyone who is notified of it; args.notify: no, or page
    "finding",  # args.findings: JSON: what the host read of other systems, as evidence for causes of `incident`
    "swap_model",  # args.slot, args.algorithm, args.state: a model is promoted; or args.from: shadow, canary, previous
    "shadow_model",  # args.slot, args.algorithm, args.state: a candidate runs beside it; without a state it ends
    "canary_model",  # the same, and args.services, for which the candidate decides
)


class Evidence(Struct, gc=False, omit_defaults=True):
    """A named, signed contribution to a score, with a sentence for people."""

    name: str
    value: float
    text: str = ""


class Hop(Struct, gc=False, omit_defaults=True):
    """A place on the way of a failure from a suspect to a symptom.

    `edge` is the kind of the dependency by which the next place needs this one, empty at the last; `part_of`: this is a
    part of the next. `alerts` are names that fire here, the most unusual first; `more` counts those that are left out.
    """

    entity: str
    edge: str = ""
    alerts: list[str] = []
    more: int = 0


class Cause(Struct, gc=False, omit_defaults=True):
    """A ranked entity.

    `score` is the sum of the evidence; `probability` is set only once it is calibrated. `change` is the change that
    counts against it, if there is one. `path` leads from it over what depends on it to a symptom.
    """

    entity: str
    score: float = 0.0
    probability: float | None = None
    confidence: Literal["low", "medium", "high"] = "low"
    evidence: list[Evidence] = []
    change: Change | None = None
    path: list[Hop] = []


class Suggestion(Struct, gc=False, omit_defaults=True):
    """A playbook that fits, with its evidence.

    `propensity` (0 to 1) is the chance that it had to be first, where the order was drawn; those of the suggestions of
    an incident sum to 1. Absent if the order was certain.
    """

    name: str
    score: float = 0.0
    probability: float | None = None
    target: str | None = None
    evidence: list[Evidence] = []
    propensity: float | None = None


class RootCause(Struct, gc=False, omit_defaults=True):
    """A confirmed or labelled cause."""

    entity: str
    level: str | None = None


class Target(Struct, gc=False, omit_defaults=True):
    """The place where users noticed the fault."""

    entity: str
    metric: str | None = None
    stat: str | None = None


class Member(Struct, gc=False, omit_defaults=True):
    """One alert stream (fingerprint) of an incident, with the evidence by which it joined.

    `alert_id` is the id of its first alert: feedback on the grouping names alerts by it, or by the fingerprint.
    `silenced_by` names the silence that mutes it, `silenced_until` the end of that silence. `service`, `source`,
    `message` (the latest), `labels`, `annotations` and `url` are those of its alerts; a record has them for
    its first 25 members.
    """

    fingerprint: str
    name: str
    entity: str
    severity: str
    status: Status
    count: int
    first_at: float
    last_at: float
    evidence: list[Evidence] = []
    notes: list[str] = []
    alert_id: str = ""
    silenced_by: str | None = None
    silenced_until: float | None = None
    workload: str = ""
    service: str | None = None
    source: str | None = None
    message: str | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    url: str | None = None


class Affected(Struct, gc=False, omit_defaults=True):
    """A workload that alerts, with the number of its entities that do; `entity` was the first.

    `kind` is what the entities are called: pod, host, replica, or entity for several kinds.
    """

    workload: str
    entity: str
    entities: int = 1
    kind: str = "entity"

    @property
    def text(self) -> str:
        """Return the entity, or the workload with the number of its entities: `payments-api, 4 pods`."""
        if self.entities == 1:
            return self.entity
        return f"{self.workload}, {plural(self.entities, self.kind, 'entities' if self.kind == 'entity' else None)}"


class Remark(Struct, gc=False):
    """A note on an incident."""

    at: Time
    actor: str
    text: str


class Rejection(Struct, gc=False):
    """A suggested playbook that a person rejected for an incident, with the reason."""

    playbook: str
    at: Time
    actor: str
    reason: str


class Marked(Struct, gc=False, omit_defaults=True):
    """The judgement on an incident: noise or actionable.

    `is_implied`: nobody marked it, but a person confirmed a cause or a playbook that helped, so it was actionable.
    """

    label: str
    at: Time
    actor: str
    is_implied: bool = False


class LastAction(Struct, gc=False):
    """The last action of a person on an incident, which can be undone for an hour."""

    id: str
    verb: str
    actor: str
    at: Time


FindingWeight = Literal["weak", "medium", "strong"]


class Finding(Struct, gc=False):
    """A finding of a collector when an incident opened: `text` counts for `entity` as a cause."""

    at: Time
    by: str
    entity: str
    text: str
    weight: FindingWeight = "medium"


class Incident(Struct, tag="incident", tag_field="kind", gc=False, omit_defaults=True, kw_only=True):
    """A cluster worth a person's attention; as input, history or truth."""

    id: Name
    opened_at: Time | None = None
    resolved_at: Time | None = None
    status: Literal["open", "acknowledged", "resolved", "merged"] | None = None
    severity: str | None = None
    title: str | None = None
    message: str | None = None
    url: str | None = None
    runbook_url: str | None = None
    alerts: list[str | Alert] = []
    alert_count: int = 0
    first_alert_at: Time | None = None
    last_alert_at: Time | None = None
    quiet_at: Time | None = None
    acknowledged_by: str | None = None
    resolved_by: str | None = None
    entities: list[str] = []
    entity_count: int = 0
    more_entities: bool = False
    is_storm: bool = False
    services: list[str] = []
    workloads: list[Affected] = []
    members: list[Member] = []
    stream_count: int = 0
    firing_count: int = 0
    back_after_s: float | None = None
    returns: int = 0
    returned_at: list[Time] = []
    return_every_s: float | None = None
    silenced_by: list[str] = []
    silenced_until: Time | None = None
    merged_into: str | None = None
    merged_from: list[str] = []
    causes: list[Cause] = []
    playbooks: list[Suggestion] = []
    similar: list[Evidence] = []
    explanation: list[str] = []
    root_cause: RootCause | None = None
    cause_class: str | None = None
    playbook: str | None = None
    target: Target | None = None
    taxonomy: str | None = None
    assigned_to: str | None = None
    snoozed_until: Time | None = None
    notes: list[Remark] = []
    rejected: list[Rejection] = []
    split_from: str | None = None
    last_action: LastAction | None = None
    marked: Marked | None = None
    findings: list[Finding] = []


Record = Alert | Metric | Change | Action | Tick | Incident


class Skipped(Struct, gc=False, kw_only=True):
    """A stand-in for a record that the engine could not process; it is counted and changes nothing else.

    It is made while the log is read, and never written. `of` is the kind of the record, `raw` its JSON (cut).
    """

    ts: float
    of: str
    id: str
    reason: str
    source: str = ""
    raw: bytes = b""


# The input of the engine: a record, or its stand-in.
Logged = Record | Skipped
