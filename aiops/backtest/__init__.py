"""Replays: process an archive or a journal again, and report the result.

Read `driver` (records through an engine), `report` and `compare` (two settings side by side), `history`, `explain`
and `witness` (one decision), `remediation` (runs that would have been), then `truth`, `labelled` and `ledger` (scores
where the archive has labels).

May import: app, archive, daemon, durations, engine, errors, journal, ports, records, respond, score, topology, verdict,
wording, workloads.
"""

from aiops.backtest.compare import Comparison, Difference, compare
from aiops.backtest.driver import RecordFault, Replay, incident_lines, replay, without
from aiops.backtest.report import Report, make_report
from aiops.backtest.set_aside import setting_aside

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
    "setting_aside",
    "without",
]
