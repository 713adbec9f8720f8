"""Targets that are managed from a repository are refused, by their labels or the host's knowledge."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aiops.ports import AlertFact
from aiops.respond.situation import Seen
from aiops.respond.target_guards import in_window
from tests.respond.alone import AT, Alone


@pytest.fixture
def alone(samples: SimpleNamespace) -> Alone:
    return Alone(samples)


def seen(entity: str, workload: str = "", **labels: str) -> Seen:
    return Seen(AlertFact(entity, "A", 3, 1, AT, AT, labels=labels, workload=workload), "a", "a")


def others(found: Alone) -> list[str]:
    """The codes that do not follow from which target has an alert."""
    return [code for code in found.codes() if code != "target_silent"]


@pytest.mark.parametrize(
    ("one", "refused"),
    [
        (seen("worker-1", label_kustomize_toolkit_fluxcd_io_name="shop"), True),
        (seen("pod-7", workload="worker-1", annotation_argocd_argoproj_io_tracking_id="shop:apps"), True),
        (seen("worker-2", label_kustomize_toolkit_fluxcd_io_name="shop"), False),
        (seen("worker-1", app="shop"), False),
    ],
)
def test_labels_of_the_targets_alerts(alone: Alone, one: Seen, refused: bool) -> None:
    alone.situation.seen = [one]
    assert others(alone) == (["gitops_managed"] if refused else [])
    alone.by = "person"
    assert ("gitops_managed" in alone.codes()) == refused


def test_knowledge_of_the_host(alone: Alone) -> None:
    alone.world.managed = {"worker-2": "Flux"}
    assert alone.codes() == []
    alone.world.managed = {"worker-1": "Flux"}
    assert alone.codes() == ["gitops_managed"]


@pytest.mark.parametrize(
    ("targets", "code"),
    [([], "no_target"), (["all"], "target_everything"), (["a", "b"], "too_many_targets"), (["web"], None)],
)
def test_each_refusal_has_its_code(alone: Alone, targets: list[str], code: str | None) -> None:
    alone.targets = targets
    assert others(alone) == ([code] if code else [])


def test_window_that_wraps_the_week() -> None:
    assert in_window("Sun 23:00/Mon 01:00", 1_700_438_400.0 - 60)  # Sunday, 23:59
