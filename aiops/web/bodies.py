"""Request and response bodies of the API.

Times are Unix seconds unless stated otherwise; unknown fields are errors.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from aiops.engine.silences.silences import Silence
from aiops.matchers import Matcher
from aiops.records import Incident
from aiops.respond.history import Decided, Mode, Refusal, Run, SwitchMove
from aiops.respond.runs import Plan
from aiops.respond.step_approvals import Continuation
from aiops.views.silence_calendar import Occurrence

Text = Annotated[str, Meta(max_length=2_000)]
Entity = Annotated[str, Meta(min_length=1, max_length=1_024)]
# Lists of ids travel through the journal joined by commas.
AlertId = Annotated[str, Meta(min_length=1, max_length=1_024, pattern=r"^[^,]+$")]
Limit = Annotated[int, Meta(ge=1, le=1_000)]
SeverityWord = Literal["ok", "info", "warning", "high", "critical"]


Position = Annotated[str, Meta(max_length=1_200, pattern=r"^([0-9]{1,12}(\.[0-9]{1,9})?~){1,3}.+$(?!\n)")]

# A matcher, or several separated by commas, as people write them.
MatcherText = Annotated[str, Meta(min_length=1, max_length=8_000)]


class Error(Struct):
    """The reason why a request was refused: the position, the expected and the actual value."""

    error: str


class Nothing(Struct, forbid_unknown_fields=True):
    """An empty body, `{}`."""


class Inhibited(Struct):
    """An endpoint that is not notified of an incident while another alert fires.

    `by` names that alert, `incident` is the one it belongs to, `rule` the inhibition rule or `topology`. `since` is in
    Unix seconds.
    """

    endpoint: str
    by: str
    rule: str
    since: float
    incident: str | None = None


class Detail(Struct):
    """An incident with all its details, and the endpoints that inhibition keeps from being notified."""

    incident: Incident
    version: int
    inhibited: list[Inhibited] = []


class ExplainQuery(Struct, forbid_unknown_fields=True):
    """The id of a stream's first alert, or the stream's fingerprint."""

    alert: Entity


class ListQuery(Struct, forbid_unknown_fields=True):
    """A selection of incidents: `q` is a search in words and `field:value`.

    `status` may be several, joined by commas. `since` compares the last alert. `before` is the `next` of the page
    before, of the same order. With `facets`, all that was found is counted.
    """

    q: Annotated[str, Meta(max_length=8_000)] = ""
    status: (
        Annotated[
            str, Meta(pattern=r"^(open|acknowledged|resolved|merged)(,(open|acknowledged|resolved|merged))*$(?!\n)")
        ]
        | None
    ) = None
    min_severity: SeverityWord | None = None
    since: Annotated[float, Meta(ge=0, le=4_102_444_800)] | None = None
    sort: Literal["opened", "last", "severity", "alerts"] = "opened"
    order: Literal["desc", "asc"] = "desc"
    facets: bool = False
    before: Position | None = None
    limit: Limit = 100


class AlertHistoryQuery(Struct, forbid_unknown_fields=True):
    """A search in the history of alerts: `q` in words and `field:value`, the others exact.

    `since` and `until` (Unix seconds) bound the time in which an alert began to fire. `before` is the `next` of the
    page before.
    """

    q: Annotated[str, Meta(max_length=8_000)] = ""
    incident: Annotated[str, Meta(max_length=1_024)] = ""
    silence: Annotated[str, Meta(max_length=1_024)] = ""
    fingerprint: Annotated[str, Meta(max_length=64)] = ""
    since: Annotated[float, Meta(ge=0, le=4_102_444_800)] | None = None
    until: Annotated[float, Meta(ge=0, le=4_102_444_800)] | None = None
    before: Annotated[str, Meta(max_length=60, pattern=r"^[0-9]{1,12}(\.[0-9]{1,12})?~[0-9]{1,18}$(?!\n)")] | None = (
        None
    )
    limit: Limit = 50


class Note(Struct, forbid_unknown_fields=True):
    """An optional remark, kept in the audit."""

    message: Text | None = None


class ConfirmCause(Struct, forbid_unknown_fields=True):
    """The entity that was the cause."""

    entity: Entity
    message: Text | None = None


class ConfirmGrouping(Struct, forbid_unknown_fields=True):
    """Alerts that belong to the incident, and alerts that do not; both empty: the grouping is right.

    An alert is named by a member's `alert_id` or `fingerprint`. It is recorded, and regroups nothing.
    """

    alerts: Annotated[list[AlertId], Meta(max_length=1_000)] = field(default_factory=list)
    wrong: Annotated[list[AlertId], Meta(max_length=1_000)] = field(default_factory=list)
    message: Text | None = None


class ConfirmPlaybook(Struct, forbid_unknown_fields=True):
    """A playbook that was used, and its outcome."""

    playbook: Entity
    outcome: Literal["resolved", "helped", "useless"] = "resolved"
    message: Text | None = None


class RejectPlaybook(Struct, forbid_unknown_fields=True):
    """A suggested playbook that is not for this incident, and why."""

    playbook: Entity
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class Done(Struct):
    """The engine's answer to an action: `id` is the action's record in the journal."""

    id: str
    applied: bool
    reason: str


class NewSilence(Struct, forbid_unknown_fields=True, rename={"from_": "from"}):
    """A silence or maintenance window: alerts that match all `matchers` are suppressed `from` to `until`.

    Matchers are objects, or texts such as `alertname=~"High.*"`. Times are RFC 3339 or Unix seconds; `from` is now by
    default. With `every`, the window recurs each day, each week (on `weekdays`) or each month (on `days`, -1 the last),
    by the wall clock of `zone` (default UTC). Times without an offset are in `zone` too. A known `id` replaces that
    silence.
    """

    matchers: Annotated[list[Matcher | MatcherText], Meta(min_length=1, max_length=32)]
    until: Annotated[str, Meta(min_length=1, max_length=40)] | float
    from_: Annotated[str, Meta(min_length=1, max_length=40)] | float | None = None
    every: Literal["day", "week", "month"] | None = None
    zone: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    weekdays: Annotated[list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Meta(max_length=7)] = []
    days: Annotated[list[Annotated[int, Meta(ge=-1, le=31)]], Meta(max_length=32)] = []
    comment: Text | None = None
    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,62}$(?!\n)")] | None = None


class SilencesQuery(Struct, forbid_unknown_fields=True):
    """The silences to list: `current` (active or scheduled), `ended` within five days, or all."""

    state: Literal["current", "ended", "all"] = "current"


class CalendarQuery(Struct, forbid_unknown_fields=True):
    """The number of days to look ahead."""

    days: Annotated[int, Meta(ge=1, le=31)] = 14


class Calendar(Struct):
    """Times at which silences are in force, by their starts; at most 100 of one, 500 in all."""

    occurrences: list[Occurrence]


class Extend(Struct, forbid_unknown_fields=True):
    """The time in seconds by which a silence ends later; an ended one would be counted from now."""

    seconds: Annotated[float, Meta(ge=60, le=366 * 86_400)]


class Silences(Struct):
    """Silences in the order in which they were set; those that ended, last ended first."""

    silences: list[Silence]


class Delivery(Struct):
    """A row of the outbox: one change of one incident for one endpoint."""

    id: int
    endpoint: str
    incident: str
    version: int
    change: str
    state: str
    attempt: int
    due_at: float
    created_at: float
    changed_at: float
    last_status: int | None
    last_error: str | None


class Deliveries(Struct):
    """Rows of the outbox, newest first."""

    deliveries: list[Delivery]


class DeliveryDetail(Struct):
    """A row of the outbox with its content.

    `news` are the sentences of the message. `body` is what was or will be sent, as the endpoint shows it; None if it
    does not. `incident_then` is the incident as it was handed to the endpoint.
    """

    delivery: Delivery
    news: list[str]
    body: str | None
    incident_then: Any


class Tested(Struct):
    """The answer to a test message: the status of HTTP, and the reason if it was not accepted."""

    accepted: bool
    status: int | None
    reason: str


class PlanQuery(Struct, forbid_unknown_fields=True):
    """The playbook to plan; by default the first suggestion."""

    playbook: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


class MarkdownQuery(Struct, forbid_unknown_fields=True):
    """The length of the text: a summary for a chat, or all of the incident."""

    full: bool = False


class Planned(Struct):
    """A dry run: the requests, and each guard's answer. Nothing was sent."""

    plan: Plan


