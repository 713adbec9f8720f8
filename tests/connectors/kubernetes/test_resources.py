"""Requests of one API server: below its URL, with its secret, and a dry run that is one."""

from __future__ import annotations

from aiops_connectors.kubernetes.form import KubernetesOptions
from aiops_connectors.kubernetes.resources import JSON_PATCH, Api

from aiops.step_kinds.systems import System

API = Api(System("prod", "kubernetes", "https://api.example/base/", "sa", None, KubernetesOptions()))


def test_urls_are_below_the_system() -> None:
    assert API.core("nodes", "a") == "https://api.example/base/api/v1/nodes/a"
    assert API.group("apps", "v1", "x") == "https://api.example/base/apis/apps/v1/x"
    url = "https://api.example/base/apis/apps/v1/namespaces/shop/daemonsets/agent/scale"
    assert API.workload("daemonset", "shop", "agent", "scale") == url


def test_reads_and_changes_name_the_system_and_its_secret() -> None:
    read = API.get("https://api.example/x", limit=5, fieldSelector="a=b")
    assert (read.method, read.url) == ("GET", "https://api.example/x?limit=5&fieldSelector=a%3Db")
    change = API.change("PATCH", "https://api.example/x", [1], JSON_PATCH)
    dry = API.change("PATCH", "https://api.example/x", [1], JSON_PATCH, dry=True)
    assert dry.url == f"{change.url}&dryRun=All"
    assert {one.system for one in (read, change, dry)} == {"prod"}
    assert {one.secret for one in (read, change, dry)} == {"sa"}
    assert change.headers == {"accept": "application/json", "content-type": JSON_PATCH}
    assert (read.statuses, change.statuses) == ([200], [200, 201])
