"""Scaling of a Deployment or StatefulSet within the bounds of a playbook, by the `scale` subresource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import field

from aiops.step_kinds.exchange import Observed, Poll, Prepared, Progress, Reply, Taken
from aiops_connectors.kubernetes.form import Kubernetes, Subject
from aiops_connectors.kubernetes.objects import (
    COUNT,
    UID,
    Camel,
    Identified,
    Listing,
    Refused,
    Workload,
    converted,
    read,
    read_object,
)
from aiops_connectors.kubernetes.observing import observed, template_digest
from aiops_connectors.kubernetes.patches import hole, prepared, put, same
from aiops_connectors.kubernetes.refusals import refuse_workload
from aiops_connectors.kubernetes.resources import JSON_PATCH, Api
from aiops_connectors.kubernetes.rollouts import rollout

# A namespace with more autoscalers than this is not searched.
MAX_AUTOSCALERS = 200


class ScaleSpec(Camel):
    """The replicas that a workload is to have; the field is left out for none."""

    replicas: int = 0


class Scale(Identified):
    """The answer of the subresource `scale`."""

    spec: ScaleSpec = field(default_factory=ScaleSpec)


class Target(Camel):
    """The object that an autoscaler sets."""

    kind: str
    name: str


class AutoscalerSpec(Camel):
    """The part of an autoscaler that names its target."""

    scale_target_ref: Target


class Autoscaler(Camel):
    """A HorizontalPodAutoscaler."""

    spec: AutoscalerSpec


def prepare(api: Api, step: Kubernetes, subject: Subject, limit_s: float) -> Prepared:
    """Return all that scaling may send."""
    url = api.workload(subject.resource, subject.namespace, subject.name)
    scale = api.workload(subject.resource, subject.namespace, subject.name, "scale")
    hpa = api.group("autoscaling", "v2", "namespaces", subject.namespace, "horizontalpodautoscalers")
    body = _body(hole("before"), hole("after"))
    change = api.change("PATCH", scale, body, JSON_PATCH)
    difference = f"to {step.to}" if step.to is not None else f"by {step.by:+d}"
    return prepared(
        change,
        reads=[api.get(url), api.get(hpa, limit=MAX_AUTOSCALERS)],
        dry_run=api.change("PATCH", scale, body, JSON_PATCH, dry=True),
        poll=Poll(api.get(url), limit_s=limit_s),
        # Refused by the server if anybody has set another number since.
        undo=api.change("PATCH", scale, _body(hole("after"), hole("before")), JSON_PATCH),
        taken={
            "uid": Taken("read", f"the uid of the {subject.resource}", UID),
            "before": Taken("read", "the replicas that it has", COUNT),
            "after": Taken("read", f"the replicas that it gets: {difference}, from {step.min} to {step.max}", COUNT),
        },
        facts={"min": step.min or 1, "max": step.max or 1}
        | ({"to": step.to} if step.to is not None else {"by": step.by or 0}),
    )


def found(subject: Subject, facts: Mapping[str, Any], replies: Sequence[Reply]) -> dict[str, Any]:
    """Return the taken values; raise `Refused` for a workload that is not scaled."""
    workload = read_object(replies[0], Workload, subject)
    refuse_workload(subject, workload, facts["max_replicas"])
    _refuse_autoscaled(subject, replies[1])
    before, after = _replicas(workload, facts)
    if before == 0:
        raise Refused("outside-bounds", f"{subject} has no replicas: somebody has stopped it")
    if after == before:
        raise Refused("nothing-to-change", f"{subject} has {before} replicas already")
    if not facts["min"] <= after <= facts["max"]:
        bounds = f"{facts['min']} to {facts['max']}"
        raise Refused("outside-bounds", f"{subject} would have {after} replicas; allowed are {bounds}")
    if after > facts["max_replicas"]:
        most = facts["max_replicas"]
        raise Refused("too-many-replicas", f"{subject} would have {after} replicas; the system allows {most}")
    return {"uid": workload.metadata.uid, "before": before, "after": after}


def seen(subject: Subject, facts: Mapping[str, Any], replies: Sequence[Reply]) -> Observed:
    """Return the replicas before and after; `found` has accepted the same answers."""
    workload = read_object(replies[0], Workload, subject)
    before, after = _replicas(workload, facts)
    summary, digest = f"scales {subject} from {before} to {after} replicas", template_digest(workload)
    return observed(subject, workload.metadata, summary, replicas=before, wanted_replicas=after, pod_template=digest)


def _replicas(workload: Workload, facts: Mapping[str, Any]) -> tuple[int, int]:
    before = workload.spec.replicas
    return before, facts["to"] if "to" in facts else before + facts["by"]


def rehearsed(subject: Subject, values: Mapping[str, Any], reply: Reply) -> None:
    """Raise `Refused` unless the dry run sets the replicas that were worked out."""
    after = read_object(reply, Scale, subject).spec.replicas
    if after != values["after"]:
        raise Refused("dry-run-differs", f"{subject}: the API server would set {after} replicas")


def progress(subject: Subject, facts: Mapping[str, Any], reply: Reply) -> Progress:
    """Judge the workload after scaling; raise `Refused` for an answer that is another object."""
    workload = read_object(reply, Workload, subject)
    wanted = workload.spec.replicas
    if not facts["min"] <= wanted <= facts["max"] or ("to" in facts and wanted != facts["to"]):
        return Progress("failed", f"another change has set {wanted} replicas")
    return rollout(subject.resource, workload)


def _body(before: Any, after: Any) -> list[dict[str, Any]]:
    return [same("/metadata/uid", hole("uid")), same("/spec/replicas", before), put("replace", "/spec/replicas", after)]


def _refuse_autoscaled(subject: Subject, reply: Reply) -> None:
    """Raise `Refused` for a workload whose replicas an autoscaler sets: it would undo the change."""
    listing = read(reply, Listing, "autoscalers")
    if listing.metadata.continue_:
        raise Refused("unreadable", f"the namespace has more than {MAX_AUTOSCALERS} autoscalers")
    for item in listing.items or []:
        target = converted(item, Autoscaler, "autoscaler").spec.scale_target_ref
        if (target.kind.lower(), target.name) == (subject.resource, subject.name):
            raise Refused("autoscaled", f"{subject}: its replicas are set by an autoscaler")
