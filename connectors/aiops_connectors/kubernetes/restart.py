"""Restart of a rollout: an annotation of the pod template makes the controller replace all pods.

It is the annotation of `kubectl rollout restart` (k8s.io/kubectl, polymorphichelpers/objectrestarter.go). Its value
there is the time; here it is the generation that was restarted, which needs no clock and is new with each restart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiops.step_kinds.exchange import Observed, Poll, Prepared, Progress, Reply, Taken
from aiops_connectors.kubernetes.form import Subject
from aiops_connectors.kubernetes.objects import COUNT, UID, Refused, Workload, read_object
from aiops_connectors.kubernetes.observing import at_revision, observed, template_digest
from aiops_connectors.kubernetes.patches import hole, prepared, put, same
from aiops_connectors.kubernetes.refusals import refuse_workload
from aiops_connectors.kubernetes.resources import JSON_PATCH, Api
from aiops_connectors.kubernetes.rollouts import rollout

RESTARTED = "kubectl.kubernetes.io/restartedAt"
_MARK = "aiops-after-generation-"
_ANNOTATIONS = "/spec/template/metadata/annotations"


def prepare(api: Api, subject: Subject, limit_s: float) -> Prepared:
    """Return all that a restart may send."""
    url = api.workload(subject.resource, subject.namespace, subject.name)
    # The first operation makes the place where a pod template has no annotations: a patch cannot add into nothing. A
    # merge patch could, but only with the resourceVersion as its condition, which each status update changes.
    body = [
        same("/metadata/uid", hole("uid")),
        same("/metadata/generation", hole("generation")),
        put("add", _ANNOTATIONS, hole("annotations")),
        put("add", f"{_ANNOTATIONS}/{RESTARTED.replace('/', '~1')}", hole("mark")),
    ]
    change = api.change("PATCH", url, body, JSON_PATCH)
    return prepared(
        change,
        reads=[api.get(url)],
        dry_run=api.change("PATCH", url, body, JSON_PATCH, dry=True),
        poll=Poll(api.get(url), limit_s=limit_s),
        taken={
            "uid": Taken("read", f"the uid of the {subject.resource}", UID),
            "generation": Taken("read", f"the generation of the {subject.resource}", COUNT),
            "annotations": Taken("read", "the annotations that the pod template has"),
            "mark": Taken("read", "a mark that is new with each restart", _MARK + COUNT),
        },
    )


def found(subject: Subject, facts: Mapping[str, Any], replies: Sequence[Reply]) -> dict[str, Any]:
    """Return the taken values; raise `Refused` for a workload that is not restarted."""
    workload = read_object(replies[0], Workload, subject)
    refuse_workload(subject, workload, facts["max_replicas"])
    if workload.spec.paused:
        raise Refused("paused", f"{subject} is paused: a restart would wait until it is resumed")
    if workload.spec.update_strategy.type == "OnDelete":
        raise Refused("nothing-to-change", f"{subject} is updated on delete only: a restart would replace no pod")
    if subject.resource != "daemonset" and workload.spec.replicas == 0:
        raise Refused("nothing-to-change", f"{subject} has no replicas")
    metadata = workload.metadata
    return {
        "uid": metadata.uid,
        "generation": metadata.generation,
        "annotations": annotations_of(workload),
        "mark": f"{_MARK}{metadata.generation}",
    }


def seen(subject: Subject, facts: Mapping[str, Any], replies: Sequence[Reply]) -> Observed:
    """Return what is restarted; `found` has accepted the same answer."""
    workload = read_object(replies[0], Workload, subject)
    summary = f"restarts the pods of {subject} at {at_revision(workload)}".removesuffix(" at ")
    return observed(subject, workload.metadata, summary, pod_template=template_digest(workload))


def rehearsed(subject: Subject, values: Mapping[str, Any], reply: Reply) -> None:
    """Raise `Refused` unless the dry run adds the mark and leaves the other annotations as they are."""
    if annotations_of(read_object(reply, Workload, subject)) != values["annotations"] | {RESTARTED: values["mark"]}:
        raise Refused("dry-run-differs", f"{subject}: the API server would store other annotations")


def progress(subject: Subject, facts: Mapping[str, Any], reply: Reply) -> Progress:
    """Judge the workload after the restart; raise `Refused` for an answer that is another object."""
    workload = read_object(reply, Workload, subject)
    if not str(annotations_of(workload).get(RESTARTED, "")).startswith(_MARK):
        return Progress("failed", "the restart was overwritten by another change")
    return rollout(subject.resource, workload)


def annotations_of(workload: Workload) -> dict[str, Any]:
    """Return the annotations of the pod template."""
    metadata = workload.spec.template.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return annotations if isinstance(annotations, dict) else {}
