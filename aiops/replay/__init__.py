"""Replay: fold an archive or a journal again, and say what came of it."""

from aiops.replay.compare import Comparison, Difference, compare
from aiops.replay.driver import Replay, incident_lines, replay
from aiops.replay.report import Report, make_report

__all__ = ["Comparison", "Difference", "Replay", "Report", "compare", "incident_lines", "make_report", "replay"]
