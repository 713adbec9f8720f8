"""Reads of collectors: one GET of a system's address, or one statement with its bound values.

Prometheus: https://prometheus.io/docs/prometheus/latest/querying/api/ (`query`, `query_range`). Loki:
https://grafana.com/docs/loki/latest/reference/loki-http-api/ (`query_range`; times in nanoseconds).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace

from aiops.collect.kubernetes_paths import path_of
from aiops.durations import seconds
from aiops.errors import UsageError
from aiops.respond.collector_checks import READING
from aiops.respond.collectors import (
    Collect,
    HttpRead,
    KubernetesRead,
    LokiRead,
    PrometheusRead,
    SqlRead,
    sources_of,
)
from aiops.respond.selectors import with_selector
from aiops.step_kinds.forms import Scalar
from aiops.step_kinds.placeholders import fill, path, plain, query

# Points of a range that has no step of its own: what a person sees of a curve in a table.
POINTS = 30
# A longer range is a report; beyond, systems take long and answer much.
MAX_RANGE_S = 86_400.0
# No collector keeps a worker for longer.
MAX_TIMEOUT_S = 30.0


class Read(Struct, frozen=True):
    """One read: a GET (`path` below the system's address, with its query), or a statement."""

    source: str
    timeout_s: float
    path: str = ""
    accept: str = "application/json"
    statement: str = ""
    parameters: dict[str, Scalar] = {}
    limit: int = 0

    @property
    def text(self) -> str:
        """Return the read as people see it."""
        return self.statement if self.source == "sql" else f"GET {self.path}"


Values = Mapping[str, Scalar]


def read_of(collector: Collect, values: Values, now: float, allowed: Sequence[str] = ()) -> Read:
    """Return what a collector reads with these values at a time (Unix seconds).

    `allowed` are patterns of the paths that the system's configuration permits to the source `http`. Raise `UsageError`
    for a value that is missing or does not fit its place.
    """
    (name, source), *others = sources_of(collector).items() or [("", None)]
    if source is None or others:
        raise UsageError(f"{collector.name}: expected exactly one source, such as prometheus; got {len(others)} more")
    timeout_s = min(seconds(collector.timeout), MAX_TIMEOUT_S)
    if isinstance(source, SqlRead):
        return _statement(source, values, timeout_s)
    if isinstance(source, PrometheusRead):
        return Read(name, timeout_s, _prometheus(source, values, now))
    if isinstance(source, LokiRead):
        return Read(name, timeout_s, _loki(source, values, now))
    if isinstance(source, KubernetesRead):
        accept = "*/*" if source.read == "logs" else "application/json"
        return Read(name, timeout_s, _address(*path_of(_filled(source, values))), accept)
    return Read(name, timeout_s, _http(source, values, allowed), "*/*")


def _prometheus(source: PrometheusRead, values: Values, now: float) -> str:
    sent = {"query": with_selector(source.query, source.selector, values), "timeout": "10s"}
    at = int(now)
    if source.range is None:
        return _address(["api", "v1", "query"], {**sent, "time": str(at)})
    span = _span(source.range)
    step = max(1, int(seconds(source.step) if source.step is not None else span / POINTS))
    times = {"start": str(at - int(span)), "end": str(at), "step": str(step)}
    return _address(["api", "v1", "query_range"], {**sent, **times})


def _loki(source: LokiRead, values: Values, now: float) -> str:
    at = int(now)
    sent = {
        "query": with_selector(source.query, source.selector, values),
        "start": f"{at - int(_span(source.range))}000000000",
        # A line at the end is left out, so it lies after this moment: the newest lines explain most.
        "end": f"{at + 1}000000000",
        "limit": str(source.limit),
        "direction": "backward",
    }
    return _address(["loki", "api", "v1", "query_range"], sent)


def _span(text: str) -> float:
    span = seconds(text)
    if not 1 <= span <= MAX_RANGE_S:
        raise UsageError(f"range: expected 1s to 24h; got {text}")
    return span


def _http(source: HttpRead, values: Values, allowed: Sequence[str]) -> str:
    segments = [plain(fill(part, values)) for part in source.path]
    place = path("", *segments)
    if not any(_fits(place, pattern) for pattern in allowed):
        raise UsageError(
            f"http.path: expected one of the system's read_paths ({', '.join(allowed) or 'none'}); got {place}"
        )
    return _address(segments, {key: plain(fill(value, values)) for key, value in source.query.items()})


def _fits(place: str, pattern: str) -> bool:
    """Return True if each segment of a path fits that of a pattern; a `*` never covers a slash."""
    wanted, found = pattern.strip("/").split("/"), place.strip("/").split("/")
    return len(wanted) == len(found) and all(map(fnmatchcase, found, wanted))


def _statement(source: SqlRead, values: Values, timeout_s: float) -> Read:
    statement = source.statement.strip()
    if "{{" in statement:
        raise UsageError("sql.statement: expected fixed text with :name for values; got a placeholder")
    if statement.split(None, 1)[0].lower() not in READING:
        # The connection is read-only in any case.
        raise UsageError(f"sql.statement: expected one that begins with {', '.join(READING)}; got {statement[:40]!r}")
    bound = {name: fill(value, values) for name, value in source.parameters.items()}
    return Read("sql", timeout_s, statement=statement, parameters=bound, limit=source.limit)


def _filled(source: KubernetesRead, values: Values) -> KubernetesRead:
    names = {
        name: plain(fill(value, values)) if (value := getattr(source, name)) is not None else None
        for name in ("namespace", "object", "container")
    }
    labels = [replace(one, value=plain(fill(one.value, values))) for one in source.selector]
    return replace(source, **names, selector=labels)


def _address(segments: Sequence[str], values: Mapping[str, str]) -> str:
    return path("", *segments) + query(values)