class Approve(Struct, forbid_unknown_fields=True):
    """The playbook, and the id of the plan that was reviewed."""

    playbook: Annotated[str, Meta(min_length=1, max_length=100)]
    plan: Annotated[str, Meta(min_length=1, max_length=100)]


class PlanApproved(Struct):
    """The approval is in the audit trail. `started` is true if there were enough and no guard refused."""

    plan: Plan
    started: bool


class RunsQuery(Struct, forbid_unknown_fields=True):
    """The number of runs to list."""

    limit: Limit = 100


class RunList(Struct):
    """Runs, last started first."""

    runs: list[Run]


class RefusalList(Struct):
    """Approvals after which nothing ran, newest first."""

    refusals: list[Refusal]


class DecisionList(Struct):
    """Decisions on runs without a person and what would have run in shadow, each newest first."""

    decisions: list[Decided]
    shadows: list[Run]


class SetLevel(Struct, forbid_unknown_fields=True):
    """Promote a playbook to a mode, or demote it."""

    mode: Mode
    reason: Annotated[str, Meta(max_length=2_000)] = ""


class RollBack(Struct, forbid_unknown_fields=True):
    """Roll back a run whose rollback waits for a person; `close`: nothing remains to be rolled back."""

    close: bool = False
    reason: Annotated[str, Meta(max_length=2_000)] = ""


