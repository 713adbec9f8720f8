"""Only the pod that was read is deleted, and only if its controller replaces it."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.step_kinds.exchange import Reply, StepRefused
from tests.connectors.kubernetes.answers import KIND, Json, found, metadata, prepared, progress, reply


def evict(**more: Any) -> Any:
    return prepared("delete-pod", "cart-x", **more)


def pod(*owners: Json, **meta: Any) -> Json:
    return {"metadata": metadata("cart-x", ownerReferences=list(owners)) | meta, "spec": {}}


def owner(kind: str, *, controller: bool = True) -> Json:
    return {"kind": kind, "name": "cart", "uid": "u-0", "controller": controller}


def test_plan_shows_the_eviction() -> None:
    made = evict()
    assert made.method == "POST"
    assert made.url.partition("?")[0].endswith("/api/v1/namespaces/shop/pods/cart-x/eviction")
    assert made.body == {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "cart-x", "namespace": "shop"},
        "deleteOptions": {"preconditions": {"uid": {"$taken": "uid"}, "resourceVersion": {"$taken": "version"}}},
    }
    assert made.dry_run is not None
    assert (made.dry_run.url, made.dry_run.body) == (f"{made.url}&dryRun=All", made.body)
    assert made.undo is None


@pytest.mark.parametrize("kind", ["ReplicaSet", "StatefulSet", "DaemonSet"])
def test_pod_of_the_expected_controller_is_deleted(kind: str) -> None:
    made = evict(controller=kind)
    assert found(made, pod(owner("X", controller=False), owner(kind))) == {"uid": "u-1", "version": "70"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (pod(), "no-controller"),
        (pod(owner("ReplicaSet", controller=False)), "no-controller"),
        (pod(owner("StatefulSet")), "no-controller"),
        (pod(owner("Job")), "no-controller"),
        (pod(owner("Node")), "static-pod"),
        (pod(owner("ReplicaSet"), annotations={"kubernetes.io/config.mirror": "x"}), "static-pod"),
        (pod(owner("ReplicaSet"), deletionTimestamp="now"), "changed"),
        (pod(owner("ReplicaSet"), name="other"), "unreadable"),
    ],
)
def test_other_pods_are_refused(answer: Json, code: str) -> None:
    with pytest.raises(StepRefused, match=rf"^{code}: "):
        found(evict(), answer)


def test_dry_run_of_an_eviction_has_no_content() -> None:
    KIND.rehearsed(evict(), {}, reply({"kind": "Status", "status": "Success"}, 201))


def test_progress_of_a_deletion() -> None:
    assert progress(evict(), reply({}, 404)).state == "done"
    assert progress(evict(), pod(deletionTimestamp="now")).state == "working"
    assert progress(evict(), pod()).state == "done"
    assert progress(evict(), Reply(404, error="cut off")).state == "working"
