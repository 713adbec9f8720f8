"""Scaling stays within the bounds of the playbook and of the operator, and leaves autoscaled workloads alone."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.step_kinds.exchange import StepRefused
from tests.connectors.kubernetes.answers import (
    KIND,
    Json,
    found,
    listing,
    metadata,
    prepared,
    progress,
    reply,
    workload,
)


def scale(**more: Any) -> Any:
    return prepared("scale", **({"min": 2, "max": 10} | more))


def autoscaler(kind: str, name: str) -> Json:
    return {"spec": {"scaleTargetRef": {"kind": kind, "name": name}}}


def test_plan_shows_what_scaling_sends() -> None:
    made = scale(by=2)
    assert made.url.partition("?")[0].endswith("/deployments/cart/scale")
    assert made.body == [
        {"op": "test", "path": "/metadata/uid", "value": {"$taken": "uid"}},
        {"op": "test", "path": "/spec/replicas", "value": {"$taken": "before"}},
        {"op": "replace", "path": "/spec/replicas", "value": {"$taken": "after"}},
    ]
    assert made.undo is not None
    assert made.undo.body == [
        {"op": "test", "path": "/metadata/uid", "value": {"$taken": "uid"}},
        {"op": "test", "path": "/spec/replicas", "value": {"$taken": "after"}},
        {"op": "replace", "path": "/spec/replicas", "value": {"$taken": "before"}},
    ]
    assert made.taken["after"].what == "the replicas that it gets: by +2, from 2 to 10"
    assert scale(to=4).taken["after"].what == "the replicas that it gets: to 4, from 2 to 10"


@pytest.mark.parametrize(
    ("more", "before", "after"), [({"to": 5}, 2, 5), ({"by": 2}, 3, 5), ({"by": -2}, 4, 2), ({"by": 1}, 1, 2)]
)
def test_replicas_after_scaling(more: Json, before: int, after: int) -> None:
    assert found(scale(**more), workload(replicas=before), listing()) == {
        "uid": "u-1",
        "before": before,
        "after": after,
    }


@pytest.mark.parametrize(
    ("more", "before", "code"),
    [
        ({"by": 2}, 9, "outside-bounds"),
        ({"by": -1}, 2, "outside-bounds"),
        ({"by": -5}, 2, "outside-bounds"),
        ({"to": 3}, 0, "outside-bounds"),
        ({"by": 2}, 0, "outside-bounds"),
        ({"to": 3}, 3, "nothing-to-change"),
        ({"to": 30, "max": 40}, 3, "too-many-replicas"),
        ({"to": 3}, 21, "too-many-replicas"),
    ],
)
def test_scaling_is_refused(more: Json, before: int, code: str) -> None:
    with pytest.raises(StepRefused, match=rf"^{code}: "):
        found(scale(**more), workload(replicas=before), listing())


def test_autoscaled_workload_is_refused() -> None:
    others = [autoscaler("StatefulSet", "cart"), autoscaler("Deployment", "other")]
    assert found(scale(to=3), workload(), listing(*others))["after"] == 3
    with pytest.raises(StepRefused, match=r"^autoscaled: "):
        found(scale(to=3), workload(), listing(*others, autoscaler("Deployment", "cart")))


@pytest.mark.parametrize("answer", [listing({"spec": {}}), listing(**{"continue": "x"}), {"items": 3}])
def test_unreadable_autoscalers_are_no_permission(answer: Json) -> None:
    with pytest.raises(StepRefused, match=r"^unreadable: "):
        found(scale(to=3), workload(), answer)


def test_dry_run_must_set_the_replicas() -> None:
    KIND.rehearsed(scale(to=3), {"after": 3}, reply({"metadata": metadata(), "spec": {"replicas": 3}}))
    for answer in ({"metadata": metadata(), "spec": {"replicas": 2}}, {"metadata": metadata()}, {}):
        with pytest.raises(StepRefused, match=r"^(dry-run-differs|unreadable): "):
            KIND.rehearsed(scale(to=3), {"after": 3}, reply(answer))


def test_progress_of_scaling() -> None:
    full = {"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}
    assert progress(scale(to=3), workload(replicas=3, status=full)).state == "done"
    assert progress(scale(to=3), workload(replicas=3)).state == "working"
    assert progress(scale(to=3), workload(replicas=4, status=full)).state == "failed"
    assert progress(scale(by=1), workload(replicas=3, status=full)).state == "done"
    assert progress(scale(by=1), workload(replicas=11, status=full)).state == "failed"
    assert progress(scale(by=1), workload(replicas=1, status=full)).state == "failed"
