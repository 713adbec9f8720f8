"""The `aiops/v1` playbook format, strict: an unknown field or a wrong type is an error with its path."""

# msgspec copies mutable defaults for each instance, which the linter sees only on direct subclasses of Struct.
# ruff: noqa: RUF012

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, field

from aiops.durations import Duration
from aiops.respond.steps import Check, Diagnosis, Precondition, RollbackStep, Step
from aiops.step_kinds.forms import Line, Part, Scalar

Text = Annotated[str, Meta(min_length=1, max_length=1000)]
DnsLabel = Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$(?!\n)")]
Identifier = Annotated[str, Meta(pattern=r"^[a-z][a-zA-Z0-9_]{0,31}$(?!\n)")]
SeverityName = Literal["ok", "info", "warning", "high", "critical"]
Confidence = Literal["low", "medium", "high"]
SymptomClass = Literal["resource", "state", "error", "latency", "network", "traffic", "log", "other"]
Source = Annotated[
    str,
    Meta(
        pattern=r"^(cause\.(entity|kind|service)|incident\.(id|severity)|alert\.(name|entity|service|labels\.[A-Za-z_][A-Za-z0-9_.-]{0,63}))$(?!\n)"
    ),
]


class Matcher(Part, kw_only=True):
    """One condition on one alert, with Prometheus' operators.

    A regular expression must match the whole value.

    Besides the alert's labels there are `name` (also `alertname`), `entity`, `service`, `severity`, `source`,
    `message`, `words` (the name in lower-case words, split at punctuation and inside camelCase; the name of a product
    such as MySQL stays one word) and `text` (the words, then the message in lower case).
    """

    label: Annotated[str, Meta(min_length=1, max_length=64)]
    op: Literal["=", "!=", "=~", "!~"] = "="
    # The bound keeps a compiled expression small; the longest of the shipped catalogue has under 300 characters.
    value: Annotated[str, Meta(max_length=500)]


Matchers = Annotated[list[Matcher], Meta(min_length=1, max_length=10)]


class CauseMatch(Part, kw_only=True):
    """Conditions on the first-ranked cause. An unknown kind (no topology) does not refuse a suggestion.

    `class` is the class of the alerts on the cause; any of the listed classes will do.
    """

    kind: list[Line] = []
    class_: list[SymptomClass] = []
    min_confidence: Confidence | None = None


class IncidentMatch(Part, kw_only=True):
    """Conditions on the incident as a whole.

    `maxTargets` counts the distinct entities of the alerts that match.
    """

    min_severity: SeverityName | None = None
    max_targets: Annotated[int, Meta(ge=1)] | None = None


class Match(Part, kw_only=True):
    """Conditions that must all hold.

    Every matcher of `alert` on one alert, one group of `anyAlert`, none of `noAlert`. `change` is an alternative to the
    alerts: a change of one of these names on the suspected cause or its service.
    """

    alert: list[Matcher] = []
    any_alert: Annotated[list[Matchers], Meta(max_length=20)] = []
    no_alert: Annotated[list[Matchers], Meta(max_length=20)] = []
    change: Annotated[list[Line], Meta(max_length=20)] = []
    cause: CauseMatch = field(default_factory=CauseMatch)
    incident: IncidentMatch = field(default_factory=IncidentMatch)


class Parameter(Part, kw_only=True):
    """A typed value. `from` lists its sources in order; a value that does not validate counts as absent."""

    type: Literal["string", "integer", "number", "boolean"] = "string"
    from_: list[Source] = []
    default: Scalar | None = None
    enum: list[Scalar] = []
    pattern: Annotated[str, Meta(max_length=200)] | None = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: Annotated[int, Meta(ge=1, le=1000)] = 253
    description: str | None = None


class Rate(Part, kw_only=True):
    """At most `count` runs in any window of length `per`."""

    count: Annotated[int, Meta(ge=1, le=1000)]
    per: Duration


class TargetLimit(Part, kw_only=True):
    """At most `count` targets, and at most `percent` of the service's known members.

    The lower limit applies.
    """

    count: Annotated[int, Meta(ge=1, le=1000)] = 1
    percent: Annotated[float, Meta(gt=0, le=100)] | None = None


Window = Annotated[
    str,
    Meta(
        pattern=r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01][0-9]|2[0-3]):[0-5][0-9]"
        r"/(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)"
    ),
]


class Windows(Part, kw_only=True):
    """Weekly windows, in UTC, in which no run starts."""

    deny: list[Window] = []


