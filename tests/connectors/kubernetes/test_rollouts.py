"""A rollout is complete when `kubectl rollout status` says so: each condition by itself keeps it working."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.kubernetes.objects import Workload, converted
from aiops_connectors.kubernetes.rollouts import rollout

META = {"name": "cart", "namespace": "shop", "uid": "u-1", "resourceVersion": "7", "generation": 3}
FULL = {"observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
STATEFUL = FULL | {"currentRevision": "b", "updateRevision": "b"}
DAEMON = {"observedGeneration": 3, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 2}
LATE = {"conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}
OTHER = {"conditions": [{"type": "Available", "reason": "ProgressDeadlineExceeded"}, {"type": "Progressing"}]}


def workload(status: dict[str, Any], **spec: Any) -> Workload:
    return converted({"metadata": META, "spec": {"replicas": 2} | spec, "status": status}, Workload, "it")


@pytest.mark.parametrize(
    ("resource", "status", "state"),
    [
        ("deployment", FULL, "done"),
        ("deployment", FULL | OTHER, "done"),
        ("deployment", FULL | {"observedGeneration": 2}, "working"),
        ("deployment", FULL | {"updatedReplicas": 1}, "working"),
        ("deployment", FULL | {"replicas": 3}, "working"),
        # A rollout whose first new replica is up, and whose controller has not made the next one.
        ("deployment", FULL | {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}, "working"),
        ("deployment", FULL | {"availableReplicas": 1}, "working"),
        ("deployment", FULL | LATE, "failed"),
        ("deployment", FULL | LATE | {"observedGeneration": 2}, "working"),
        ("deployment", {}, "working"),
        ("statefulset", STATEFUL, "done"),
        ("statefulset", STATEFUL | {"observedGeneration": 2}, "working"),
        ("statefulset", STATEFUL | {"readyReplicas": 1}, "working"),
        ("statefulset", STATEFUL | {"replicas": 3}, "working"),
        ("statefulset", STATEFUL | {"currentRevision": "a"}, "working"),
        ("daemonset", DAEMON, "done"),
        ("daemonset", DAEMON | {"observedGeneration": 2}, "working"),
        ("daemonset", DAEMON | {"updatedNumberScheduled": 1}, "working"),
        ("daemonset", DAEMON | {"numberAvailable": 1}, "working"),
    ],
)
def test_state_of_a_rollout(resource: str, status: dict[str, Any], state: str) -> None:
    found = rollout(resource, workload(status))
    assert found.state == state
    assert found.why


@pytest.mark.parametrize(("updated", "state"), [(0, "working"), (1, "done")])
def test_partition_of_a_statefulset_is_complete_with_its_part(updated: int, state: str) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    status = STATEFUL | {"currentRevision": "a", "updatedReplicas": updated}
    assert rollout("statefulset", workload(status, updateStrategy=strategy)).state == state


def test_deleted_workload_has_failed() -> None:
    found = workload(FULL)
    found.metadata.deletion_timestamp = "2026-01-01T00:00:00Z"
    assert rollout("deployment", found).state == "failed"
