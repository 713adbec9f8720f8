"""Objects of Argo CD and Flux are recognised by labels, annotations and field managers, and named."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.kubernetes.managers import manager_of
from aiops_connectors.kubernetes.objects import Manager, Metadata


def metadata(**given: Any) -> Metadata:
    return Metadata("cart", "u-1", "7", "shop", **given)


@pytest.mark.parametrize(
    ("given", "system"),
    [
        ({"labels": {"argocd.argoproj.io/instance": "shop"}}, "Argo CD application shop"),
        (
            {"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/cart"}},
            "Argo CD application shop",
        ),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "x; rm -rf /:a"}}, "Argo CD"),
        ({"labels": {"argocd.argoproj.io/instance": ""}}, "Argo CD"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}, "Flux Kustomization shop"),
        (
            {"labels": {"helm.toolkit.fluxcd.io/name": "shop", "helm.toolkit.fluxcd.io/namespace": "apps"}},
            "Flux HelmRelease apps/shop",
        ),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "--all"}}, "Flux"),
        ({"managed_fields": [Manager("kubectl"), Manager("argocd-controller")]}, "Argo CD"),
        ({"managed_fields": [Manager("argocd-application-controller")]}, "Argo CD"),
        ({"managed_fields": [Manager("kustomize-controller")]}, "Flux"),
        ({"managed_fields": [Manager("helm-controller")]}, "Flux"),
    ],
)
def test_object_of_gitops_has_its_manager(given: dict[str, Any], system: str) -> None:
    assert manager_of(metadata(**given)) == system


def test_object_of_people_has_none() -> None:
    labels = {"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "cart"}
    assert manager_of(metadata(labels=labels, managed_fields=[Manager("kubectl"), Manager("helm")])) == ""
