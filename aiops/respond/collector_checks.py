"""The checks of collectors that the schema cannot express, for `aiops playbooks lint`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from aiops.errors import UsageError
from aiops.patterns import Expression
from aiops.respond.collectors import (
    CAUSE,
    ROW,
    Collect,
    FindingRule,
    HttpRead,
    KubernetesRead,
    LokiRead,
    PrometheusRead,
    Source,
    SqlRead,
    sources_of,
)
from aiops.respond.database_kinds import database_named
from aiops.respond.selectors import with_selector
from aiops.respond.statements import check_statement
from aiops.step_kinds.forms import Scalar
from aiops.step_kinds.placeholders import PLACEHOLDER, fill, placeholders, segment

COLUMN = re.compile(r"\{\{ ?row\.([A-Za-z_][A-Za-z0-9_]{0,63}) ?\}\}")
_ORDERS = (">", ">=", "<", "<=")
# Words that begin a statement which reads.
READING = ("select", "with", "values")
Found = Iterator[tuple[str, str]]


def check_collector(collector: Collect, parameters: Sequence[str]) -> Found:
    """Yield (field, problem) of a collector; `parameters` are those that the playbook declares."""
    found = sources_of(collector)
    if len(found) != 1:
        yield "", f"expected exactly one source, such as prometheus; got {', '.join(found) or 'none'}"
        return
    ((name, source),) = found.items()
    try:
        _check_source(source, dict.fromkeys(placeholders(source), "x"))
    except UsageError as error:
        yield f".{name}", str(error)
    if collector.entity is not None and collector.system is not None:
        yield ".entity", "expected either a system or an entity, which chooses one; got both"
    for column in unknown_columns(collector):
        yield ".lookFor", f"expected a column of the answer; got {column!r}"
    for at, rule in enumerate(collector.rules):
        for field, problem in _check_rule(rule, parameters):
            yield f".lookFor[{at}].{field}", problem


def unknown_columns(collector: Collect) -> list[str]:
    """Return columns of rules that a source with columns of its own does not have.

    >>> rule = FindingRule(field="b", value=1, sentence="it is")
    >>> unknown_columns(Collect(name="a", http=HttpRead(path=["x"]), rules=[rule]))
    ['b']
    """
    source = next(iter(sources_of(collector).values()), None)
    if isinstance(source, HttpRead) or (isinstance(source, KubernetesRead) and (source.columns or _is_log(source))):
        columns = set(source.columns) or {"line"}
        used = [name for rule in collector.rules for name in (rule.field, *COLUMN.findall(rule.sentence))]
        return list(dict.fromkeys(name for name in used if name not in columns))
    return []


def _is_log(source: KubernetesRead) -> bool:
    return source.read == "logs"


def _check_source(source: Source, sample: dict[str, str]) -> None:
    """Raise `UsageError` for a source that can never be read."""
    if isinstance(source, PrometheusRead | LokiRead):
        with_selector(source.query, source.selector, sample)
        if "{{" in source.query:
            raise UsageError("query: expected fixed text, with $selector for values; got a placeholder")
    elif isinstance(source, SqlRead):
        fill(dict(source.parameters), sample)
        _check_statement(source)
    elif isinstance(source, KubernetesRead):
        _check_kubernetes(source)
        for part in (source.namespace, source.object, source.container):
            _check_segment(fill(part, sample) if part is not None else "x")
    else:
        for part in fill(list(source.path), sample):
            _check_segment(part)
        fill(dict(source.query), sample)


def _check_segment(value: Scalar) -> None:
    try:
        segment(value)
    except UsageError as error:
        raise UsageError(f"path: {error}, which leads to another place") from None


def _check_statement(source: SqlRead) -> None:
    first = (source.statement.split(None, 1) or [""])[0]
    if "{{" in source.statement or first.lower() not in READING:
        raise UsageError(f"statement: expected fixed text that begins with {', '.join(READING)}, with :name for values")
    check_statement(source.statement)
    problem = database_named(source.dialect).problem(source.statement, list(source.parameters))
    if problem is not None:
        raise UsageError(f"statement: {problem}")


def _check_kubernetes(source: KubernetesRead) -> None:
    needs = {"object": ("object",), "logs": ("namespace", "object"), "list": (), "events": ()}[source.read]
    missing = [name for name in needs if getattr(source, name) is None]
    if source.read in ("object", "list") and source.resource != "nodes" and source.namespace is None:
        missing.append("namespace")
    if missing:
        raise UsageError(f"{missing[0]}: expected one for {source.read} of {source.resource}")
    if source.read == "logs" and source.resource != "pods":
        raise UsageError(f"resource: expected pods, which have logs; got {source.resource}")


def _check_rule(rule: FindingRule, parameters: Sequence[str]) -> Found:
    if rule.op in _ORDERS and (isinstance(rule.value, bool) or not isinstance(rule.value, int | float)):
        yield "value", f"expected a number for {rule.op}; got {rule.value!r}"
    if rule.op in ("=~", "!~"):
        try:
            Expression(str(rule.value))
        except UsageError as error:
            yield "value", str(error)
    if "{{" in PLACEHOLDER.sub("", COLUMN.sub("", rule.sentence)):
        yield "says", f"expected {{{{ parameter }}}} or {{{{ row.column }}}}; got {rule.sentence!r}"
    if rule.supports != CAUSE and not rule.supports.startswith(ROW) and rule.supports not in parameters:
        yield "supports", f"expected cause, row.COLUMN or a parameter; got {rule.supports!r}"
