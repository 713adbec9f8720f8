"""Records: what the log holds."""

from aiops.records.model import (
    MAX_TIME_S,
    VERBS,
    Action,
    Alert,
    Cause,
    Change,
    Evidence,
    Incident,
    Member,
    Metric,
    Record,
    RootCause,
    Suggestion,
    Target,
    Tick,
    Truth,
)
from aiops.records.severity import LABELS, Severity, is_stated, parse_severity

__all__ = [
    "LABELS",
    "MAX_TIME_S",
    "VERBS",
    "Action",
    "Alert",
    "Cause",
    "Change",
    "Evidence",
    "Incident",
    "Member",
    "Metric",
    "Record",
    "RootCause",
    "Severity",
    "Suggestion",
    "Target",
    "Tick",
    "Truth",
    "is_stated",
    "parse_severity",
]
