"""Samples of a mapping: payloads of its tool with the records that they must become; their checks.

A sample file (`.yaml`) is a list of samples. Each states one request: `payload` (the document that a JSON body holds),
`body` (its text, with `content_type`), `query`, or `request` (a whole request with its head). `alerts`, `changes` and
`metrics` name the fields that must be so; `problem` is a part of the reason of what is refused. Two samples with the
same `pair` are one alert, firing and then resolved.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from aiops.errors import RecordError, UsageError
from aiops.records import Alert, Change, Metric
from aiops_connectors.mapping.builders import Problem
from aiops_connectors.mapping.mapping import Mapping, load_mapping
from aiops_connectors.mapping.origin import Origin
from aiops_connectors.payloads.archive_records import MAX_RECORDS
from aiops_connectors.payloads.documents import document
from aiops_connectors.payloads.envelopes import DROPPED, opened
from aiops_connectors.workbench.recorded_request import request

# The time of receipt in samples: 2026-03-01, 21:20 UTC.
NOW = 1_772_400_000.0
MAX_BYTES = 4 << 20
# The record format's own bounds, which no payload may break.
MAX_NAME, MAX_LABELS = 1024, 64
# Values that a tool sends where another was expected.
REPLACEMENTS: tuple[Any, ...] = (None, {}, [], "y" * 5_000, "\ud800", 1e300)


class Sample(Struct, forbid_unknown_fields=True):
    """One payload, and the records or the problem that it must become."""

    payload: Any = UNSET
    body: str = ""
    content_type: str = ""
    method: str = "POST"
    query: str = ""
    request: str = ""
    headers: dict[str, str] = {}
    alerts: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    metrics: list[dict[str, Any]] = []
    problem: str = ""
    pair: str = ""

    def opened(self) -> tuple[Any, dict[str, str], Origin]:
        """Return document, headers and origin; raise `RecordError` or `UsageError` for an unreadable body."""
        given = request(
            (self.request or self.body).encode(),
            {**self.headers, **({"content-type": self.content_type} if self.content_type else {})},
            "" if self.request else self.method,
            self.query,
        )
        body, origin = given.opened()
        if self.payload is not UNSET:
            return self.payload, given.headers, origin
        if not body and origin.query:
            return dict(origin.query), given.headers, origin
        return document(body, given.headers.get("content-type", ""), []), given.headers, origin

    def apply(self, mapping: Mapping) -> tuple[list[Alert | Change | Metric], list[Problem]]:
        """Return what a mapping makes of the sample."""
        try:
            payload, headers, origin = self.opened()
        except (RecordError, UsageError) as error:
            return [], [Problem("$", str(error))]
        payload = opened(payload, MAX_RECORDS)
        return ([], []) if payload is DROPPED else mapping.apply(payload, headers, None, NOW, origin)


def read_samples(path: Path) -> list[Sample]:
    """Return the samples of a file; raise `UsageError` with the place of what does not fit."""
    try:
        data = path.read_bytes()
        if len(data) > MAX_BYTES:
            raise UsageError(f"{path}: expected samples of at most {MAX_BYTES} bytes; got {len(data)}")
        samples = msgspec.yaml.decode(data, type=list[Sample])
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise UsageError(f"{path}: {error}; expected a list of samples, each with a payload") from error
    if not samples:
        raise UsageError(f"{path}: no sample; add at least one payload")
    for number, sample in enumerate(samples):
        given = sum((sample.payload is not UNSET, bool(sample.body), bool(sample.request)))
        if given > 1 or not (given or sample.query):
            raise UsageError(f"{path}: sample {number}: expected one of payload, body, request or a query alone")
    return samples


def check_samples(mapping: str | Path, samples: Path) -> list[str]:
    """Return all faults of a mapping (a name or a path) with its samples, pairs and broken payloads."""
    loaded, cases = load_mapping(mapping), read_samples(samples)
    found = [f"sample {number}: {fault}" for number, case in enumerate(cases) for fault in _sample(loaded, case)]
    found += _pairs(loaded, cases)
    found += [f"sample {number}: {fault}" for number, case in enumerate(cases) for fault in _broken(loaded, case)]
    return found


def _sample(mapping: Mapping, case: Sample) -> Iterator[str]:
    records, problems = case.apply(mapping)
    kinds: tuple[tuple[type, list[dict[str, Any]]], ...] = (
        (Alert, case.alerts),
        (Change, case.changes),
        (Metric, case.metrics),
    )
    expected = [(kind, fields) for kind, wanted in kinds for fields in wanted]
    if len(records) != len(expected):
        reasons = "; ".join(problem.reason for problem in problems) or "no problem"
        yield f"{len(expected)} records expected, got {len(records)} ({reasons})"
        return
    for record, (kind, fields) in zip(records, expected, strict=True):
        if type(record) is not kind:
            yield f"{kind.__name__.lower()} expected, got {type(record).__name__.lower()} {record.name!r}"
        for name, value in fields.items():
            got = getattr(record, name, None)
            if got != value:
                yield f"{name} of {record.name!r}: {value!r} expected, got {got!r}"
    yield from _problems(case, problems)


def _problems(case: Sample, found: list[Problem]) -> Iterator[str]:
    # A note is the reason why there is no record, and a sample without records expects one.
    problems = [problem for problem in found if case.problem or not problem.note]
    reasons = "; ".join(problem.reason for problem in problems)
    if case.problem and case.problem not in reasons:
        yield f"problem {case.problem!r} expected, got {reasons or 'none'}"
    elif problems and not case.problem:
        yield f"no problem expected, got {reasons}"
    if not all(problem.place.startswith("$") for problem in problems):
        yield "a problem without its place in the payload"


def _pairs(mapping: Mapping, cases: list[Sample]) -> Iterator[str]:
    pairs: dict[str, list[Sample]] = {}
    for case in cases:
        if case.pair:
            pairs.setdefault(case.pair, []).append(case)
    for name, pair in pairs.items():
        firsts = [record for one in pair for record in one.apply(mapping)[0][:1]]
        alerts = [record for record in firsts if isinstance(record, Alert)]
        if [alert.status for alert in alerts] != ["firing", "resolved"]:
            yield f"pair {name!r}: firing, then resolved expected, got {', '.join(alert.status for alert in alerts)}"
        elif identity(alerts[0]) != identity(alerts[1]):
            yield f"pair {name!r}: one identity expected, got {identity(alerts[0])} and {identity(alerts[1])}"


def identity(alert: Alert) -> tuple[Any, ...]:
    """Return the parts of an alert's fingerprint: the sender's key alone where there is one."""
    if alert.key:
        return (alert.source, alert.key)
    labels = {name: value for name, value in alert.labels.items() if name != "runbook_url"}
    return (alert.source, alert.name, alert.entity, alert.service, labels)


def hostile_payloads() -> list[Any]:
    """Return payloads of no tool: other types, deep, long and wide ones."""
    deep: Any = "x"
    for level in range(200):
        deep = {"alerts": [deep]} if level % 3 else {"Message": deep, "incident": {}, "data": {}}
    wide = {f"k{number}": "v" for number in range(5_000)}
    broken: list[Any] = [None, 1, "text", [], {}, [[]], deep, {"alerts": [None, {"labels": wide}]}]
    return [*broken, {"name": "y" * 100_000, "labels": wide}]


def _broken(mapping: Mapping, case: Sample) -> Iterator[str]:
    """Yield faults with the sample's payload when one of its keys is missing, null, long or an object."""
    try:
        payload, _, _ = case.opened()
    except (RecordError, UsageError):
        return
    if not isinstance(payload, dict):
        return
    for key in list(payload)[:50]:
        for value in REPLACEMENTS:
            yield from _bounds(mapping, {**payload, key: value}, f"with {key!r} replaced")


def check_hostile(mapping: str | Path) -> list[str]:
    """Return the faults of a mapping with payloads of no tool."""
    loaded = load_mapping(mapping)
    return [
        fault for number, payload in enumerate(hostile_payloads()) for fault in _bounds(loaded, payload, str(number))
    ]


def _bounds(mapping: Mapping, payload: Any, place: str) -> Iterator[str]:
    try:
        records, _ = mapping.apply(payload, {}, None, NOW)
    except Exception as error:
        yield f"payload {place}: raised {type(error).__name__}: {error}"
        return
    for record in records:
        if len(record.name) > MAX_NAME or len(record.labels) > MAX_LABELS:
            yield f"payload {place}: a record beyond {MAX_NAME} characters of name or {MAX_LABELS} labels"
        try:
            msgspec.json.encode(record)
        except (UnicodeEncodeError, msgspec.MsgspecError) as error:
            yield f"payload {place}: a record that cannot be journaled: {error}"


__all__ = ["NOW", "Sample", "check_hostile", "check_samples", "hostile_payloads", "identity", "read_samples"]
