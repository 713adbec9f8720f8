"""Targets that are managed from a repository: Argo CD or Flux would undo what a run changes.

Sources: Argo CD, "Resource Tracking" (label `app.kubernetes.io/instance` alone proves nothing, as Helm sets it, too;
annotation `argocd.argoproj.io/tracking-id`, label `argocd.argoproj.io/instance`); Flux, "Kustomization" and
"HelmRelease" (labels `kustomize.toolkit.fluxcd.io/name`, `helm.toolkit.fluxcd.io/name`). kube-state-metrics writes a
label as `label_kustomize_toolkit_fluxcd_io_name`, and an annotation with the prefix `annotation_`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_MARKS = {
    "argocd_argoproj_io_": "Argo CD",
    "kustomize_toolkit_fluxcd_io_": "Flux",
    "helm_toolkit_fluxcd_io_": "Flux",
}
_MANAGERS = {"argocd": "Argo CD", "argo-cd": "Argo CD", "flux": "Flux", "fluxcd": "Flux"}
_MANAGED_BY = "app_kubernetes_io_managed_by"
_SUSPENDED = {"Flux Kustomization": "kustomization", "Flux HelmRelease": "helmrelease"}
# A name of Kubernetes, with a namespace before it or not: nothing that a shell would read as more than a word.
_NAME = re.compile(r"(?!-)[a-z0-9.-]{1,253}(/[a-z0-9][a-z0-9.-]{0,252})?")
# An alert has a few dozen labels; an object rarely more.
MAX_LABELS = 500


def manager_of(labels: Mapping[str, str]) -> str | None:
    """Return what manages the thing that has these labels or annotations; None if nothing is known of it.

    >>> manager_of({"kustomize.toolkit.fluxcd.io/name": "shop"}), manager_of({"app.kubernetes.io/instance": "shop"})
    ('Flux', None)
    """
    for number, (label, value) in enumerate(labels.items()):
        if number == MAX_LABELS:
            return None
        name = _plain(label)
        if name == _MANAGED_BY and value.strip().lower() in _MANAGERS:
            return _MANAGERS[value.strip().lower()]
        found = next((manager for mark, manager in _MARKS.items() if name.startswith(mark)), None)
        if found is not None and value:
            return found
    return None


def advice(manager: str) -> str:
    """Return what happens to a change of an object with this manager, and what to do in its place.

    >>> advice("Argo CD application shop").partition(", or ")[2]
    'stop its sync first (argocd app set shop --sync-policy none)'
    """
    text = "it will undo the change; make it in the repository"
    kind, _, name = manager.rpartition(" ")
    if not _NAME.fullmatch(name):
        kind, name = manager, ""
    if kind == "Argo CD application":
        return f"{text}, or stop its sync first (argocd app set {name} --sync-policy none)"
    if kind in _SUSPENDED:
        namespace, _, name = name.rpartition("/")
        place = f" -n {namespace}" if namespace else ""
        return f"{text}, or suspend it first (flux suspend {_SUSPENDED[kind]} {name}{place})"
    return text


def _plain(label: str) -> str:
    name = label.lower().replace(".", "_").replace("/", "_").replace("-", "_")
    return name.removeprefix("label_").removeprefix("annotation_")
