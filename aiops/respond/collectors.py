"""Collectors: the step kind `collect` of a diagnosis, which reads and never changes anything.

A collector names a system of the operator's configuration, and no address of its own. Values of parameters stand as
whole path segments, whole query values, bound parameters of a statement, or quoted literals of a selector.
"""

# msgspec copies mutable defaults for each instance, which the linter sees only on direct subclasses of Struct.
# ruff: noqa: RUF012

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from aiops.durations import Duration
from aiops.step_kinds.forms import ConfiguredName, Line, Part, Scalar

# A name that PromQL and LogQL accept for a label.
LabelName = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$(?!\n)")]
# A path into JSON: names, each with `[]` where every item of a list is meant.
JsonPath = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_/-]{1,64}(\[\])?(\.[A-Za-z0-9_/-]{1,64}(\[\])?){0,9}$(?!\n)")]
ColumnName = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$(?!\n)")]
Columns = Annotated[dict[ColumnName, JsonPath], Meta(max_length=12)]
Query = Annotated[str, Meta(min_length=1, max_length=1_000)]
Rows = Annotated[int, Meta(ge=1, le=200)]
Resource = Literal[
    "pods",
    "nodes",
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
    "services",
    "endpoints",
    "persistentvolumeclaims",
    "horizontalpodautoscalers",
]
# What a rule may name besides a parameter: the first suspect, or an entity of the answer.
CAUSE, ROW = "cause", "row."


class LabelMatch(Part, kw_only=True):
    """One matcher of a selector.

    `value` may be one whole placeholder, whose value becomes an escaped literal. For `=~` and `!~` it is taken
    literally as well; `then` is fixed text of a regular expression that follows it.
    """

    label: LabelName
    value: Annotated[str, Meta(max_length=300)]
    op: Literal["=", "!=", "=~", "!~"] = "="
    then: Annotated[str, Meta(max_length=100)] = ""


Selector = Annotated[list[LabelMatch], Meta(max_length=10)]


class PrometheusRead(Part, kw_only=True):
    """A query in PromQL. `$selector` stands inside braces; `range` makes it one over that time."""

    query: Query
    selector: Selector = []
    range: Duration | None = None
    step: Duration | None = None


class LokiRead(Part, kw_only=True):
    """A range query in LogQL. `$selector` stands inside the braces of the stream selector."""

    query: Query
    selector: Selector = []
    range: Duration = "15m"
    limit: Rows = 50


class KubernetesLabel(Part, kw_only=True):
    """A label that objects must have."""

    label: Annotated[str, Meta(pattern=r"^[A-Za-z0-9./_-]{1,253}$(?!\n)")]
    value: Annotated[str, Meta(max_length=63)]


class KubernetesRead(Part, kw_only=True):
    """One object, a list of objects, the end of a pod's log, or the events of an object."""

    read: Literal["object", "list", "logs", "events"]
    resource: Resource = "pods"
    namespace: Line | None = None
    object: Line | None = None
    container: Line | None = None
    previous: bool = False
    lines: Rows = 50
    selector: Annotated[list[KubernetesLabel], Meta(max_length=10)] = []
    columns: Columns = {}


class HttpRead(Part, kw_only=True):
    """A GET of a path of a system; only paths that its configuration lists are read.

    `rows` leads to the list in the answer, `columns` from an item of it to the values. Without `columns` the answer is
    shown as text.
    """

    path: Annotated[list[Line], Meta(min_length=1, max_length=10)]
    query: Annotated[dict[Annotated[str, Meta(max_length=64)], Scalar], Meta(max_length=10)] = {}
    rows: JsonPath | None = None
    columns: Columns = {}


class SqlRead(Part, kw_only=True):
    """One statement of fixed text on a read-only connection; values are bound to `:name`.

    `dialect` is the kind of database that it is written for, and of the system that is read: `sql` is SQLite.
    """

    dialect: ConfiguredName = "sql"
    statement: Annotated[str, Meta(min_length=6, max_length=2_000)]
    parameters: Annotated[dict[ColumnName, Scalar], Meta(max_length=10)] = {}
    limit: Rows = 20


class FindingRule(Part, kw_only=True, rename={"sentence": "says", "at_least": "atLeast"}):
    """A rule for findings: what an answer may show, and for which suspect that is evidence.

    It holds if at least `atLeast` rows have a value of `field` that fits. `says` is the sentence: `{{ name }}` is a
    parameter, `{{ row.column }}` a value of the first row that fits. `supports` is `cause` (the first suspect), a
    parameter that names an entity, or `row.column`.
    """

    field: ColumnName
    value: str | int | float | bool
    sentence: Annotated[str, Meta(min_length=3, max_length=200)]
    supports: Annotated[str, Meta(pattern=r"^(row\.)?[A-Za-z_][A-Za-z0-9_]{0,63}$(?!\n)")] = CAUSE
    op: Literal["=", "!=", "=~", "!~", ">", ">=", "<", "<="] = "="
    at_least: Annotated[int, Meta(ge=1, le=200)] = 1
    weight: Literal["weak", "medium", "strong"] = "medium"


class Collect(Part, kw_only=True, tag="collect", tag_field="kind", rename={"rules": "lookFor"}):
    """A read of one system.

    It happens on its own when an incident opens and the playbook is suggested first. Exactly one of the five sources.
    `system` names one of `[respond.systems]`, by default the one that is called as its kind is. With `entity` it is the
    one of that kind whose `entities` have this value, and no other: what is read is what the incident is about.
    """

    name: Line
    system: ConfiguredName | None = None
    entity: Line | None = None
    prometheus: PrometheusRead | None = None
    loki: LokiRead | None = None
    kubernetes: KubernetesRead | None = None
    http: HttpRead | None = None
    sql: SqlRead | None = None
    rules: Annotated[list[FindingRule], Meta(max_length=10)] = []
    timeout: Duration = "10s"


Source = PrometheusRead | LokiRead | KubernetesRead | HttpRead | SqlRead
SOURCES = ("prometheus", "loki", "kubernetes", "http", "sql")


def sources_of(collector: Collect) -> dict[str, Source]:
    """Return the sources of a collector by name; a valid one has exactly one.

    >>> list(sources_of(Collect(name="load", prometheus=PrometheusRead(query="up"))))
    ['prometheus']
    """
    found = {name: getattr(collector, name) for name in SOURCES}
    return {name: source for name, source in found.items() if source is not None}


def source_name(collector: Collect) -> str:
    """Return the name of the source of a collector; empty without one."""
    return next(iter(sources_of(collector)), "")


def read_kind(collector: Collect) -> str:
    """Return the kind of the system that a collector reads.

    >>> read_kind(Collect(name="locks", sql=SqlRead(statement="select 1", dialect="postgresql")))
    'postgresql'
    """
    return collector.sql.dialect if collector.sql is not None else source_name(collector)


def system_of(collector: Collect) -> str:
    """Return the name of the system that a collector reads; with `entity`, the kind until one is chosen."""
    return collector.system or read_kind(collector)
