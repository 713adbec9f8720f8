"""The step kind: its table of effects, what it never changes, and that it is total over answers."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest
from aiops_connectors.kubernetes.form import Kubernetes, KubernetesOptions, Operation
from aiops_connectors.kubernetes.kind import EFFECTS, KubernetesKind
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.step_kinds.exchange import Reply, StepRefused
from aiops.step_kinds.systems import System
from aiops.testing.steps import check_step_kind
from tests.connectors.kubernetes.answers import KIND, prepared, progress, reply, workload

STEPS: dict[str, dict[str, Any]] = {
    "rollout-restart": {},
    "scale": {"to": 3, "min": 1, "max": 5},
    "rollback": {},
    "cordon": {"namespace": None},
    "uncordon": {"namespace": None},
    "delete-pod": {},
}
KEYS = st.sampled_from(["metadata", "spec", "status", "items", "name", "uid"])
VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(KEYS, inner) | st.lists(inner, max_size=3),
    max_leaves=8,
)
BODIES = st.binary(max_size=40) | VALUES.map(msgspec.json.encode)


def test_each_operation_has_its_effect() -> None:
    assert set(STEPS) == set(get_args(Operation)) == {name.partition(" ")[0] for name in EFFECTS}
    blasts = {}
    for operation, more in STEPS.items():
        raw = {"kind": "kubernetes", "name": "x", "operation": operation, "object": "x", "namespace": "s"} | more
        step = msgspec.convert({key: value for key, value in raw.items() if value is not None}, Kubernetes)
        blasts[operation] = KIND.effect(step).blast
    assert blasts == {
        "rollout-restart": "service", "scale": "service", "rollback": "service", "cordon": "site", "uncordon": "site",
        "delete-pod": "one",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("controller", "reversible"), [("ReplicaSet", True), ("DaemonSet", True), ("StatefulSet", False)]
)
def test_pod_of_a_statefulset_is_not_reversible(controller: str, reversible: bool) -> None:
    raw = {"kind": "kubernetes", "name": "x", "operation": "delete-pod", "object": "x", "namespace": "s"}
    step = msgspec.convert(raw | {"controller": controller}, Kubernetes)
    assert KIND.effect(step).reversible is reversible
    assert KIND.effect(msgspec.convert(raw, Kubernetes)).reversible is True


@pytest.mark.parametrize("namespace", ["kube-system", "kube-public", "kube-node-lease"])
def test_protected_namespace_is_refused_before_anything_is_sent(namespace: str) -> None:
    for operation in ("rollout-restart", "rollback", "delete-pod"):
        with pytest.raises(UsageError, match=r"^protected-namespace: "):
            prepared(operation, namespace=namespace)
    assert prepared("rollback", namespace=namespace, options={"protected_namespaces": ["payments"]})
    with pytest.raises(UsageError, match=r"^protected-namespace: "):
        prepared("rollback", namespace="payments", options={"protected_namespaces": ["payments"]})


def test_system_of_another_kind_is_refused() -> None:
    step = msgspec.convert(KubernetesKind.examples[2], Kubernetes)
    for system in (None, System("x", "awx", "https://awx.example")):
        with pytest.raises(UsageError, match="expected a system of the kind kubernetes"):
            KIND.prepare(step, {}, system)


def test_plan_has_no_time_and_no_randomness() -> None:
    for operation, more in STEPS.items():
        assert prepared(operation, **more) == prepared(operation, **more)
        made = prepared(operation, **more)
        assert made.attempts == 1
        assert all(read.method == "GET" and read.body is None for read in made.reads)
        assert made.dry_run is not None
        assert made.dry_run.url.endswith("&dryRun=All")
        assert "dryRun" not in made.url


@pytest.mark.parametrize("operation", STEPS)
@settings(max_examples=30)
@given(body=BODIES, status=st.sampled_from([200, 201, 302, 404, 500]))
def test_any_answer_is_refused_or_judged(operation: str, body: bytes, status: int) -> None:
    made = prepared(operation, **STEPS[operation])
    answers = [Reply(status, body=body)] * 3
    with pytest.raises(StepRefused):
        KIND.found(made, "read", answers)
    assert KIND.found(made, "change", answers) == {}
    state = KIND.progress(made, answers[0]).state
    assert state == (
        "done" if operation == "delete-pod" and status == 404 else "failed" if status == 404 else "working"
    )


def test_kind_passes_its_kit() -> None:
    check_step_kind(KIND)


def test_unreadable_answer_is_working_and_a_lost_object_failed() -> None:
    made = prepared("rollback")
    assert progress(made, reply({}, 500)).state == "working"
    assert progress(made, reply(workload(meta={"name": "other"}))).state == "working"
    lost = progress(made, reply({}, 404))
    assert (lost.state, lost.why) == ("failed", "not-found: deployment shop/cart: status 404")


def test_options_have_limits() -> None:
    assert (KubernetesOptions().max_replicas, KubernetesOptions().max_cordoned_percent) == (20, 34.0)