class ApproveStep(Struct, forbid_unknown_fields=True):
    """The id of what the waiting run would do next, as it was reviewed (`id` of a continuation)."""

    approval: Annotated[str, Meta(min_length=1, max_length=100)]


class StepApproved(Struct):
    """The approval is in the audit trail. `continued` is true if there were enough and the run continues."""

    continuation: Continuation
    continued: bool


class RejectStep(Struct, forbid_unknown_fields=True):
    """The reason for ending a waiting run; what it did is rolled back."""

    reason: Annotated[str, Meta(min_length=1, max_length=2_000)]


class RollBackForm(Struct, forbid_unknown_fields=True):
    """The form for one of the runs on the incident's page."""

    run: Annotated[str, Meta(min_length=1, max_length=300)]
    close: Literal["no", "yes"] = "no"
    reason: Annotated[str, Meta(max_length=2_000)] = ""


class RolledBack(Struct):
    """The run, whose rollback has begun or was closed; the list of runs shows its end."""

    run: Run


class Switches(Struct):
    """Kill switches by scope, true while engaged.

    A scope is `global`, an owner such as `team:platform`, or `playbook:NAME`.
    """

    switches: dict[str, bool]
    # The last move of each: by whom, when and why.
    moved: dict[str, SwitchMove] = {}


class MoveSwitch(Struct, forbid_unknown_fields=True):
    """Engage a kill switch, or release it, which needs a reason.

    `seen` is the time of the move that the person saw (`moved`): a stop that came after it is not released.
    """

    scope: Annotated[str, Meta(min_length=1, max_length=300)]
    engaged: bool
    reason: Annotated[str, Meta(max_length=2_000)] = ""
    seen: float | None = None


class OutboxQuery(Struct, forbid_unknown_fields=True):
    """A selection of rows of the outbox."""

    state: Literal["due", "sent", "superseded", "dead", "dropped"] | None = None
    endpoint: Annotated[str, Meta(max_length=100)] | None = None
    limit: Limit = 100


class Which(Struct, forbid_unknown_fields=True):
    """Rows of the outbox by id; without `ids`, all dead ones."""

    ids: Annotated[list[Annotated[int, Meta(ge=0, le=2**63 - 1)]], Meta(max_length=1_000)] | None = None


class Moved(Struct):
    """The number of rows that were changed."""

    count: int


class Endpoint(Struct):
    """An endpoint, its state and the reason. `breaker` is closed, open or half-open.

    `undelivered` messages wait for a person, `waiting` ones for their next attempt. `ok` is false while either the
    endpoint does not answer, or a message to it was given up.
    """

    name: str
    ok: bool
    detail: str
    breaker: str
    disabled: bool
    in_flight: int
    type: str = ""
    fallback: str | None = None
    undelivered: int = 0
    waiting: int = 0
    sent: int = 0


class Endpoints(Struct):
    """All endpoints, in the order of the configuration."""

    endpoints: list[Endpoint]


class Enable(Struct, forbid_unknown_fields=True):
    """The reason for enabling an endpoint."""

    reason: Annotated[str, Meta(max_length=1_000)] = ""


class Enabled(Struct):
    """The result: `enabled` is true if an endpoint was disabled and is notified again."""

    enabled: bool


class AuditQuery(Struct, forbid_unknown_fields=True):
    """A selection of entries: those after number `after`, of one incident or of all."""

    incident: Annotated[str, Meta(max_length=1_024)] | None = None
    after: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    limit: Limit = 100


class AuditEntry(Struct):
    """One decision, with the person who made it."""

    number: int
    at: float
    topic: str
    incident: str | None
    actor: str | None
    text: str


class AuditEntries(Struct):
    """Entries in order."""

    entries: list[AuditEntry]


class Letter(Struct):
    """An input that became no record; the input itself (`size` bytes) stays in the store."""

    number: int
    at: float
    source: str
    place: str
    reason: str
    size: int


class Letters(Struct):
    """Dead letters, newest first."""

    letters: list[Letter]


class LettersQuery(Struct, forbid_unknown_fields=True):
    """Dead letters before a number."""

    before: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    limit: Limit = 100


class Health(Struct):
    """The daemon's health."""

    health: dict[str, Any]
