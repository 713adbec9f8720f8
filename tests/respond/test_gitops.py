"""Labels and annotations of Argo CD and Flux, as objects have them and as kube-state-metrics writes them."""

from __future__ import annotations

import pytest

from aiops.respond.gitops import MAX_LABELS, manager_of


@pytest.mark.parametrize(
    ("labels", "manager"),
    [
        ({"argocd.argoproj.io/instance": "shop"}, "Argo CD"),
        ({"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:a/b"}, "Argo CD"),
        ({"annotation_argocd_argoproj_io_tracking_id": "x"}, "Argo CD"),
        ({"kustomize.toolkit.fluxcd.io/name": "shop"}, "Flux"),
        ({"helm.toolkit.fluxcd.io/namespace": "shop"}, "Flux"),
        ({"label_helm_toolkit_fluxcd_io_name": "shop"}, "Flux"),
        ({"app.kubernetes.io/managed-by": "ArgoCD"}, "Argo CD"),
        ({"app.kubernetes.io/managed-by": "Helm"}, None),
        ({"app.kubernetes.io/instance": "shop"}, None),
        ({"kustomize.toolkit.fluxcd.io/name": ""}, None),
        ({}, None),
    ],
)
def test_manager(labels: dict[str, str], manager: str | None) -> None:
    assert manager_of(labels) == manager


def test_labels_that_are_read_are_bounded() -> None:
    many = {f"label{number}": "x" for number in range(MAX_LABELS)}
    assert manager_of({**many, "kustomize.toolkit.fluxcd.io/name": "late"}) is None
