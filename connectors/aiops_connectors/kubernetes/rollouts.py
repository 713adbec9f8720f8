"""The state of a rollout, as `kubectl rollout status` reads it.

Source: k8s.io/kubectl, polymorphichelpers/rollout_status.go.
"""

from __future__ import annotations

from aiops.step_kinds.exchange import Progress
from aiops_connectors.kubernetes.objects import Workload

DEADLINE_EXCEEDED = "ProgressDeadlineExceeded"


def rollout(resource: str, found: Workload) -> Progress:
    """Return the state of a workload's rollout."""
    if found.metadata.deletion_timestamp is not None:
        return Progress("failed", "the object is being deleted")
    if found.status.observed_generation < max(found.metadata.generation, 1):
        return Progress("working", "the controller has not seen the change yet")
    return {"deployment": _deployment, "statefulset": _statefulset, "daemonset": _daemonset}[resource](found)


def _deployment(found: Workload) -> Progress:
    status, wanted = found.status, found.spec.replicas
    progressing = next((one for one in status.conditions if one.type == "Progressing"), None)
    if progressing is not None and progressing.reason == DEADLINE_EXCEEDED:
        return Progress("failed", "the rollout exceeded its progress deadline")
    if status.updated_replicas < wanted:
        return Progress("working", f"{status.updated_replicas} of {wanted} replicas are updated")
    if status.replicas > status.updated_replicas:
        return Progress("working", f"{status.replicas - status.updated_replicas} old replicas have not ended")
    if status.available_replicas < status.updated_replicas:
        return Progress("working", f"{status.available_replicas} of {status.updated_replicas} replicas are available")
    return Progress("done", f"{status.available_replicas} replicas are updated and available")


def _statefulset(found: Workload) -> Progress:
    status, wanted = found.status, found.spec.replicas
    if status.ready_replicas < wanted or status.replicas > wanted:
        return Progress("working", f"{status.ready_replicas} of {wanted} replicas are ready")
    partition = found.spec.update_strategy.rolling_update.get("partition", 0)
    if isinstance(partition, int) and partition > 0:
        if status.updated_replicas < wanted - partition:
            return Progress("working", f"{status.updated_replicas} of {wanted - partition} replicas are updated")
    elif status.update_revision != status.current_revision:
        return Progress("working", f"{status.updated_replicas} of {wanted} replicas are updated")
    return Progress("done", f"{status.ready_replicas} replicas are ready")


def _daemonset(found: Workload) -> Progress:
    status, wanted = found.status, found.status.desired_number_scheduled
    if status.updated_number_scheduled < wanted:
        return Progress("working", f"{status.updated_number_scheduled} of {wanted} pods are updated")
    if status.number_available < wanted:
        return Progress("working", f"{status.number_available} of {wanted} pods are available")
    return Progress("done", f"{status.number_available} pods are updated and available")
