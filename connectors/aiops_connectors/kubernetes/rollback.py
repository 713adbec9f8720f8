"""Rollback of a Deployment to the pod template of its previous revision, as `kubectl rollout undo` chooses it.

The previous revision is the one with the second highest `deployment.kubernetes.io/revision` among the ReplicaSets that
the Deployment controls (k8s.io/kubectl, polymorphichelpers/rollback.go). A second rollback returns to where the first
one began: that is the rollback of this step, and a playbook writes it as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiops.step_kinds.exchange import Poll, Prepared, Progress, Reply, Taken
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
from aiops_connectors.kubernetes.patches import hole, prepared, put, same
from aiops_connectors.kubernetes.refusals import refuse_workload
from aiops_connectors.kubernetes.resources import JSON_PATCH, Api
from aiops_connectors.kubernetes.rollouts import rollout

REVISION = "deployment.kubernetes.io/revision"
# The labels of a Deployment are not known before it is read, so the namespace's ReplicaSets are read.
MAX_REPLICA_SETS = 500
_DIGITS = 18


def prepare(api: Api, subject: Subject, limit_s: float) -> Prepared:
    """Return all that a rollback may send."""
    url = api.workload("deployment", subject.namespace, subject.name)
    sets = api.group("apps", "v1", "namespaces", subject.namespace, "replicasets")
    body = [
        same("/metadata/uid", hole("uid")),
        same("/metadata/generation", hole("generation")),
        put("replace", "/spec/template", hole("template")),
    ]
    change = api.change("PATCH", url, body, JSON_PATCH)
    return prepared(
        change,
        reads=[api.get(url), api.get(sets, limit=MAX_REPLICA_SETS)],
        dry_run=api.change("PATCH", url, body, JSON_PATCH, dry=True),
        poll=Poll(api.get(url), limit_s=limit_s),
        taken={
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
    current, previous, replica_set = _revisions(subject, deployment, replies[1])
    template = pod_template(replica_set)
    if not template:
        raise Refused("unreadable", f"{subject}: revision {previous} has no pod template")
    if template == pod_template(deployment):
        raise Refused("nothing-to-change", f"{subject} has the pod template of revision {previous} already")
    metadata = deployment.metadata
    return {
        "uid": metadata.uid,
        "generation": metadata.generation,
        "current": current,
        "previous": previous,
        "template": template,
    }


def progress(subject: Subject, facts: Mapping[str, Any], reply: Reply) -> Progress:
    """Judge the Deployment after the rollback; raise `Refused` for an answer that is another object."""
    return rollout("deployment", read_object(reply, Workload, subject))


def _revisions(subject: Subject, deployment: Workload, reply: Reply) -> tuple[int, int, Workload]:
    """Return the highest revision, the one before it, and the ReplicaSet of the latter."""
    listing = read(reply, Listing, "replica sets")
    if listing.metadata.continue_:
        raise Refused("unreadable", f"the namespace has more than {MAX_REPLICA_SETS} ReplicaSets")
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


def revision(found_: Workload) -> int:
    """Return the revision of a Deployment or ReplicaSet; 0 without one."""
    text = found_.metadata.annotations.get(REVISION, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0
