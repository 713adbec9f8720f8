"""Kinds of alerts as evidence between placed alerts: learned, and neutral where nothing is known."""

from __future__ import annotations

import pytest

from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.kinds import NEVER, TOGETHER, UNKNOWN, KindRatio, class_of
from aiops.topology import Topology


@pytest.mark.parametrize(
    ("npmi", "expected"),
    [(-0.3, NEVER), (-0.06, NEVER), (0.0, UNKNOWN), (0.04, UNKNOWN), (0.05, TOGETHER), (1.0, TOGETHER)],
)
def test_a_pair_of_kinds_has_a_class_by_its_npmi(npmi: float, expected: int) -> None:
    assert class_of(npmi) == expected


def test_kinds_that_never_fire_together_count_against_a_join_once_that_held() -> None:
    ratio = KindRatio()
    for _ in range(40):
        ratio.sample(TOGETHER, NEVER)
        ratio.sample(TOGETHER, TOGETHER)
    assert ratio.ratios[NEVER] < -1.5 < 0.0 < ratio.ratios[TOGETHER] < 1.0


def test_kinds_are_no_evidence_where_those_of_one_fault_do_not_go_together_either() -> None:
    ratio = KindRatio()
    for _ in range(60):
        ratio.sample(NEVER, TOGETHER)
    assert ratio.ratios == pytest.approx([0.0, 0.0], abs=0.01)


def test_amid_unrelated_alerts_kinds_become_evidence() -> None:
    """Two symptoms that always come together, amid noise of other kinds on other services."""
    correlator = Correlator(CorrelateConfig(), Topology.build([], []))
    seq, at = 0, 1_700_000_000.0
    for episode in range(60):
        at += 1800.0
        for kind, service in (("Latency", "api"), ("Errors", "web")):
            correlator.advance(at)
            last = correlator.place(seq, at, kind, f"{service}-{episode % 7}", f"{service}-{episode % 7}")
            seq, at = seq + 1, at + 3.0
        for noise in range(4):
            at += 230.0
            correlator.advance(at)
            correlator.place(seq, at, f"Noise{(episode + noise) % 9}", "batch", f"batch-{noise}")
            seq += 1
    del last
    correlator.advance(at + 1000.0)
    first = correlator.place(seq, at + 1000.0, "Latency", "api-90", "api-90")
    opened = first.cluster
    second = correlator.place(seq + 1, at + 1003.0, "Errors", "web-90", "web-90")
    assert second.cluster == opened
    terms = {each.name: each.value for each in second.evidence}
    assert terms["co_occurrence"] >= 0.0
    assert correlator.comparison.kinds.odds > 0.0
    assert correlator.comparison.kinds.ratios[NEVER] < 0.0
