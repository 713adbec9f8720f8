"""Answers as tables: columns, rows, and what was left out. Bounded and without credentials.

A cell holds the values at a place of the answer, of which there may be several (the containers of a pod).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from aiops.collect.json_paths import found_at, values_at
from aiops.collect.secrets import HIDDEN, is_secret_name, lines_hidden
from aiops.errors import AiopsError
from aiops.respond.collectors import Collect, HttpRead, KubernetesRead
from aiops.step_kinds.forms import Scalar
from aiops.wording import plural

# Rows that are looked at, rows and columns that are kept for people, characters of a cell, and of the whole.
MAX_ROWS, SHOWN_ROWS, MAX_COLUMNS, MAX_CELL, MAX_CHARS = 200, 40, 12, 400, 16_000
LINE, VALUE = "line", "value"
Row = dict[str, list[Scalar]]
_POD = {
    "name": "metadata.name",
    "phase": "status.phase",
    "reason": "status.containerStatuses[].state.waiting.reason",
    "ready": "status.containerStatuses[].ready",
    "restarts": "status.containerStatuses[].restartCount",
    "lastReason": "status.containerStatuses[].lastState.terminated.reason",
    "exitCode": "status.containerStatuses[].lastState.terminated.exitCode",
    "finished": "status.containerStatuses[].lastState.terminated.finishedAt",
    "node": "spec.nodeName",
    "image": "spec.containers[].image",
}
_SCALED = {
    "name": "metadata.name",
    "wanted": "spec.replicas",
    "ready": "status.readyReplicas",
    "updated": "status.updatedReplicas",
    "generation": "metadata.generation",
    "image": "spec.template.spec.containers[].image",
    "condition": "status.conditions[].reason",
}
_COLUMNS: dict[str, dict[str, str]] = {
    "pods": _POD,
    "deployments": _SCALED,
    "replicasets": _SCALED,
    "statefulsets": _SCALED,
    "nodes": {
        "name": "metadata.name",
        "unschedulable": "spec.unschedulable",
        "condition": "status.conditions[].type",
        "status": "status.conditions[].status",
        "reason": "status.conditions[].reason",
        "version": "status.nodeInfo.kubeletVersion",
    },
    "events": {
        "type": "type",
        "reason": "reason",
        "object": "involvedObject.name",
        "count": "count",
        "last": "lastTimestamp",
        "message": "message",
    },
}
_OTHERS = {"name": "metadata.name", "created": "metadata.creationTimestamp"}


class ReadFailed(AiopsError):
    """An answer that is none; the text is the reason, and is fit for people."""


class Table(Struct, omit_defaults=True):
    """An answer for people: texts only. `more` counts rows that are left out; `note` is a sentence on it."""

    columns: list[str]
    rows: list[list[str]]
    more: int = 0
    note: str = ""


def rows_of(collector: Collect, body: bytes, secrets: Iterable[str] = ()) -> list[Row]:
    """Return the rows of an answer, at most `MAX_ROWS`, without credentials.

    Raise `ReadFailed` for an answer that is none.
    """
    if collector.prometheus is not None:
        found = _series(_data(body, "Prometheus"))
    elif collector.loki is not None:
        found = _loki(_data(body, "Loki"))
    elif collector.kubernetes is not None:
        found = _kubernetes(collector.kubernetes, body)
    elif collector.http is not None:
        found = _http(collector.http, body)
    else:
        found = _json(body, "the database")
    return without_secrets(found[:MAX_ROWS], secrets)


def without_secrets(rows: Sequence[Row], secrets: Iterable[str] = ()) -> list[Row]:
    """Return rows in which no credential stands."""
    known = list(secrets)
    made: list[Row] = [{} for _ in rows]
    for name in dict.fromkeys(name for row in rows for name in row):
        cells = _all_hidden(rows, name) if is_secret_name(name) else _cells(rows, name, known)
        for row, cell, old in zip(made, cells, rows, strict=True):
            if name in old:
                row[name] = cell
    return made


def _all_hidden(rows: Sequence[Row], name: str) -> list[list[Scalar]]:
    return [[HIDDEN] if name in row else [] for row in rows]


def _cells(rows: Sequence[Row], name: str, secrets: list[str]) -> list[list[Scalar]]:
    """Return the cells of a column, its texts in their order: a key spans lines of a log."""
    texts = [one for row in rows for one in row.get(name, []) if isinstance(one, str)]
    clean = iter(lines_hidden(texts, secrets))
    return [[next(clean) if isinstance(one, str) else one for one in row.get(name, [])] for row in rows]


def table_of(rows: Sequence[Row], more: int = 0) -> Table:
    """Return rows as people read them, in bounds."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns, made, size = names[:MAX_COLUMNS], list[list[str]](), 0
    for row in rows[:SHOWN_ROWS]:
        cells = [cell_text(row.get(name, [])) for name in columns]
        size += sum(map(len, cells))
        if size > MAX_CHARS:
            break
        made.append(cells)
    left = len(rows) - len(made) + more
    hidden = len(names) - len(columns)
    return Table(columns, made, left, f"{plural(hidden, 'more column')} left out" if hidden > 0 else "")


