"""Rollback of a Deployment to the pod template of its previous revision.

As in `kubectl rollout undo` (k8s.io/kubectl, polymorphichelpers/rollback.go), that is the one with the second highest
`deployment.kubernetes.io/revision` among the ReplicaSets that the Deployment controls. A second rollback returns to
where the first one began: that is the rollback of this step, and a playbook writes it as such.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aiops.step_kinds.exchange import Observed, Poll, Prepared, Progress, Reply, Taken
from aiops_connectors.kubernetes.form import Subject
from aiops_connectors.kubernetes.objects import (
    COUNT,
    UID,
    Listing,
    Refused,
    Workload,
    converted,
    pod_template,
    read,
    read_object,
)
from aiops_connectors.kubernetes.observing import at_revision, observed, revision, template_digest
from aiops_connectors.kubernetes.patches import hole, prepared, put, same
from aiops_connectors.kubernetes.refusals import refuse_workload
from aiops_connectors.kubernetes.resources import JSON_PATCH, Api
from aiops_connectors.kubernetes.rollouts import rollout

# A Deployment keeps 10 old ReplicaSets by default (`revisionHistoryLimit`), of a few kilobytes each.
MAX_REPLICA_SETS = 100
# What a hole of a URL can take.
_MAX_SELECTOR = 253
_SELECTOR = r"[A-Za-z0-9._/=,-]{1,253}"
_LABEL = re.compile(r"[A-Za-z0-9._/-]{1,253}=[A-Za-z0-9._-]{0,63}")
# Each ReplicaSet of a Deployment has it.
_ANY_REPLICA_SET = "pod-template-hash"


def prepare(api: Api, subject: Subject, limit_s: float) -> Prepared:
    """Return all that a rollback may send."""
    url = api.workload("deployment", subject.namespace, subject.name)
    replica_sets = api.get(
        api.group("apps", "v1", "namespaces", subject.namespace, "replicasets"), limit=MAX_REPLICA_SETS
    )
    replica_sets.url += "&labelSelector={selector}"
    body = [
        same("/metadata/uid", hole("uid")),
        same("/metadata/generation", hole("generation")),
        put("replace", "/spec/template", hole("template")),
    ]
    change = api.change("PATCH", url, body, JSON_PATCH)
    return prepared(
        change,
        reads=[api.get(url), replica_sets],
        dry_run=api.change("PATCH", url, body, JSON_PATCH, dry=True),
        poll=Poll(api.get(url), limit_s=limit_s),
        taken={
            "selector": Taken("read", "the labels of the deployment's pods", _SELECTOR),
            "uid": Taken("read", "the uid of the deployment", UID),
            "generation": Taken("read", "the generation of the deployment's specification", COUNT),
            "current": Taken("read", "the revision that is left", COUNT),
            "previous": Taken("read", "the revision that is restored", COUNT),
            # It can hold secrets in plain environment variables: without a pattern the trail has its digest only.
            "template": Taken("read", "the pod template of the previous revision"),
        },
    )


def found(subject: Subject, facts: Mapping[str, Any], replies: Sequence[Reply]) -> dict[str, Any]:
    """Return the taken values; raise `Refused` where there is nothing to return to."""
    deployment = read_object(replies[0], Workload, subject)
    refuse_workload(subject, deployment, facts["max_replicas"])
    if deployment.spec.paused:
        raise Refused("paused", f"{subject} is paused: resume it before a rollback")
    if deployment.status.observed_generation < deployment.metadata.generation:
        raise Refused("changed", f"{subject}: the controller has not seen its newest specification yet")
    selector = {"selector": selector_of(deployment)}
    if len(replies) == 1:
        return selector
    current, previous, replica_set = _revisions(subject, deployment, replies[1])
    template = pod_template(replica_set)
    if not template:
        raise Refused("unreadable", f"{subject}: revision {previous} has no pod template")
    if template == pod_template(deployment):
        raise Refused("nothing-to-change", f"{subject} has the pod template of revision {previous} already")
    metadata = deployment.metadata
    return selector | {
        "uid": metadata.uid,
        "generation": metadata.generation,
        "current": current,
        "previous": previous,
        "template": template,
    }


def seen(subject: Subject, facts: Mapping[str, Any], replies: Sequence[Reply]) -> Observed:
    """Return what is left and what is restored; `found` has accepted the same answers."""
    deployment = read_object(replies[0], Workload, subject)
    current, previous, replica_set = _revisions(subject, deployment, replies[1])
    return observed(
        subject,
        deployment.metadata,
        f"rolls back {subject} from {at_revision(deployment)} to {at_revision(replica_set)}",
        revision=current,
        pod_template=template_digest(deployment),
        restored_revision=previous,
        restored_pod_template=template_digest(replica_set),
    )


def rehearsed(subject: Subject, values: Mapping[str, Any], reply: Reply) -> None:
    """Raise `Refused` unless the dry run restores exactly the pod template that was read."""
    if pod_template(read_object(reply, Workload, subject)) != values["template"]:
        raise Refused("dry-run-differs", f"{subject}: the API server would store another pod template")


def progress(subject: Subject, facts: Mapping[str, Any], reply: Reply) -> Progress:
    """Judge the Deployment after the rollback; raise `Refused` for an answer that is another object."""
    return rollout("deployment", read_object(reply, Workload, subject))


def selector_of(deployment: Workload) -> str:
    """Return a selector of the Deployment's ReplicaSets; others that it finds have another owner."""
    selector = ""
    for name, value in sorted(deployment.spec.selector.match_labels.items()):
        longer = f"{selector},{name}={value}" if selector else f"{name}={value}"
        if _LABEL.fullmatch(f"{name}={value}") and len(longer) <= _MAX_SELECTOR:
            selector = longer
    return selector or _ANY_REPLICA_SET


def _revisions(subject: Subject, deployment: Workload, reply: Reply) -> tuple[int, int, Workload]:
    """Return the highest revision, the one before it, and the ReplicaSet of the latter."""
    listing = read(reply, Listing, "replica sets")
    if listing.metadata.continue_:
        raise Refused("unreadable", f"{subject} has more than {MAX_REPLICA_SETS} ReplicaSets")
    sets = [converted(item, Workload, "replica set") for item in listing.items or []]
    own = [one for one in sets if (by := one.metadata.controller) is not None and by.uid == deployment.metadata.uid]
    numbered = sorted(((revision(one), number) for number, one in enumerate(own)), reverse=True)
    known = [(at, own[number]) for at, number in numbered if at > 0]
    if len(known) < 2:
        raise Refused("no-earlier-revision", f"{subject} has no earlier revision")
    current = known[0][0]
    if revision(deployment) != current:
        raise Refused("changed", f"{subject}: the controller has not numbered its newest template yet")
    return current, *known[1]
