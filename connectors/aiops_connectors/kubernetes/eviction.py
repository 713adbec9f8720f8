"""Deletion of a pod that its controller replaces, by the Eviction API.

An eviction is a deletion that a PodDisruptionBudget can refuse (429), and needs no permission to delete pods:
https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/. Preconditions bind it to the pod that was read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiops.step_kinds.exchange import Observed, Poll, Prepared, Progress, Reply, Request, Taken
from aiops_connectors.kubernetes.form import Subject
from aiops_connectors.kubernetes.objects import UID, VERSION, Pod, Refused, read_object
from aiops_connectors.kubernetes.observing import observed
from aiops_connectors.kubernetes.patches import hole, prepared
from aiops_connectors.kubernetes.refusals import refuse_deleted
from aiops_connectors.kubernetes.resources import Api

# A kubelet marks the copy of a static pod in the API with this; deleting the copy restarts nothing.
MIRROR = "kubernetes.io/config.mirror"


def prepare(api: Api, subject: Subject, controller: str, limit_s: float) -> Prepared:
    """Return all that the deletion of a pod may send."""
    url = api.core("namespaces", subject.namespace, "pods", subject.name)
    change = _evict(api, subject, url)
    return prepared(
        change,
        reads=[api.get(url)],
        dry_run=_evict(api, subject, url, dry=True),
        poll=Poll(api.get(url, statuses=(200, 404)), limit_s=limit_s),
        taken={
            "uid": Taken("read", "the uid of the pod", UID),
            "version": Taken("read", "the resourceVersion of the pod", VERSION),
        },
        facts={"controller": controller},
    )


def found(subject: Subject, facts: Mapping[str, Any], replies: Sequence[Reply]) -> dict[str, Any]:
    """Return the taken values; raise `Refused` for a pod that nobody would replace."""
    metadata = read_object(replies[0], Pod, subject).metadata
    refuse_deleted(subject, metadata)
    owner, controller = metadata.controller, facts["controller"]
    if MIRROR in metadata.annotations or (owner is not None and owner.kind == "Node"):
        raise Refused("static-pod", f"{subject} is a static pod: only its node can restart it")
    if owner is None:
        raise Refused("no-controller", f"{subject} has no controller: nobody would replace it")
    if owner.kind != controller:
        raise Refused("no-controller", f"{subject} belongs to a {owner.kind[:63]}; expected a {controller}")
    return {"uid": metadata.uid, "version": metadata.resource_version}


def seen(subject: Subject, facts: Mapping[str, Any], replies: Sequence[Reply]) -> Observed:
    """Return the pod; `found` has accepted the same answer."""
    metadata = read_object(replies[0], Pod, subject).metadata
    owner = f", of {metadata.controller.kind} {metadata.controller.name}" if metadata.controller is not None else ""
    return observed(subject, metadata, f"deletes {subject}{owner[:200]}")


def progress(subject: Subject, facts: Mapping[str, Any], reply: Reply) -> Progress:
    """Judge the pod after its eviction; raise `Refused` for an answer that is another object."""
    if reply.error is None and reply.status == 404:
        return Progress("done", "the pod is deleted")
    if read_object(reply, Pod, subject).metadata.deletion_timestamp is not None:
        return Progress("working", "the pod is being deleted")
    # The eviction was accepted, which sets a time of deletion: this is the next pod of the same name.
    return Progress("done", "the pod is replaced")


def _evict(api: Api, subject: Subject, url: str, *, dry: bool = False) -> Request:
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": subject.name, "namespace": subject.namespace},
        "deleteOptions": {"preconditions": {"uid": hole("uid"), "resourceVersion": hole("version")}},
    }
    return api.change("POST", f"{url}/eviction", body, "application/json", dry=dry)
