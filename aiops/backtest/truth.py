"""Scores of a replay whose input is labelled."""

from __future__ import annotations

from collections import Counter

from aiops import score
from aiops.backtest.driver import Replay
from aiops.records import Incident
from aiops.topology import Topology


def truth_report(done: Replay, topology: Topology) -> score.TruthReport | None:
    """Compute all measures that the labels allow; None if there are no labels."""
    truths = done.truths
    if not truths.labelled and not truths.incidents:
        return None
    report = score.TruthReport()
    predicted = done.ledger.final_clusters()
    if truths.labelled:
        found = _detection(done, predicted)
        report.grouping = score.grouping_report(score.grouping(truths.labels, predicted), found)
        counted = score.grouping(truths.labels, predicted, count_background=True)
        report.grouping_with_background = score.grouping_report(counted)
    matched = _matched(done, predicted)
    _causes(done, matched, topology, report)
    return report


def _reported(done: Replay, predicted: list[int]) -> list[str | None]:
    incident_of = done.ledger.final_incidents()
    return [incident_of.get(cluster) for cluster in predicted]


def _detection(done: Replay, predicted: list[int]) -> score.Detection:
    truths = done.truths
    started: dict[str, float] = {}
    for label, at in zip(truths.labels, truths.times, strict=True):
        if label is not None:
            started[label] = min(at, started.get(label, at))
    opened = done.ledger.opened_at
    reported = _reported(done, predicted)
    seen = [max(at, opened[name]) if name in opened else at for at, name in zip(truths.times, reported, strict=True)]
    return score.detection(truths.labels, reported, seen, started)


def matched_incidents(done: Replay) -> dict[str, Incident]:
    """Map each labelled incident to the reported incident with most of its alerts (of equals, the first)."""
    return _matched(done, done.ledger.final_clusters())


def _matched(done: Replay, predicted: list[int]) -> dict[str, Incident]:
    """Map each labelled incident to the reported incident with most of its alerts (of equals, the first)."""
    parts: dict[str, Counter[str]] = {}
    for label, name in zip(done.truths.labels, _reported(done, predicted), strict=True):
        if label is not None and name is not None:
            parts.setdefault(label, Counter())[name] += 1
    opened = done.ledger.opened_at
    matched = {}
    for label, counts in parts.items():
        best = min(counts, key=lambda name: (-counts[name], opened.get(name, 0.0), name))
        if best in done.ledger.incidents:
            matched[label] = done.ledger.incidents[best]
    return matched


def _causes(done: Replay, matched: dict[str, Incident], topology: Topology, report: score.TruthReport) -> None:
    cases, playbooks = [], []
    probabilities, outcomes = [], []
    for name, truth in done.truths.incidents.items():
        found = matched.get(name)
        causes = found.causes if found is not None else []
        if truth.root_cause is not None:
            case = score.cause_case(causes, truth.root_cause, topology.service_of)
            cases.append(case)
            if causes and causes[0].probability is not None:
                probabilities.append(causes[0].probability)
                outcomes.append(float(case.right[0]))
        if truth.playbook is not None:
            playbooks.append(score.playbook_case(found.playbooks if found is not None else [], truth.playbook))
    if cases:
        report.causes = score.cause_report(cases, score.calibration(probabilities, outcomes))
    given = done.truths.alerts.cases(done.truths.incidents, done.engine.config, topology) if cases else []
    if given:
        report.causes_given_grouping = score.cause_report(given)
    if playbooks:
        report.playbooks = score.playbook_report(playbooks)
