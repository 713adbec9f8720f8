"""The step kind `prometheus`: a precondition or a check by an instant query, which changes nothing.

The query is fixed text of the playbook's author. Values of parameters select rows of the answer and are never sent, so
no label of an alert can become a part of a query
(https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries).
"""

# msgspec copies mutable defaults for each instance, which the linter sees only on direct subclasses of Struct.
# ruff: noqa: RUF012

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

from aiops.errors import UsageError
from aiops.step_kinds.exchange import Effect, Prepared, Progress, Reply, at
from aiops.step_kinds.forms import Scalar, SystemForm
from aiops.step_kinds.kind import StepKind
from aiops.step_kinds.placeholders import PLACEHOLDER, fill, path, plain, query
from aiops.step_kinds.systems import System

LabelName = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$(?!\n)")]
_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
TIMEOUT_S = 15.0
# The prefix of facts that are labels; the others are those of the comparison.
_LABEL = "label "
# Annotations of PromQL stood among the warnings before Prometheus 3; they are about the query, not about missing rows.
_REMARK, _MAX_WARNING = "PromQL info:", 200


class PrometheusCheck(SystemForm, kw_only=True, tag="prometheus"):
    """An instant query whose rows must all compare as stated.

    `where` keeps the rows with these labels. Without a row the check fails, unless `empty` is `pass`.
    """

    query: Annotated[str, Meta(min_length=1, max_length=1_000, description="PromQL, fixed text.")]
    value: Annotated[float, Meta(description="What each row is compared with.")]
    op: Annotated[Literal["=", "!=", ">", ">=", "<", "<="], Meta(description="The comparison.")] = ">="
    where: Annotated[
        dict[LabelName, Scalar],
        Meta(max_length=5, description="Labels of the rows that count; `{{ name }}` is a value."),
    ] = {}
    empty: Annotated[Literal["fail", "pass"], Meta(description="What no row at all means.")] = "fail"

    def __post_init__(self) -> None:
        """Raise `ValueError` for a query with a placeholder."""
        if PLACEHOLDER.search(self.query):
            raise ValueError("query: expected fixed text, with `where` for values; got a placeholder")


class PrometheusCheckKind(StepKind[PrometheusCheck]):
    """An instant query of Prometheus, as a precondition or a check."""

    kind = "prometheus"
    form = PrometheusCheck
    system = "prometheus"
    places = frozenset({"precondition", "verify"})
    examples = (
        {"kind": "prometheus", "name": "two replicas are ready", "value": 2, "where": {"deployment": "{{ workload }}"},
         "query": "sum by (deployment) (kube_deployment_status_replicas_available)"},
    )  # fmt: skip

    def prepare(self, step: PrometheusCheck, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """See `StepKind.prepare`."""
        if system is None:
            raise UsageError("expected a system of the kind prometheus; it is not configured")
        facts: dict[str, Scalar] = {"op": step.op, "value": step.value, "empty": step.empty}
        facts |= {_LABEL + label: plain(fill(value, values)) for label, value in step.where.items()}
        url = path(system.url, "api", "v1", "query") + query({"query": step.query})
        return Prepared("GET", url, {}, None, system.secret, TIMEOUT_S, [200], system.name, facts=facts)

    def effect(self, step: PrometheusCheck) -> Effect:
        """See `StepKind.effect`."""
        return Effect(reversible=True, blast="none", idempotent=True)

    def progress(self, prepared: Prepared, reply: Reply) -> Progress:
        """See `StepKind.progress`."""
        if reply.error is not None or reply.status != 200:
            return Progress("failed", reply.error or f"status {reply.status}")
        body = reply.json()
        result = at(body, "data", "result")
        if (
            at(body, "status") != "success"
            or not isinstance(result, list)
            or at(body, "data", "resultType") != "vector"
        ):
            return Progress("failed", "the answer is no vector of Prometheus")
        if (doubt := _doubt(body)) is not None:
            return Progress("failed", f"the answer may lack rows: {doubt}")
        return _compared(prepared.facts, [_value(row) for row in result if _is_meant(row, prepared.facts)])


def _doubt(body: Any) -> str | None:
    """Return the first warning that is no remark on the query, as of a store that did not answer."""
    warnings = at(body, "warnings")
    found = warnings if isinstance(warnings, list) else []
    return next((str(one)[:_MAX_WARNING] for one in found if not str(one).startswith(_REMARK)), None)


def _is_meant(row: Any, facts: Mapping[str, Scalar]) -> bool:
    wanted = {name.removeprefix(_LABEL): value for name, value in facts.items() if name.startswith(_LABEL)}
    return all(at(row, "metric", label) == value for label, value in wanted.items())


def _value(row: Any) -> float:
    """Return the value of a row; NaN, which compares with nothing, for what is no number."""
    raw = at(row, "value", 1)
    try:
        return float(raw) if isinstance(raw, str) else math.nan
    except ValueError:
        return math.nan


def _compared(facts: Mapping[str, Scalar], found: list[float]) -> Progress:
    if not found:
        return Progress("done") if facts["empty"] == "pass" else Progress("failed", "no row of the answer is meant")
    wanted, compare = float(facts["value"]), _ORDERS[str(facts["op"])]
    # NaN differs from everything, which must not count as a passed `!=`.
    bad = next((one for one in found if math.isnan(one) or not compare(one, wanted)), None)
    return Progress("done") if bad is None else Progress("failed", f"expected {facts['op']} {wanted:g}; got {bad:g}")
