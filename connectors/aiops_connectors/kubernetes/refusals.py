"""Objects that are never changed: those of an operator, too large, or being deleted.

What a GitOps system manages is no refusal of the kind: a plan shows it, and the guard `gitops` decides.
"""

from __future__ import annotations

from aiops_connectors.kubernetes.form import Subject
from aiops_connectors.kubernetes.objects import Metadata, Refused, Workload


def refuse_deleted(subject: Subject, metadata: Metadata) -> None:
    """Raise `Refused` for an object that is being deleted."""
    if metadata.deletion_timestamp is not None:
        raise Refused("changed", f"{subject} is being deleted")


def refuse_workload(subject: Subject, found: Workload, max_replicas: int) -> None:
    """Raise `Refused` for a workload that an operator controls, or that has too many replicas."""
    refuse_deleted(subject, found.metadata)
    if (owner := found.metadata.controller) is not None:
        raise Refused("owned", f"{subject} is controlled by {owner.kind} {owner.name[:253]}; change it there")
    count = max(found.spec.replicas if subject.resource != "daemonset" else 0, found.status.desired_number_scheduled)
    if count > max_replicas:
        raise Refused("too-many-replicas", f"{subject} has {count} replicas; at most {max_replicas} are changed")
