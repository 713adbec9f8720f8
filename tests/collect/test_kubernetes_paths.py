"""Paths of the Kubernetes API: typed, by names that Kubernetes accepts."""

from __future__ import annotations

import pytest

from aiops.collect.kubernetes_paths import path_of
from aiops.errors import UsageError
from aiops.respond.collectors import KubernetesLabel, KubernetesRead


@pytest.mark.parametrize(
    ("read", "path", "query"),
    [
        (
            KubernetesRead(read="object", namespace="shop", object="cart-1"),
            "api/v1/namespaces/shop/pods/cart-1",
            {},
        ),
        (KubernetesRead(read="object", resource="nodes", object="node-1.eu"), "api/v1/nodes/node-1.eu", {}),
        (
            KubernetesRead(read="object", resource="deployments", namespace="shop", object="cart"),
            "apis/apps/v1/namespaces/shop/deployments/cart",
            {},
        ),
        (
            KubernetesRead(read="list", namespace="shop", selector=[KubernetesLabel(label="app", value="cart")]),
            "api/v1/namespaces/shop/pods",
            {"limit": "50", "labelSelector": "app=cart"},
        ),
        (
            KubernetesRead(read="logs", namespace="shop", object="cart-1", container="app", previous=True, lines=9),
            "api/v1/namespaces/shop/pods/cart-1/log",
            {"tailLines": "9", "limitBytes": "65536", "timestamps": "true", "container": "app", "previous": "true"},
        ),
        (
            KubernetesRead(read="events", namespace="shop", object="cart-1"),
            "api/v1/namespaces/shop/events",
            {"limit": "100", "fieldSelector": "involvedObject.name=cart-1"},
        ),
        (KubernetesRead(read="events"), "api/v1/events", {"limit": "100"}),
    ],
)
def test_each_read_has_one_path(read: KubernetesRead, path: str, query: dict[str, str]) -> None:
    assert path_of(read) == (path.split("/"), query)


@pytest.mark.parametrize("name", ["", "..", "a/b", "a?b", "A", "a,metadata.name=b", "a..b", "-a", "a" * 300, "a\n"])
def test_what_kubernetes_names_nothing_is_refused(name: str) -> None:
    for read in (
        KubernetesRead(read="object", namespace="shop", object=name),
        KubernetesRead(read="logs", namespace=name, object="a"),
        KubernetesRead(read="events", object=name),
    ):
        with pytest.raises(UsageError, match="expected a name of Kubernetes"):
            path_of(read)


def test_values_of_labels_have_no_commas() -> None:
    wrong = KubernetesRead(read="list", namespace="a", selector=[KubernetesLabel(label="app", value="a,b=c")])
    with pytest.raises(UsageError, match="expected a value of a label"):
        path_of(wrong)


def test_only_pods_have_logs() -> None:
    with pytest.raises(UsageError, match="pods, which have logs"):
        path_of(KubernetesRead(read="logs", resource="jobs", namespace="a", object="b"))
