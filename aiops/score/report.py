"""The `truth` section of `report.json`."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from aiops.score.calibration import Calibration
from aiops.score.grouping import Grouping
from aiops.score.incidents import Detection
from aiops.score.ranking import Case, ranking


class GroupingReport(Struct, omit_defaults=True):
    """Clusters against labelled incidents; the fields are explained in `Grouping` and `Detection`."""

    pairwise_precision: float
    pairwise_recall: float
    pairwise_f1: float
    bcubed_precision: float
    bcubed_recall: float
    bcubed_f1: float
    adjusted_rand: float
    purity: float
    tpr: float
    tnr: float | None
    hierarchical_tpr: float
    hierarchical_tnr: float | None
    alerts: int
    background: int
    incidents: int
    clusters: int
    incident_recall: float | None = None
    incident_own_recall: float | None = None
    seconds_to_incident_p50: float | None = None
    seconds_to_incident_p95: float | None = None


class CauseReport(Struct, omit_defaults=True):
    """Ranked causes against labelled ones; calibration only if probabilities were stated."""

    cases: int
    answered: int
    top1: float
    top3: float
    mrr: float
    calibration_error: float | None = None
    calibration_floor: float | None = None
    calibration_cases: int = 0


class PlaybookReport(Struct):
    """Suggested playbooks against the right ones."""

    cases: int
    answered: int
    recall_at_1: float
    recall_at_5: float
    mrr: float


class TruthReport(Struct, omit_defaults=True):
    """The scores of a replay against its labels.

    `grouping` leaves background alerts out, `grouping_with_background` counts them. `causes` scores the incidents as
    they were grouped. `causes_given_grouping` scores the ranker alone, on the labelled incidents' own alerts in time
    order, with the earlier ones as unlabelled history.
    """

    grouping: GroupingReport | None = None
    grouping_with_background: GroupingReport | None = None
    causes: CauseReport | None = None
    playbooks: PlaybookReport | None = None
    causes_given_grouping: CauseReport | None = None


def grouping_report(scored: Grouping, found: Detection | None = None) -> GroupingReport:
    """Report a grouping, with the detection of incidents if it is known."""
    fields = {name: getattr(scored, name) for name in GroupingReport.__struct_fields__ if hasattr(scored, name)}
    report = GroupingReport(**fields)
    if found is not None:
        report.incident_recall = found.recall
        report.incident_own_recall = found.own_recall
        report.seconds_to_incident_p50 = found.seconds_p50
        report.seconds_to_incident_p95 = found.seconds_p95
    return report


def cause_report(cases: Sequence[Case], calibrated: Calibration | None = None) -> CauseReport:
    """Report ranked causes, one case an incident with a labelled cause."""
    scored = ranking(cases)
    report = CauseReport(scored.cases, scored.answered, scored.top1, scored.top3, scored.mrr)
    if calibrated is not None:
        report.calibration_error = calibrated.error
        report.calibration_floor = calibrated.floor
        report.calibration_cases = calibrated.cases
    return report


def playbook_report(cases: Sequence[Case]) -> PlaybookReport:
    """Report suggested playbooks, one case an incident with a labelled playbook."""
    scored = ranking(cases)
    return PlaybookReport(scored.cases, scored.answered, scored.top1, scored.top5, scored.mrr)
