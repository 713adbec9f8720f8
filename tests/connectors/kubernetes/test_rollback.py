"""A rollback returns to the previous revision of the Deployment's own ReplicaSets, and to nothing else."""

from __future__ import annotations

import pytest

from aiops.step_kinds.exchange import StepRefused
from tests.connectors.kubernetes.answers import (
    EARLIER,
    TEMPLATE,
    Json,
    found,
    listing,
    numbered,
    prepared,
    progress,
    replica_set,
    workload,
)


def deployment(revision: int = 3, **more: object) -> Json:
    return workload(meta=numbered(revision) | more)


SETS = [replica_set(3, TEMPLATE), replica_set(1, {"spec": {"oldest": 1}}), replica_set(2, EARLIER)]


def test_plan_shows_what_a_rollback_sends() -> None:
    made = prepared("rollback")
    assert made.body == [
        {"op": "test", "path": "/metadata/uid", "value": {"$taken": "uid"}},
        {"op": "test", "path": "/metadata/generation", "value": {"$taken": "generation"}},
        {"op": "replace", "path": "/spec/template", "value": {"$taken": "template"}},
    ]
    # A template can hold secrets: the trail keeps its digest, and an undo could not use it.
    assert made.taken["template"].pattern == ""
    assert made.undo is None


def test_previous_revision_is_the_second_highest() -> None:
    values = found(prepared("rollback"), deployment(), listing(*SETS))
    assert values == {"uid": "u-1", "generation": 4, "current": 3, "previous": 2, "template": EARLIER}
    assert found(prepared("rollback"), deployment(10), listing(replica_set(10, TEMPLATE), *SETS[1:]))["previous"] == 2


def test_replica_sets_of_others_do_not_count() -> None:
    others = [replica_set(9, {"spec": {}}, uid="u-2"), replica_set(8, {"spec": {}}, controller=False)]
    unnumbered = [replica_set("", {}), replica_set("x", {}), replica_set("-7", {}), replica_set("9" * 30, {})]
    assert found(prepared("rollback"), deployment(), listing(*others, *SETS, *unnumbered))["previous"] == 2


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ((deployment(1), listing(replica_set(1, TEMPLATE))), "no-earlier-revision"),
        ((deployment(1), listing(replica_set(1, TEMPLATE), replica_set(2, EARLIER, uid="u-2"))), "no-earlier-revision"),
        ((deployment(), listing()), "no-earlier-revision"),
        ((deployment(4), listing(*SETS)), "changed"),
        ((deployment(), listing(*SETS, **{"continue": "x"})), "unreadable"),
        ((deployment(), listing({"metadata": 3})), "unreadable"),
        ((deployment(), listing(replica_set(3, TEMPLATE), replica_set(2, {}))), "unreadable"),
        ((deployment(), listing(replica_set(3, TEMPLATE), replica_set(2, TEMPLATE))), "nothing-to-change"),
        ((workload(meta=numbered(3), paused=True), listing(*SETS)), "paused"),
        ((workload(meta=numbered(3), replicas=21), listing(*SETS)), "too-many-replicas"),
        ((deployment(labels={"argocd.argoproj.io/instance": "x"}), listing(*SETS)), "gitops-managed"),
        (
            (deployment(ownerReferences=[{"kind": "X", "name": "x", "uid": "1", "controller": True}]), listing(*SETS)),
            "owned",
        ),
    ],
)
def test_rollback_is_refused(answers: tuple[Json, Json], code: str) -> None:
    with pytest.raises(StepRefused, match=rf"^{code}: "):
        found(prepared("rollback"), *answers)


def test_progress_of_a_rollback_is_that_of_its_rollout() -> None:
    late = {"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}
    assert progress(prepared("rollback"), deployment()).state == "done"
    assert progress(prepared("rollback"), workload(status=late)).state == "failed"
    assert progress(prepared("rollback"), workload(status={"observedGeneration": 3})).state == "working"
