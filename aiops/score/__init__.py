"""Evaluation measures: grouping, causes and playbooks of a replay against the truth.

Read `report`, then one measure a module: `grouping`, `incidents`, `ranking`, `calibration`, `hierarchy`,
`pieces`, `nab`.

May import: records.
"""

from aiops.score.calibration import Calibration, calibration
from aiops.score.contingency import Contingency, contingency
from aiops.score.grouping import Grouping, grouping, harmonic_mean, pair_counts
from aiops.score.hierarchy import IncidentRates, Rates, by_type, macro, roc_area
from aiops.score.incidents import Detection, detection, noise_reduction, quantile
from aiops.score.pieces import Pieces, pieces
from aiops.score.ranking import Case, Ranking, cause_case, hit_at, playbook_case, ranking, reciprocal_rank
from aiops.score.report import (
    CauseReport,
    GroupingReport,
    PlaybookReport,
    TruthReport,
    cause_report,
    grouping_report,
    playbook_report,
)

__all__ = [
    "Calibration",
    "Case",
    "CauseReport",
    "Contingency",
    "Detection",
    "Grouping",
    "GroupingReport",
    "IncidentRates",
    "Pieces",
    "PlaybookReport",
    "Ranking",
    "Rates",
    "TruthReport",
    "by_type",
    "calibration",
    "cause_case",
    "cause_report",
    "contingency",
    "detection",
    "grouping",
    "grouping_report",
    "harmonic_mean",
    "hit_at",
    "macro",
    "noise_reduction",
    "pair_counts",
    "pieces",
    "playbook_case",
    "playbook_report",
    "quantile",
    "ranking",
    "reciprocal_rank",
    "roc_area",
]
