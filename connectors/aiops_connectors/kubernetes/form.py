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
Resource = Literal["deployment", "statefulset", "daemonset"]
Controller = Literal["ReplicaSet", "StatefulSet", "DaemonSet"]
# More replicas than this are no answer to an alert, whatever a playbook declares.
MAX_BOUND = 1_000
_Count = Annotated[int, Meta(ge=1, le=MAX_BOUND)]
_Difference = Annotated[int, Meta(ge=-MAX_BOUND, le=MAX_BOUND)]
_Namespace = Annotated[str, Meta(min_length=1, max_length=63)]
_NODE_OPERATIONS = ("cordon", "uncordon")


class KubernetesOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a Kubernetes system."""

    protected_namespaces: Annotated[list[_Namespace], Meta(description="Namespaces in which nothing is changed.")] = (
        field(default_factory=lambda: ["kube-system", "kube-public", "kube-node-lease"])
    )
    max_replicas: Annotated[
        int, Meta(ge=1, le=10_000, description="Workloads with more replicas are not changed, or scaled beyond it.")
    ] = 20
    max_cordoned_percent: Annotated[
        float, Meta(ge=0, le=100, description="The largest share of nodes that may be unschedulable, in percent.")
    ] = 34.0


class Kubernetes(SystemForm, kw_only=True, tag="kubernetes"):
    """One typed operation on one object.

    `scale` needs `min` and `max`, and one of `to` and `by`. `controller` is the kind that a pod to delete must belong
    to. `within` is the time that a rollout may take. Nodes have no namespace.
    """

    operation: Annotated[Operation, Meta(description="The change.")]
    object: Annotated[Line, Meta(description="The name of the workload, pod or node; `{{ name }}` may be the whole.")]
    namespace: Annotated[Line | None, Meta(description="Its namespace; `{{ name }}` may be the whole.")] = None
    resource: Annotated[Resource | None, Meta(description="The kind of workload; without it a deployment.")] = None
    controller: Annotated[
        Controller | None, Meta(description="For `delete-pod`: the kind of its controller; without it a ReplicaSet.")
    ] = None
    to: Annotated[_Count | None, Meta(description="For `scale`: the replicas afterwards.")] = None
    by: Annotated[_Difference | None, Meta(description="For `scale`: the difference to the replicas before.")] = None
    min: Annotated[_Count | None, Meta(description="For `scale`: the fewest replicas afterwards.")] = None
    max: Annotated[_Count | None, Meta(description="For `scale`: the most replicas afterwards.")] = None
    within: Annotated[Duration, Meta(description="The time in which a rollout must be complete.")] = "10m"

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


def subject(step: Kubernetes, values: Mapping[str, Scalar]) -> Subject:
    """Return the object of a step; raise `UsageError` for a value that is no name."""
    name = object_name(fill(step.object, values), "object")
    if step.operation in _NODE_OPERATIONS:
        return Subject("node", "", name)
    if step.namespace is None:
        raise UsageError("namespace: expected a namespace; got none")
    namespace = namespace_name(fill(step.namespace, values), "namespace")
    return Subject("pod" if step.operation == "delete-pod" else step.resource or "deployment", namespace, name)


def _problem(step: Kubernetes) -> str:
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


def _resource_problem(step: Kubernetes) -> str:
    if step.resource is None:
        return ""
    if step.operation in (*_NODE_OPERATIONS, "delete-pod"):
        return "resource is for workloads"
    if step.operation == "rollback" and step.resource != "deployment":
        return f"expected a deployment; got a {step.resource}"
    return "a daemonset has no replicas to set" if (step.operation, step.resource) == ("scale", "daemonset") else ""


def _scaling_problem(step: Kubernetes) -> str:
    if step.min is None or step.max is None or step.min > step.max:
        return "expected bounds: min, and a max that is not below it"
    if (step.to is None) == (step.by is None) or step.by == 0:
        return "expected one of to (replicas) and by (a difference that is not 0)"
    if step.to is not None and not step.min <= step.to <= step.max:
        return f"to is {step.to}: outside {step.min} to {step.max}"
    return ""
