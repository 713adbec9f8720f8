"""Answers of an API server, made by hand, and the step kind's reading of them."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from aiops_connectors.kubernetes.form import Kubernetes, KubernetesOptions
from aiops_connectors.kubernetes.kind import KubernetesKind

from aiops.step_kinds.exchange import Observed, Prepared, Progress, Reply
from aiops.step_kinds.observing import bounded
from aiops.step_kinds.systems import System

Json = dict[str, Any]
KIND = KubernetesKind()
TEMPLATE: Json = {"metadata": {"labels": {"app": "cart"}}, "spec": {"containers": [{"name": "app", "image": "cart:2"}]}}
EARLIER: Json = {"metadata": {"labels": {"app": "cart"}}, "spec": {"containers": [{"name": "app", "image": "cart:1"}]}}


def prepared(operation: str, name: str = "cart", *, options: Json | None = None, **more: Any) -> Prepared:
    """What a step may send."""
    raw = {"kind": "kubernetes", "name": "it", "operation": operation, "object": name, "namespace": "shop"} | more
    step = msgspec.convert({key: value for key, value in raw.items() if value is not None}, Kubernetes)
    given = KubernetesOptions(**(options or {}))
    return KIND.prepare(step, {}, System("prod", "kubernetes", "https://api.example:6443", "sa", None, given))


def found(made: Prepared, *answers: Json) -> Json:
    """The values that are taken from the answers to the reads."""
    return KIND.found(made, "read", [reply(answer) for answer in answers])


def observed(made: Prepared, *answers: Json) -> Observed:
    """What the answers to the reads show."""
    return bounded(KIND.observed(made, [reply(answer) for answer in answers]))


def progress(made: Prepared, answer: Json | Reply) -> Progress:
    """The state after the change."""
    return KIND.progress(made, answer if isinstance(answer, Reply) else reply(answer))


def reply(value: Any, status: int = 200) -> Reply:
    """An answer with a JSON body."""
    return Reply(status, body=json.dumps(value).encode())


def metadata(name: str = "cart", **given: Any) -> Json:
    """The metadata of an object in the namespace `shop`."""
    return {"name": name, "namespace": "shop", "uid": "u-1", "resourceVersion": "70", "generation": 4} | given


def workload(*, meta: Json | None = None, status: Json | None = None, **spec: Any) -> Json:
    """A Deployment, StatefulSet or DaemonSet; its rollout is complete."""
    full = {"observedGeneration": 4, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2}
    given = {"replicas": 2, "template": TEMPLATE} | spec
    return {"metadata": metadata(**(meta or {})), "spec": given, "status": full | (status or {})}


def numbered(revision: int) -> Json:
    """The annotation of a revision."""
    return {"annotations": {"deployment.kubernetes.io/revision": str(revision)}}


def replica_set(revision: int | str, template: Json, *, uid: str = "u-1", controller: bool = True) -> Json:
    """A ReplicaSet of a Deployment."""
    owner = {"kind": "Deployment", "name": "cart", "uid": uid, "controller": controller}
    meta = metadata(f"cart-{revision}", annotations={"deployment.kubernetes.io/revision": str(revision)})
    return {"metadata": meta | {"ownerReferences": [owner]}, "spec": {"template": template}}


def listing(*items: Json, **meta: Any) -> Json:
    """A list."""
    return {"items": list(items), "metadata": meta}
