"""A step of kind `kubernetes` is strict: what does not belong together is an error when the playbook is read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from aiops_connectors.kubernetes.form import Kubernetes, KubernetesOptions, Subject, subject

from aiops.errors import UsageError

GOOD: dict[str, Any] = {"kind": "kubernetes", "name": "it", "object": "cart", "namespace": "shop"}
SCALE = GOOD | {"operation": "scale", "min": 2, "max": 10}


def step(raw: dict[str, Any]) -> Kubernetes:
    return msgspec.convert(raw, Kubernetes)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (GOOD | {"operation": "delete"}, "Invalid enum value"),
        (GOOD | {"operation": "rollback", "image": "x"}, "unknown field"),
        (GOOD | {"operation": "cordon"}, "cordon: a node has no namespace"),
        (
            {"kind": "kubernetes", "name": "it", "object": "x", "operation": "rollback"},
            "rollback: expected a namespace",
        ),
        (GOOD | {"operation": "rollback", "controller": "ReplicaSet"}, "controller is for delete-pod"),
        (GOOD | {"operation": "delete-pod", "controller": "Job"}, "Invalid enum value"),
        (GOOD | {"operation": "rollback", "to": 3}, "to, by, min and max are for scale"),
        (GOOD | {"operation": "delete-pod", "max": 3}, "to, by, min and max are for scale"),
        (GOOD | {"operation": "delete-pod", "resource": "deployment"}, "resource is for workloads"),
        (GOOD | {"operation": "rollback", "resource": "statefulset"}, "expected a deployment; got a statefulset"),
        (SCALE | {"to": 3, "resource": "daemonset"}, "a daemonset has no replicas to set"),
        (SCALE, "expected one of to"),
        (SCALE | {"to": 3, "by": 1}, "expected one of to"),
        (SCALE | {"by": 0}, "a difference that is not 0"),
        (SCALE | {"to": 11}, "to is 11: outside 2 to 10"),
        (SCALE | {"to": 1}, "to is 1: outside 2 to 10"),
        (SCALE | {"to": 2, "min": 0}, ">= 1"),
        (SCALE | {"to": 2, "min": 11}, "a max that is not below it"),
        (GOOD | {"operation": "scale", "to": 3, "min": 1}, "expected bounds"),
        (GOOD | {"operation": "rollback", "within": "soon"}, "regex"),
    ],
)
def test_step_that_does_not_fit_is_an_error(raw: dict[str, Any], problem: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=problem):
        step(raw)


def test_subject_has_checked_names() -> None:
    one = step(GOOD | {"operation": "rollback", "object": "{{ workload }}"})
    assert subject(one, {"workload": "cart"}) == Subject("deployment", "shop", "cart")
    assert str(subject(one, {"workload": "cart"})) == "deployment shop/cart"
    for hostile in ("../../../../api/v1/secrets", "a%2Fb", "a" * 300, ""):
        with pytest.raises(UsageError, match="object: expected the name"):
            subject(one, {"workload": hostile})
    with pytest.raises(UsageError, match="namespace: expected the name"):
        subject(step(GOOD | {"operation": "rollback", "namespace": "{{ ns }}"}), {"ns": "a/b"})


def test_subject_of_a_pod_and_of_a_node() -> None:
    assert subject(step(GOOD | {"operation": "delete-pod"}), {}) == Subject("pod", "shop", "cart")
    raw = {"kind": "kubernetes", "name": "it", "object": "node-1", "operation": "uncordon"}
    assert subject(step(raw), {}) == Subject("node", "", "node-1")
    assert str(subject(step(raw), {})) == "node node-1"


def test_options_protect_the_namespaces_of_the_cluster() -> None:
    assert KubernetesOptions().protected_namespaces == ["kube-system", "kube-public", "kube-node-lease"]
    for raw in ({"max_replicas": 0}, {"max_cordoned_percent": 101.0}, {"protected_namespaces": [""]}, {"other": 1}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(raw, KubernetesOptions)
