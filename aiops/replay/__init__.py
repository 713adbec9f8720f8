"""Replay: fold an archive or a journal again, and say what came of it."""

from aiops.replay.compare import Comparison, Difference, compare
from aiops.replay.driver import RecordFault, Replay, incident_lines, replay, without
from aiops.replay.report import Report, make_report

__all__ = [
    "Comparison",
    "Difference",
    "RecordFault",
    "Replay",
    "Report",
    "compare",
    "incident_lines",
    "make_report",
    "replay",
    "without",
]
