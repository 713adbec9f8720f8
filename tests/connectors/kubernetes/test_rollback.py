"""A rollback returns to the previous revision of the Deployment's own ReplicaSets, and to nothing else."""

from __future__ import annotations

import pytest

from aiops.step_kinds.exchange import StepRefused
from aiops.step_kinds.taking import checked
from tests.connectors.kubernetes.answers import (
    EARLIER,
    KIND,
    TEMPLATE,
    Json,
    found,
    listing,
    numbered,
    prepared,
    progress,
    replica_set,
    reply,
    workload,
)


def deployment(revision: int = 3, *, template: Json = TEMPLATE, **more: object) -> Json:
    return workload(meta=numbered(revision) | more, template=template)


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
    assert values == {
        "selector": "pod-template-hash",
        "uid": "u-1",
        "generation": 4,
        "current": 3,
        "previous": 2,
        "template": EARLIER,
    }
    assert found(prepared("rollback"), deployment(10), listing(replica_set(10, TEMPLATE), *SETS[1:]))["previous"] == 2


def test_replica_sets_of_others_do_not_count() -> None:
    others = [replica_set(9, {"spec": {}}, uid="u-2"), replica_set(8, {"spec": {}}, controller=False)]
    unnumbered = [replica_set("", {}), replica_set("x", {}), replica_set("-7", {}), replica_set("9" * 30, {})]
    assert found(prepared("rollback"), deployment(), listing(*others, *SETS, *unnumbered))["previous"] == 2
    with pytest.raises(StepRefused, match=r"^no-earlier-revision: "):
        found(prepared("rollback"), deployment(1), listing(replica_set(1, TEMPLATE), replica_set("x", EARLIER)))


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
        # A new template that is not numbered yet: the second highest revision is not the one before it.
        ((deployment(generation=5), listing(*SETS)), "changed"),
        (
            (deployment(ownerReferences=[{"kind": "X", "name": "x", "uid": "1", "controller": True}]), listing(*SETS)),
            "owned",
        ),
    ],
)
def test_rollback_is_refused(answers: tuple[Json, Json], code: str) -> None:
    with pytest.raises(StepRefused, match=rf"^{code}: "):
        found(prepared("rollback"), *answers)


def test_replica_sets_are_selected_by_the_labels_of_the_deployment() -> None:
    made = prepared("rollback")
    assert made.reads[1].url.endswith("/namespaces/shop/replicasets?limit=100&labelSelector={selector}")

    def selector(labels: Json) -> str:
        values = found(made, workload(selector={"matchLabels": labels}))
        assert set(values) == {"selector"}
        return str(checked(made.taken, values)["selector"])

    assert selector({"tier": "web", "app.kubernetes.io/name": "cart"}) == "app.kubernetes.io/name=cart,tier=web"
    assert selector({}) == "pod-template-hash"
    assert selector({"a": "x&limit=1", "b": "ü", "c d": "x", "e": "5"}) == "e=5"
    assert len(selector({f"label-{number}": "x" * 60 for number in range(9)})) <= 253


def test_deployment_is_refused_before_its_replica_sets_are_read() -> None:
    with pytest.raises(StepRefused, match=r"^paused: "):
        found(prepared("rollback"), workload(paused=True))


def test_dry_run_must_restore_the_template_that_was_read() -> None:
    made, values = prepared("rollback"), {"template": EARLIER}
    KIND.rehearsed(made, values, reply(deployment(template=EARLIER)))
    injected = EARLIER | {"spec": {"containers": [{"name": "app", "image": "cart:1"}, {"name": "sidecar"}]}}
    for answer in (deployment(template=injected), deployment(), deployment(template=EARLIER, name="other"), {}):
        with pytest.raises(StepRefused, match=r"^(dry-run-differs|unreadable): "):
            KIND.rehearsed(made, values, reply(answer))


def test_progress_of_a_rollback_is_that_of_its_rollout() -> None:
    late = {"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}
    assert progress(prepared("rollback"), deployment()).state == "done"
    assert progress(prepared("rollback"), workload(status=late)).state == "failed"
    assert progress(prepared("rollback"), workload(status={"observedGeneration": 3})).state == "working"
