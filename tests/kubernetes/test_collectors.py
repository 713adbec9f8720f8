"""Reads of collectors: each fits the published schema and the shipped role, and an API server answers it."""

from __future__ import annotations

from typing import get_args
from urllib.parse import urlencode

import pytest

from aiops.collect.kubernetes_paths import path_of
from aiops.respond.collectors import KubernetesLabel, KubernetesRead, Resource
from aiops.testing.kubernetes_openapi import checked
from aiops.testing.kubernetes_server import resource_of
from tests.kubernetes.objects import workload
from tests.kubernetes.site import Site, rules_of_manifest

LABELS = [KubernetesLabel(label="app", value="cart")]
READS = [
    *(KubernetesRead(read="list", resource=one, namespace="shop", selector=LABELS) for one in get_args(Resource)),
    *(KubernetesRead(read="object", resource=one, namespace="shop", object="cart") for one in get_args(Resource)),
    KubernetesRead(read="logs", namespace="shop", object="cart", container="app", previous=True),
    KubernetesRead(read="events", namespace="shop", object="cart"),
    KubernetesRead(read="events", object="cart"),
]


def target_of(read: KubernetesRead) -> str:
    """The path and query of a read."""
    segments, query = path_of(read)
    return "/" + "/".join(segments) + (f"?{urlencode(query)}" if query else "")


@pytest.mark.parametrize("read", READS, ids=lambda read: f"{read.read} {read.resource}")
def test_read_fits_the_schema_and_the_role(read: KubernetesRead) -> None:
    sent = checked("GET", target_of(read), {"accept": "*/*"}, b"")
    group, resource, listed = resource_of(sent.template)
    assert (group, resource, "list" if listed else "get") in rules_of_manifest("aiops-read")


def test_all_reads_are_answered(site: Site) -> None:
    """A missing object or a pod that does not run is no fault of the request."""
    namespace = site.namespace()
    site.bind("aiops-read", namespace)
    site.create("deployments", workload("Deployment", namespace, "cart"))
    site.settle(namespace)
    headers = {"authorization": f"Bearer {site.token()}"}
    found = {}
    for read in READS:
        if read.resource == "nodes" or read.namespace is None:
            continue
        url = site.url + target_of(read).replace("/shop/", f"/{namespace}/")
        found[f"{read.read} {read.resource}"] = site.client.send("GET", url, headers=headers, timeout_s=60).status
    assert {name for name, status in found.items() if status not in (200, 404)} == set()
    assert found["object deployments"] == found["list pods"] == found["events pods"] == 200
