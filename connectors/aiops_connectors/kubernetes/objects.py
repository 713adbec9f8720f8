"""Answers of the API server, read strictly: another type or name, or no identity, is unreadable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from aiops.step_kinds.exchange import Reply
from aiops_connectors.kubernetes.form import Subject

UID = r"[A-Za-z0-9-]{1,64}"
VERSION = r"[0-9]{1,20}"
COUNT = r"[0-9]{1,9}"
_UID = re.compile(UID)
_HASH_LABEL = "pod-template-hash"


class Refused(Exception):
    """A change that is not made; the text begins with its reason code."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code


class Camel(Struct, rename="camel"):
    """A part of an object; unknown fields are ignored, as the API adds some with each release."""


class Owner(Camel):
    """An entry of `ownerReferences`."""

    kind: str
    name: str
    uid: str
    controller: bool | None = None


class Manager(Camel):
    """An entry of `managedFields`, without the fields."""

    manager: str = ""


class Metadata(Camel):
    """The identity of an object."""

    name: str
    uid: str
    resource_version: str
    namespace: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: list[Owner] = []
    managed_fields: list[Manager] = []
    deletion_timestamp: str | None = None

    @property
    def controller(self) -> Owner | None:
        """The controller among the owners."""
        return next((owner for owner in self.owner_references if owner.controller), None)


class Identified(Camel):
    """An object with its identity."""

    metadata: Metadata


class Strategy(Camel):
    """An update strategy."""

    type: str = "RollingUpdate"
    rolling_update: dict[str, Any] = {}


class Selector(Camel):
    """A label selector; expressions are not read."""

    match_labels: dict[str, str] = {}


class WorkloadSpec(Camel):
    """The specification of a Deployment, ReplicaSet, StatefulSet or DaemonSet."""

    replicas: int = 1
    paused: bool = False
    selector: Selector = field(default_factory=Selector)
    template: dict[str, Any] = {}
    update_strategy: Strategy = field(default_factory=Strategy)


class Condition(Camel):
    """A condition of a status."""

    type: str
    status: str = ""
    reason: str = ""


class WorkloadStatus(Camel):
    """The counts of a rollout; those that an object of the kind does not have are 0."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    desired_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0
    conditions: list[Condition] = []


class Workload(Identified):
    """A Deployment, ReplicaSet, StatefulSet or DaemonSet."""

    spec: WorkloadSpec = field(default_factory=WorkloadSpec)
    status: WorkloadStatus = field(default_factory=WorkloadStatus)


class Pod(Identified):
    """A pod."""


class NodeSpec(Camel):
    """The part of a node's specification that cordoning changes."""

    unschedulable: bool = False


class Node(Identified):
    """A node."""

    spec: NodeSpec = field(default_factory=NodeSpec)


class ListMetadata(Camel):
    """The end of a list: `continue_` is set if there is more."""

    continue_: str = field(default="", name="continue")
    remaining_item_count: int | None = None


class Listing(Camel):
    """A list of any objects."""

    metadata: ListMetadata = field(default_factory=ListMetadata)
    items: list[dict[str, Any]] | None = None


T = TypeVar("T", bound=Struct)
Object = TypeVar("Object", bound=Identified)


def read(reply: Reply, kind: type[T], what: str) -> T:
    """Return the content of an answer; raise `Refused` for one that is something else."""
    if reply.error is not None or reply.status != 200:
        code = "not-found" if reply.error is None and reply.status == 404 else "unreadable"
        raise Refused(code, f"{what}: {reply.error or f'status {reply.status}'}")
    return converted(reply.json(), kind, what)


def read_object(reply: Reply, kind: type[Object], subject: Subject) -> Object:
    """Return the object of an answer; raise `Refused` unless it is the one that was requested."""
    found = read(reply, kind, str(subject))
    same = (found.metadata.namespace, found.metadata.name) == (subject.namespace, subject.name)
    if not same or _UID.fullmatch(found.metadata.uid) is None:
        raise Refused("unreadable", f"{subject}: the answer is another object")
    return found


def converted(value: Any, kind: type[T], what: str) -> T:
    """Return a JSON value as a typed object; raise `Refused` if it does not fit."""
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise Refused("unreadable", f"{what}: {str(error)[:200]}") from None


def pod_template(found: Workload) -> dict[str, Any]:
    """Return the pod template without the label by which a Deployment finds its ReplicaSet's pods.

    Nulls are left out: the API server writes them in one release and not in another.
    """
    made: dict[str, Any] = _without_nulls(found.spec.template)
    labels = made.get("metadata", {}).get("labels") if isinstance(made.get("metadata"), Mapping) else None
    if isinstance(labels, dict):
        labels.pop(_HASH_LABEL, None)
    return made


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(part) for key, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value
