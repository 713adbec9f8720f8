"""Targets that are managed from a repository: Argo CD or Flux would undo what a run changes.

Sources: Argo CD, "Resource Tracking" (label `app.kubernetes.io/instance` alone proves nothing, as Helm sets it, too;
annotation `argocd.argoproj.io/tracking-id`, label `argocd.argoproj.io/instance`); Flux, "Kustomization" and
"HelmRelease" (labels `kustomize.toolkit.fluxcd.io/name`, `helm.toolkit.fluxcd.io/name`). kube-state-metrics writes a
label as `label_kustomize_toolkit_fluxcd_io_name`, and an annotation with the prefix `annotation_`.
"""

from __future__ import annotations

from collections.abc import Mapping

_MARKS = {
    "argocd_argoproj_io_": "Argo CD",
    "kustomize_toolkit_fluxcd_io_": "Flux",
    "helm_toolkit_fluxcd_io_": "Flux",
}
_MANAGERS = {"argocd": "Argo CD", "argo-cd": "Argo CD", "flux": "Flux", "fluxcd": "Flux"}
_MANAGED_BY = "app_kubernetes_io_managed_by"
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


def _plain(label: str) -> str:
    name = label.lower().replace(".", "_").replace("/", "_").replace("-", "_")
    return name.removeprefix("label_").removeprefix("annotation_")
