"""Objects that are never changed: protected, managed by another system, too large, or not as expected.

Argo CD marks what it manages by the annotation `argocd.argoproj.io/tracking-id` or a label that is configurable
(https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/), Flux by labels of its controllers
(https://fluxcd.io/flux/components/kustomize/kustomizations/, …/helm/helmreleases/). Both apply under a field manager of
their own, which also shows where the label is another one.
"""

from __future__ import annotations

from aiops_connectors.kubernetes.form import Subject
from aiops_connectors.kubernetes.objects import Metadata, Refused, Workload

# A label or an annotation with one of these names, and the system that sets it.
MARKS = {
    "argocd.argoproj.io/instance": "Argo CD",
    "argocd.argoproj.io/tracking-id": "Argo CD",
    "kustomize.toolkit.fluxcd.io/name": "Flux",
    "helm.toolkit.fluxcd.io/name": "Flux",
}
MANAGERS = {
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
}


def refuse_managed(subject: Subject, metadata: Metadata) -> None:
    """Raise `Refused` for an object that a GitOps system manages, or that is being deleted."""
    if metadata.deletion_timestamp is not None:
        raise Refused("changed", f"{subject} is being deleted")
    marks = [(f"mark {name}", MARKS[name]) for name in MARKS if name in metadata.labels or name in metadata.annotations]
    managers = [(f"field manager {one.manager}", MANAGERS[one.manager]) for one in metadata.managed_fields
                if one.manager in MANAGERS]  # fmt: skip
    for by, system in [*marks, *managers]:
        raise Refused("gitops-managed", f"{subject} is managed by {system} ({by}); change it there")


def refuse_workload(subject: Subject, found: Workload, max_replicas: int) -> None:
    """Raise `Refused` for a workload that is managed elsewhere, or has too many replicas."""
    refuse_managed(subject, found.metadata)
    if (owner := found.metadata.controller) is not None:
        raise Refused("owned", f"{subject} is controlled by {owner.kind} {owner.name[:253]}; change it there")
    count = max(found.spec.replicas if subject.resource != "daemonset" else 0, found.status.desired_number_scheduled)
    if count > max_replicas:
        raise Refused("too-many-replicas", f"{subject} has {count} replicas; at most {max_replicas} are changed")
