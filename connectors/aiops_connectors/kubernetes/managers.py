"""The GitOps system that manages an object, by labels, annotations and field managers.

Argo CD marks what it manages by the annotation `argocd.argoproj.io/tracking-id` (`APPLICATION:GROUP/KIND:NS/NAME`) or a
label that is configurable (https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/), Flux by labels of
its controllers (https://fluxcd.io/flux/components/kustomize/kustomizations/, …/helm/helmreleases/). Both apply under a
field manager of their own, which also shows where the label is another one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiops_connectors.kubernetes.objects import Metadata

TRACKING, INSTANCE = "argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"
# The prefix of the labels `NAME/name` and `NAME/namespace`, and what they name.
FLUX = {"kustomize.toolkit.fluxcd.io": "Flux Kustomization", "helm.toolkit.fluxcd.io": "Flux HelmRelease"}
MANAGERS = {
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
}
# Whoever may label an object writes these: a name that is none is left out, and the object is still managed.
_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,250}[a-z0-9])?")


def manager_of(metadata: Metadata) -> str:
    """Return what manages an object, by name if it has one: `Argo CD application x`; empty for nothing."""
    given = {**metadata.labels, **metadata.annotations}
    if TRACKING in given or INSTANCE in given:
        name = given.get(TRACKING, "").partition(":")[0] or given.get(INSTANCE, "")
        return f"Argo CD application {name}" if _NAME.fullmatch(name) else "Argo CD"
    for prefix, kind in FLUX.items():
        if f"{prefix}/name" in given:
            return _named(kind, given, prefix)
    return next((MANAGERS[one.manager] for one in metadata.managed_fields if one.manager in MANAGERS), "")


def _named(kind: str, given: Mapping[str, str], prefix: str) -> str:
    name, namespace = given.get(f"{prefix}/name", ""), given.get(f"{prefix}/namespace", "")
    if not _NAME.fullmatch(name):
        return "Flux"
    return f"{kind} {namespace}/{name}" if _NAME.fullmatch(namespace) else f"{kind} {name}"
