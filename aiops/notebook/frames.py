"""Frames of a result: the only module that imports pandas, loaded for the first frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from aiops.archive import Rejection
from aiops.backtest import Comparison as Compared
from aiops.backtest.ledger import Decision
from aiops.notebook.alert_columns import AlertColumns
from aiops.notebook.schema import CHOICES, FRAMES, INDEXES, SEVERITIES, Column, Kind
from aiops.records import Evidence, Incident, Member

_SEVERITY = pd.CategoricalDtype(list(SEVERITIES), ordered=True)
_US = 1_000_000
_NS = 1_000_000_000


def incidents_frame(incidents: Iterable[Incident]) -> pd.DataFrame:
    """One row an incident, by opening time; its index is the id."""
    found = list(incidents)
    return _frame("incidents", [_incident_row(incident) for incident in found], [each.id for each in found])


def _incident_row(incident: Incident) -> tuple[Any, ...]:
    suspect = incident.causes[0] if incident.causes else None
    return (
        incident.title,
        incident.severity,
        incident.status,
        incident.opened_at,
        incident.resolved_at,
        incident.first_alert_at,
        incident.last_alert_at,
        len(incident.alerts),
        incident.stream_count,
        incident.firing_count,
        incident.entity_count,
        incident.returns,
        list(incident.services),
        suspect.entity if suspect is not None else None,
        suspect.probability if suspect is not None else None,
        suspect.confidence if suspect is not None else None,
        incident.playbooks[0].name if incident.playbooks else None,
        incident.root_cause.entity if incident.root_cause is not None else None,
    )


def alerts_frame(alerts: AlertColumns, decisions: Iterable[Decision]) -> pd.DataFrame:
    """One row an input alert, in input order."""
    decided = list(decisions)
    columns: dict[str, Sequence[Any]] = {
        "id": alerts.ids,
        "ts": alerts.ts,
        "severity": alerts.severities(),
        "severity_text": alerts.severity_text,
        "entity": alerts.entity,
        "labels": alerts.labels,
        "starts_at": alerts.starts_at,
        "ends_at": alerts.ends_at,
        "disposition": [each.disposition for each in decided],
        "incident": [each.incident for each in decided],
        "cluster": [each.cluster for each in decided],
        "reason": [each.reason for each in decided],
        "fingerprint": alerts.fingerprint,
        "truth_incident": alerts.truth_incident,
        "truth_root_cause": alerts.truth_root_cause,
        **alerts.texts,
    }
    return pd.DataFrame({column.name: _series("alerts", column, columns[column.name]) for column in FRAMES["alerts"]})


def members_frame(members: Mapping[str, Iterable[Member]]) -> pd.DataFrame:
    """One row an incident and alert stream."""
    return _frame("members", [_member_row(name, member) for name, of_one in members.items() for member in of_one])


def _member_row(incident: str, member: Member) -> tuple[Any, ...]:
    evidence = member.evidence
    return (
        incident,
        member.fingerprint,
        member.name,
        member.entity,
        member.severity,
        member.status,
        member.count,
        member.first_at,
        member.last_at,
        sum(each.value for each in evidence) if evidence else None,
        _why(evidence),
        _by_name(evidence),
        list(member.notes),
        member.alert_id,
        member.workload,
    )


def causes_frame(incidents: Iterable[Incident]) -> pd.DataFrame:
    """One row a suspect."""
    rows = [
        (each.id, rank, one.entity, one.probability, one.confidence, one.score, *_evidence(one.evidence))
        for each in incidents
        for rank, one in enumerate(each.causes, 1)
    ]
    return _frame("causes", rows)


def playbooks_frame(incidents: Iterable[Incident]) -> pd.DataFrame:
    """One row a suggested playbook."""
    rows = [
        (each.id, rank, one.name, one.target, one.probability, one.score, *_evidence(one.evidence))
        for each in incidents
        for rank, one in enumerate(each.playbooks, 1)
    ]
    return _frame("playbooks", rows)


def rejected_frame(rejections: Iterable[Rejection]) -> pd.DataFrame:
    """One row a rejected line."""
    return _frame("rejected", [(one.file, one.line, one.field, one.expected, one.got) for one in rejections])


def differences_frame(compared: Compared) -> pd.DataFrame:
    """One row a difference between two results."""
    rows = [(one.kind, list(one.before), list(one.after), one.alerts, one.text) for one in compared.differences]
    return _frame("differences", rows)


def scores_frame(compared: Compared) -> pd.DataFrame:
    """One row a figure that differs; its index is the name of the figure."""
    rows = [(before, after, after - before) for before, after in compared.scores.values()]
    return _frame("scores", rows, list(compared.scores))


def _evidence(evidence: list[Evidence]) -> tuple[str | None, dict[str, float]]:
    return _why(evidence), _by_name(evidence)


def _why(evidence: list[Evidence]) -> str | None:
    speaking = sorted((one for one in evidence if one.value > 0), key=lambda one: -one.value)
    return "; ".join(one.text or one.name for one in speaking) or None


def _by_name(evidence: list[Evidence]) -> dict[str, float]:
    """Contributions by name; those of one name are added, which keeps their sum the score."""
    found: dict[str, float] = {}
    for one in evidence:
        found[one.name] = found.get(one.name, 0.0) + one.value
    return found


def _frame(name: str, rows: Sequence[Sequence[Any]], index: list[str] | None = None) -> pd.DataFrame:
    columns = FRAMES[name]
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    cells = zip(columns, values, strict=True)
    frame = pd.DataFrame({column.name: _series(name, column, of_column) for column, of_column in cells})
    if index is not None:
        frame.index = pd.Index(index, dtype="string", name=INDEXES[name])
    return frame


def _series(frame: str, column: Column, values: Sequence[Any]) -> pd.Series[Any]:
    if column.kind == "choice":
        return pd.Series(pd.Categorical(list(values), categories=list(CHOICES[frame, column.name])))
    return pd.Series(_MAKERS[column.kind](values))


def _texts(values: Sequence[Any]) -> Any:
    return pd.array(list(values), dtype="string")


def _objects(values: Sequence[Any]) -> Any:
    found = np.empty(len(values), dtype=object)
    # One by one: lists of one length would be taken for a table.
    for place, value in enumerate(values):
        found[place] = value
    return found


def times_of(values: Sequence[float | None]) -> pd.DatetimeIndex:
    """Unix seconds as times in UTC that give the same seconds back; None and NaN are empty.

    Whole microseconds where these do, as people write times; else the nearest nanosecond.

    >>> times_of([1767225600.381, None])[0]
    Timestamp('2026-01-01 00:00:00.381000+0000', tz='UTC')
    """
    seconds = np.array(values, dtype="float64")
    known = np.isfinite(seconds)
    whole = np.floor(np.where(known, seconds, 0.0))
    rest = np.where(known, seconds, 0.0) - whole
    # Whole seconds and the rest apart: as one float they would be exact to some hundred nanoseconds only.
    nanoseconds = whole.astype("int64") * _NS + np.rint(rest * _NS).astype("int64")
    microseconds = whole.astype("int64") * _US + np.rint(rest * _US).astype("int64")
    nanoseconds = np.where(microseconds / _US == seconds, microseconds * (_NS // _US), nanoseconds)
    moments = nanoseconds.view("datetime64[ns]")
    moments[~known] = np.datetime64("NaT")
    return pd.DatetimeIndex(moments).tz_localize("UTC")


_MAKERS: dict[Kind, Callable[[Sequence[Any]], Any]] = {
    "text": _texts,
    "time": times_of,
    "number": lambda values: np.array(values, dtype="float64"),
    "count": lambda values: np.array(values, dtype="int64"),
    "severity": lambda values: pd.Categorical(list(values), dtype=_SEVERITY),
    "list": _objects,
    "table": _objects,
    "any": _objects,
}
