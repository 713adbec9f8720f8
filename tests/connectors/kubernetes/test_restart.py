"""A restart sets one annotation of the pod template, and is not made where it would replace no pod."""

from __future__ import annotations

import pytest

from aiops.step_kinds.exchange import StepRefused
from tests.connectors.kubernetes.answers import KIND, TEMPLATE, Json, found, prepared, progress, reply, workload

MARK = "aiops-after-generation-4"


def marked(mark: str) -> Json:
    annotations = {"kubectl.kubernetes.io/restartedAt": mark}
    return TEMPLATE | {"metadata": {"labels": {"app": "cart"}, "annotations": annotations}}


def test_plan_shows_what_a_restart_sends() -> None:
    made = prepared("rollout-restart")
    url = "https://api.example:6443/apis/apps/v1/namespaces/shop/deployments/cart"
    assert (made.method, made.url) == ("PATCH", f"{url}?fieldManager=aiops&fieldValidation=Strict")
    assert made.headers["content-type"] == "application/json-patch+json"
    annotations = "/spec/template/metadata/annotations"
    assert made.body == [
        {"op": "test", "path": "/metadata/uid", "value": {"$taken": "uid"}},
        {"op": "test", "path": "/metadata/generation", "value": {"$taken": "generation"}},
        {"op": "add", "path": annotations, "value": {"$taken": "annotations"}},
        {"op": "add", "path": f"{annotations}/kubectl.kubernetes.io~1restartedAt", "value": {"$taken": "mark"}},
    ]
    assert made.dry_run is not None
    assert made.dry_run.url == f"{made.url}&dryRun=All"
    assert (made.dry_run.body, made.dry_run.headers) == (made.body, made.headers)
    assert [read.url for read in made.reads] == [url]
    assert {made.secret, made.reads[0].secret, made.dry_run.secret} == {"sa"}
    assert {made.system, made.reads[0].system, made.dry_run.system} == {"prod"}


def test_values_of_a_restart_are_those_of_the_object() -> None:
    values = {"uid": "u-1", "generation": 4, "annotations": {}, "mark": MARK}
    assert found(prepared("rollout-restart"), workload()) == values
    annotated = {"kubectl.kubernetes.io/restartedAt": "x"}
    assert found(prepared("rollout-restart"), workload(template=marked("x"))) == values | {"annotations": annotated}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (workload(paused=True), "paused"),
        (workload(replicas=0), "nothing-to-change"),
        (workload(updateStrategy={"type": "OnDelete"}), "nothing-to-change"),
        (workload(replicas=21), "too-many-replicas"),
        (workload(meta={"uid": ""}), "unreadable"),
        (workload(meta={"name": "other"}), "unreadable"),
    ],
)
def test_restart_is_refused(answer: Json, code: str) -> None:
    with pytest.raises(StepRefused, match=rf"^{code}: "):
        found(prepared("rollout-restart"), answer)


def test_daemonset_without_replicas_is_restarted() -> None:
    made = prepared("rollout-restart", resource="daemonset")
    assert found(made, workload(replicas=0))["mark"] == MARK


def test_limit_of_replicas_is_the_operators() -> None:
    made = prepared("rollout-restart", options={"max_replicas": 1})
    with pytest.raises(StepRefused, match="too-many-replicas"):
        found(made, workload())


def test_dry_run_must_add_the_mark_alone() -> None:
    made, values = prepared("rollout-restart"), {"annotations": {}, "mark": MARK}
    KIND.rehearsed(made, values, reply(workload(template=marked(MARK))))
    for answer in (workload(), workload(template=marked("other")), workload(meta={"name": "other"}), {}):
        with pytest.raises(StepRefused, match=r"^(dry-run-differs|unreadable): "):
            KIND.rehearsed(made, values, reply(answer))


def test_progress_of_a_restart() -> None:
    made = prepared("rollout-restart")
    assert progress(made, workload(template=marked(MARK))).state == "done"
    assert progress(made, workload(template=marked(MARK), status={"updatedReplicas": 1})).state == "working"
    overwritten = [TEMPLATE, marked("2026-01-01T00:00:00Z"), {}, {"metadata": 3}, {"metadata": {"annotations": 3}}]
    for template in overwritten:
        assert progress(made, workload(template=template)).state == "failed"
