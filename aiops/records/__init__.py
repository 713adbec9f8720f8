"""Records: the entries of the log, how they are decoded, and their severities.

Read `model` (all kinds), `severity`, `decode` (one line), `lenient` (values of foreign tools), `late`.

May import: durations, errors, wording.
"""

from aiops.records.model import (
    MAX_AHEAD_S,
    MAX_TIME_S,
    VERBS,
    Action,
    Affected,
    Alert,
    Cause,
    Change,
    Evidence,
    Hop,
    Incident,
    LastAction,
    Logged,
    Marked,
    Member,
    Metric,
    Record,
    Rejection,
    Remark,
    RootCause,
    Skipped,
    Suggestion,
    Target,
    Tick,
    Truth,
)
from aiops.records.severity import LABELS, Severity, has_explicit_severity, parse_severity

__all__ = [
    "LABELS",
    "MAX_AHEAD_S",
    "MAX_TIME_S",
    "VERBS",
    "Action",
    "Affected",
    "Alert",
    "Cause",
    "Change",
    "Evidence",
    "Hop",
    "Incident",
    "LastAction",
    "Logged",
    "Marked",
    "Member",
    "Metric",
    "Record",
    "Rejection",
    "Remark",
    "RootCause",
    "Severity",
    "Skipped",
    "Suggestion",
    "Target",
    "Tick",
    "Truth",
    "has_explicit_severity",
    "parse_severity",
]
