"""The step kind `kubernetes`: typed operations by requests to the API server, with a service account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiops.durations import seconds
from aiops.errors import UsageError
from aiops.step_kinds.exchange import Effect, Observed, Prepared, Progress, Reply, Source, StepRefused
from aiops.step_kinds.forms import Scalar
from aiops.step_kinds.kind import StepKind
from aiops.step_kinds.systems import System
from aiops_connectors.kubernetes import cordon, eviction, restart, rollback, scaling
from aiops_connectors.kubernetes.form import Kubernetes, KubernetesOptions, Subject, subject
from aiops_connectors.kubernetes.objects import Refused
from aiops_connectors.kubernetes.resources import Api

# A wrong restart, scaling or rollback touches all pods of one workload, a wrong cordon the capacity of a site.
# A pod of a ReplicaSet or DaemonSet is replaced by its equal, one of a StatefulSet may be the primary of a database.
EFFECTS = {
    "rollout-restart": Effect(reversible=True, blast="service", idempotent=True),
    "scale": Effect(reversible=True, blast="service", idempotent=True),
    "rollback": Effect(reversible=True, blast="service", idempotent=True),
    "cordon": Effect(reversible=True, blast="site", idempotent=True),
    "uncordon": Effect(reversible=True, blast="site", idempotent=True),
    "delete-pod ReplicaSet": Effect(reversible=True, blast="one", idempotent=True),
    "delete-pod DaemonSet": Effect(reversible=True, blast="one", idempotent=True),
    "delete-pod StatefulSet": Effect(reversible=False, blast="one", idempotent=True),
}
_FOUND: dict[str, Callable[[Subject, Mapping[str, Any], Sequence[Reply]], dict[str, Any]]] = {
    "rollout-restart": restart.found,
    "scale": scaling.found,
    "rollback": rollback.found,
    "cordon": cordon.found,
    "uncordon": cordon.found,
    "delete-pod": eviction.found,
}
_SEEN: dict[str, Callable[[Subject, Mapping[str, Any], Sequence[Reply]], Observed]] = {
    "rollout-restart": restart.seen,
    "scale": scaling.seen,
    "rollback": rollback.seen,
    "cordon": cordon.seen,
    "uncordon": cordon.seen,
    "delete-pod": eviction.seen,
}
_PROGRESS: dict[str, Callable[[Subject, Mapping[str, Any], Reply], Progress]] = {
    "rollout-restart": restart.progress,
    "scale": scaling.progress,
    "rollback": rollback.progress,
    "cordon": cordon.progress,
    "uncordon": cordon.progress,
    "delete-pod": eviction.progress,
}


class KubernetesKind(StepKind[Kubernetes]):
    """Restart, scale or roll back a workload, delete a pod of a controller, cordon a node."""

    kind = "kubernetes"
    form = Kubernetes
    system = "kubernetes"
    Options = KubernetesOptions
    places = frozenset({"step", "rollback"})
    observes = True
    examples = (
        {"kind": "kubernetes", "name": "restart the pods", "operation": "rollout-restart",
         "namespace": "{{ namespace }}", "object": "{{ workload }}"},
        {"kind": "kubernetes", "name": "two more replicas", "operation": "scale", "namespace": "shop", "object": "cart",
         "by": 2, "min": 2, "max": 10},
        {"kind": "kubernetes", "name": "back to the revision before", "operation": "rollback", "namespace": "shop",
         "object": "cart", "within": "15m"},
        {"kind": "kubernetes", "name": "keep new pods off", "operation": "cordon", "object": "{{ node }}"},
        {"kind": "kubernetes", "name": "delete the pod", "operation": "delete-pod", "namespace": "shop",
         "object": "{{ pod }}", "controller": "StatefulSet"},
    )  # fmt: skip

    def prepare(self, step: Kubernetes, values: Mapping[str, Scalar], system: System | None) -> Prepared:
        """See `StepKind.prepare`."""
        if system is None or not isinstance(system.options, KubernetesOptions):
            raise UsageError("expected a system of the kind kubernetes; it is not configured")
        target, options = subject(step, values), system.options
        if target.namespace in options.protected_namespaces:
            raise UsageError(f"protected-namespace: nothing is changed in {target.namespace}; got {target}")
        made = _prepared(Api(system), step, target)
        made.facts |= {
            "operation": step.operation,
            "resource": target.resource,
            "namespace": target.namespace,
            "object": target.name,
            "max_replicas": options.max_replicas,
            "max_cordoned_percent": options.max_cordoned_percent,
        }
        return made

    def effect(self, step: Kubernetes) -> Effect:
        """See `StepKind.effect`."""
        suffix = f" {_controller(step)}" if step.operation == "delete-pod" else ""
        return EFFECTS[step.operation + suffix]

    def found(self, prepared: Prepared, source: Source, replies: Sequence[Reply]) -> dict[str, Any]:
        """See `StepKind.found`."""
        if source != "read":
            return {}
        try:
            return _FOUND[str(prepared.facts["operation"])](_subject(prepared), prepared.facts, replies)
        except Refused as refused:
            raise StepRefused(str(refused)) from None

    def observed(self, prepared: Prepared, replies: Sequence[Reply]) -> Observed:
        """See `StepKind.observed`."""
        try:
            return _SEEN[str(prepared.facts["operation"])](_subject(prepared), prepared.facts, replies)
        except Refused as refused:
            raise StepRefused(str(refused)) from None

    def rehearsed(self, prepared: Prepared, values: Mapping[str, Any], reply: Reply) -> None:
        """See `StepKind.rehearsed`; an eviction is answered by a status without content."""
        operation, target = prepared.facts["operation"], _subject(prepared)
        try:
            if operation == "rollout-restart":
                restart.rehearsed(target, values, reply)
            elif operation == "scale":
                scaling.rehearsed(target, values, reply)
            elif operation == "rollback":
                rollback.rehearsed(target, values, reply)
            elif operation != "delete-pod":
                cordon.rehearsed(target, prepared.facts, reply)
        except Refused as refused:
            raise StepRefused(str(refused)) from None

    def progress(self, prepared: Prepared, reply: Reply) -> Progress:
        """See `StepKind.progress`; an answer that cannot be read may be another one the next time."""
        try:
            return _PROGRESS[str(prepared.facts["operation"])](_subject(prepared), prepared.facts, reply)
        except Refused as refused:
            return Progress("failed" if refused.code == "not-found" else "working", str(refused))


def _prepared(api: Api, step: Kubernetes, target: Subject) -> Prepared:
    limit_s = seconds(step.within)
    if step.operation == "rollout-restart":
        return restart.prepare(api, target, limit_s)
    if step.operation == "scale":
        return scaling.prepare(api, step, target, limit_s)
    if step.operation == "rollback":
        return rollback.prepare(api, target, limit_s)
    if step.operation == "delete-pod":
        return eviction.prepare(api, target, _controller(step), limit_s)
    return cordon.prepare(api, target, cordon=step.operation == "cordon")


def _controller(step: Kubernetes) -> str:
    return step.controller or "ReplicaSet"


def _subject(prepared: Prepared) -> Subject:
    facts = prepared.facts
    return Subject(str(facts["resource"]), str(facts["namespace"]), str(facts["object"]))