def cell_text(values: Sequence[Scalar]) -> str:
    """Return the values of a cell as one text: different ones, in their order.

    >>> cell_text(["OOMKilled", "OOMKilled", "Error"]), cell_text([True, 3.0])
    ('OOMKilled, Error', 'true, 3')
    """
    text = ", ".join(dict.fromkeys(map(scalar_text, values)))
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def scalar_text(value: Scalar) -> str:
    """Return one value as people write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _json(body: bytes, system: str) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise ReadFailed(f"expected JSON from {system}; got something else, or more than is read") from None


def _data(body: bytes, system: str) -> Mapping[str, Any]:
    """Return the data of an answer of Prometheus or Loki, which have one envelope."""
    found = _json(body, system)
    if not isinstance(found, dict) or found.get("status") != "success" or not isinstance(found.get("data"), dict):
        error = found.get("error") if isinstance(found, dict) else None
        raise ReadFailed(f"{system} answered: {str(error or 'no data')[:200]}")
    return dict(found["data"])


def _series(data: Mapping[str, Any]) -> list[Row]:
    kind, result = data.get("resultType"), data.get("result")
    if kind in ("scalar", "string") and isinstance(result, list) and len(result) == 2:
        return [{VALUE: [_number(result[1])]}]
    makers: dict[object, Callable[[Any], Row | None]] = {"vector": _instant, "matrix": _range}
    if kind not in makers or not isinstance(result, list):
        raise ReadFailed(f"expected a vector or a matrix; got {str(kind)[:40]!r}")
    return [row for one in result if isinstance(one, dict) and (row := makers[kind](one)) is not None]


def _instant(series: Mapping[str, Any]) -> Row | None:
    sample = series.get("value")
    if not isinstance(sample, list) or len(sample) != 2:
        # A native histogram: no number that a table could show.
        return None
    return {**_labels(series.get("metric")), VALUE: [_number(sample[1])]}


def _range(series: Mapping[str, Any]) -> Row | None:
    points = series.get("values")
    samples = points if isinstance(points, list) else []
    found = [_number(one[1]) for one in samples if isinstance(one, list) and len(one) == 2]
    numbers = [one for one in found if isinstance(one, float) and math.isfinite(one)]
    if not numbers:
        return None
    summed: Row = {VALUE: [numbers[-1]], "first": [numbers[0]], "min": [min(numbers)], "max": [max(numbers)]}
    return {**_labels(series.get("metric")), **summed}


def _loki(data: Mapping[str, Any]) -> list[Row]:
    if data.get("resultType") != "streams":
        return _series(data)
    found: list[tuple[str, Row]] = []
    result = data.get("result")
    for stream in result if isinstance(result, list) else []:
        if isinstance(stream, dict):
            labels, entries = _labels(stream.get("stream")), stream.get("values")
            lines = [one for one in entries if _is_line(one)] if isinstance(entries, list) else []
            found += [(str(one[0]), {LINE: [one[1]], **labels}) for one in lines]
    # Times are nanoseconds in text of one length; the newest line first, over all streams.
    return [row for _, row in sorted(found, key=lambda each: (len(each[0]), each[0]), reverse=True)]


def _is_line(entry: Any) -> bool:
    return isinstance(entry, list) and len(entry) >= 2 and isinstance(entry[1], str)


def _labels(found: Any) -> Row:
    labels = found if isinstance(found, dict) else {}
    return {str(name): [str(value)] for name, value in sorted(labels.items()) if name != "__name__"}


def _number(text: Any) -> Scalar:
    try:
        return float(text)
    except (TypeError, ValueError):
        return str(text)[:MAX_CELL]


def _kubernetes(read: KubernetesRead, body: bytes) -> list[Row]:
    if read.read == "logs":
        return _text_rows(body)
    document = _json(body, "Kubernetes")
    kind = "events" if read.read == "events" else read.resource
    columns = read.columns or _COLUMNS.get(kind, _OTHERS)
    objects = [document] if read.read == "object" else found_at(document, "items[]")
    if read.read == "events":
        # The API gives them in no order that helps; the last ones explain most.
        objects = sorted(objects, key=_last_at, reverse=True)
    return [_row(one, columns) for one in objects]


def _last_at(event: Any) -> str:
    """Return when an event was last seen, as RFC 3339, which sorts as text.

    Newer clients set `eventTime` alone.
    """
    places = ("lastTimestamp", "eventTime", "metadata.creationTimestamp")
    return next((str(one[0]) for place in places if (one := values_at(event, place))), "")


def _http(read: HttpRead, body: bytes) -> list[Row]:
    if not read.columns:
        return _text_rows(body)
    document = _json(body, "the system")
    objects = found_at(document, read.rows) if read.rows is not None else [document]
    if len(objects) == 1 and isinstance(objects[0], list):
        objects = objects[0]
    return [_row(one, read.columns) for one in objects]


def _row(document: Any, columns: Mapping[str, str]) -> Row:
    return {name: values_at(document, path) for name, path in columns.items()}


def _text_rows(body: bytes) -> list[Row]:
    lines = body.decode("utf-8", "replace").splitlines()
    return [{LINE: [line]} for line in lines if line.strip()]