class Guards(Part, kw_only=True):
    """Conditions for a run to start. The defaults let one run an hour touch one target."""

    cooldown: Duration = "30m"
    max_runs: Rate = field(default_factory=lambda: Rate(count=1, per="1h"))
    max_concurrent: Annotated[int, Meta(ge=1, le=100)] = 1
    max_targets: TargetLimit = field(default_factory=TargetLimit)
    max_failures: Annotated[int, Meta(ge=1, le=100)] = 1
    min_age: Duration = "1m"
    min_confidence: Confidence = "medium"
    # With more incidents that opened or grew within the hour the picture is not settled.
    storm_incidents: Annotated[int, Meta(ge=1)] = 10
    allow: list[Line] = []
    protect: list[Line] = []
    windows: Windows = field(default_factory=Windows)


class Approval(Part, kw_only=True):
    """The approvers, the number needed, and the time limit. Silence is never an approval."""

    approvers: list[Line] = []
    quorum: Annotated[int, Meta(ge=1, le=10)] = 1
    timeout: Duration = "15m"
    on_timeout: Literal["escalate", "drop"] = "escalate"


class TrialAlert(Part, kw_only=True):
    """An alert of a playbook's own test."""

    name: Line
    entity: Line
    severity: str = "warning"
    service: str | None = None
    source: str | None = None
    message: str | None = None
    labels: dict[str, str] = {}


class TrialCause(Part, kw_only=True):
    """The suspected cause in a playbook's own test."""

    entity: Line
    kind: str = "unknown"
    confidence: Confidence = "medium"


class TrialChange(Part, kw_only=True):
    """A change of a playbook's own test."""

    entity: Line
    name: Line


class TrialIncident(Part, kw_only=True):
    """An incident of a playbook's own test; without a severity it has the highest of its alerts."""

    alerts: Annotated[list[TrialAlert], Meta(min_length=1, max_length=50)]
    severity: SeverityName | None = None
    cause: TrialCause | None = None
    changes: list[TrialChange] = []


class Expected(Part, kw_only=True):
    """The decision, and for `suggest` the values of parameters, rendered commands and rendered requests.

    `shows` are commands (whole lines) that must be among those shown; `requests` are all requests in order, `sends`
    those of the steps alone; `reason` is part of the sentence that explains why the playbook does not fit.
    """

    decision: Literal["suggest", "none"]
    parameters: dict[str, Scalar] = {}
    shows: list[str] = []
    requests: list[dict[str, Any]] = []
    sends: list[dict[str, Any]] = []
    reason: str | None = None


class Trial(Part, kw_only=True):
    """A test of a playbook: an incident, and the expected decision and steps."""

    name: Line
    incident: TrialIncident
    expect: Expected


Steps = Annotated[list[Step], Meta(min_length=1, max_length=20)]


class Playbook(
    Part,
    kw_only=True,
    rename={
        "api_version": "apiVersion",
        "when_to_use": "whenToUse",
        "when_not_to_use": "whenNotToUse",
        "runbook_url": "runbookUrl",
    },
):
    """A playbook: its conditions, its diagnosis, its steps and its verification."""

    api_version: Literal["aiops/v1"]
    kind: Literal["Playbook"]
    name: DnsLabel
    version: Annotated[str, Meta(pattern=r"^\d{1,4}\.\d{1,4}\.\d{1,4}$(?!\n)")]
    summary: Annotated[str, Meta(min_length=10, max_length=200)]
    when_to_use: Text
    when_not_to_use: Text
    match: Match
    steps: Steps
    runbook_url: Annotated[str, Meta(pattern=r"^https?://\S+$(?!\n)", max_length=500)] | None = None
    owners: list[Line] = []
    tags: list[DnsLabel] = []
    symptoms: list[Text] = []
    parameters: dict[Identifier, Parameter] = {}
    mode: Literal["suggest", "approve", "auto"] = "suggest"
    reversible: bool = False
    # For a symptom with many causes: a playbook that names a cause is ranked first if both fit.
    general: bool = False
    guards: Guards = field(default_factory=Guards)
    approval: Approval = field(default_factory=Approval)
    preconditions: list[Precondition] = []
    diagnosis: Annotated[list[Diagnosis], Meta(max_length=20)] = []
    verify: Annotated[list[Check], Meta(max_length=10)] = []
    rollback: Annotated[list[RollbackStep], Meta(max_length=10)] = []
    tests: Annotated[list[Trial], Meta(max_length=50)] = []


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a playbook file, for editors and other tools."""
    made: dict[str, Any] = msgspec.json.schema(Playbook)
    # A condition may also be written as text; reading a file turns it into one of the others.
    for name in ("alert", "anyAlert", "noAlert"):
        place = made["$defs"]["Match"]["properties"][name]["items"]
        place = place.get("items", place)
        place |= {"anyOf": [{"type": "string", "minLength": 1}, {"$ref": place.pop("$ref")}]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "aiops/v1 Playbook", **made}
