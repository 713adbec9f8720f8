"""A step of kind `kubernetes` as a playbook writes it, and the options of a system of that kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from aiops.durations import Duration
from aiops.errors import UsageError
from aiops.step_kinds.forms import Line, Scalar, SystemForm
from aiops.step_kinds.placeholders import fill
from aiops_connectors.kubernetes.names import namespace_name, object_name

Operation = Literal["rollout-restart", "scale", "rollback", "cordon", "uncordon", "delete-pod"]
Controller = Literal["ReplicaSet", "StatefulSet", "DaemonSet"]
# More replicas than this are no answer to an alert, whatever a playbook declares.
MAX_BOUND = 1_000
_Count = Annotated[int, Meta(ge=1, le=MAX_BOUND)]
_NODE_OPERATIONS = ("cordon", "uncordon")


class KubernetesOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a Kubernetes system."""

    # Namespaces in which nothing is changed.
    protected_namespaces: list[Annotated[str, Meta(min_length=1, max_length=63)]] = field(
        default_factory=lambda: ["kube-system", "kube-public", "kube-node-lease"]
    )
    # Workloads with more replicas than this are neither restarted, nor rolled back, nor scaled beyond it.
    max_replicas: Annotated[int, Meta(ge=1, le=10_000)] = 20
    # No node is cordoned if more than this share of the nodes would then be unschedulable, in percent.
    max_cordoned_percent: Annotated[float, Meta(ge=0, le=100)] = 34.0


class KubernetesStep(SystemForm, kw_only=True, tag="kubernetes"):
    """One typed operation on one object.

    `scale` needs `min` and `max`, and one of `to` and `by`. `controller` is the kind that a pod to delete must belong
    to. `within` is the time that a rollout may take. Nodes have no namespace.
    """

    operation: Operation
    object: Line
    namespace: Line | None = None
    resource: Literal["deployment", "statefulset", "daemonset"] | None = None
    controller: Controller | None = None
    to: _Count | None = None
    by: Annotated[int, Meta(ge=-MAX_BOUND, le=MAX_BOUND)] | None = None
    min: _Count | None = None
    max: _Count | None = None
    within: Duration = "10m"

    def __post_init__(self) -> None:
        """Raise `ValueError` for fields that do not belong together."""
        if problem := _problem(self):
            raise ValueError(f"{self.operation}: {problem}")


class Subject(Struct, frozen=True):
    """The object of an operation, with checked names; `resource` is `deployment`, …, `pod` or `node`."""

    resource: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.resource} {self.namespace}/{self.name}" if self.namespace else f"{self.resource} {self.name}"


def subject(step: KubernetesStep, values: Mapping[str, Scalar]) -> Subject:
    """Return the object of a step; raise `UsageError` for a value that is no name."""
    name = object_name(fill(step.object, values), "object")
    if step.operation in _NODE_OPERATIONS:
        return Subject("node", "", name)
    if step.namespace is None:
        raise UsageError("namespace: expected a namespace; got none")
    namespace = namespace_name(fill(step.namespace, values), "namespace")
    return Subject("pod" if step.operation == "delete-pod" else step.resource or "deployment", namespace, name)


def _problem(step: KubernetesStep) -> str:
    scaling = (step.to, step.by, step.min, step.max)
    if (step.operation in _NODE_OPERATIONS) != (step.namespace is None):
        return "a node has no namespace" if step.namespace is not None else "expected a namespace"
    if step.operation != "delete-pod" and step.controller is not None:
        return "controller is for delete-pod"
    if step.operation != "scale":
        if scaling != (None, None, None, None):
            return "to, by, min and max are for scale"
    elif problem := _scaling_problem(step):
        return problem
    return _resource_problem(step)


def _resource_problem(step: KubernetesStep) -> str:
    if step.resource is None:
        return ""
    if step.operation in (*_NODE_OPERATIONS, "delete-pod"):
        return "resource is for workloads"
    if step.operation == "rollback" and step.resource != "deployment":
        return f"expected a deployment; got a {step.resource}"
    return "a daemonset has no replicas to set" if (step.operation, step.resource) == ("scale", "daemonset") else ""


def _scaling_problem(step: KubernetesStep) -> str:
    if step.min is None or step.max is None or step.min > step.max:
        return "expected bounds: min, and a max that is not below it"
    if (step.to is None) == (step.by is None) or step.by == 0:
        return "expected one of to (replicas) and by (a difference that is not 0)"
    if step.to is not None and not step.min <= step.to <= step.max:
        return f"to is {step.to}: outside {step.min} to {step.max}"
    return ""
