"""An API server that lies, stalls or redirects: nothing is changed on its word, and no token is sent elsewhere."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from aiops.step_kinds.exchange import StepRefused
from aiops.testing.kubernetes_server import Answer, OpenApiServer, serving
from tests.kubernetes.carrying_out import Carried
from tests.kubernetes.objects import workload
from tests.kubernetes.site import MemorySite

Script = Callable[[str, str], Answer | None]


@pytest.fixture
def shop(memory: MemorySite) -> str:
    """A namespace with one workload."""
    namespace = memory.namespace()
    memory.create("deployments", workload("Deployment", namespace, "cart"))
    memory.settle(namespace)
    return namespace


def restart(site: MemorySite, namespace: str) -> Carried:
    return Carried(site, {"operation": "rollout-restart", "namespace": namespace, "object": "cart"})


def changes(server: OpenApiServer) -> list[tuple[str, str]]:
    return [(method, target) for method, target in server.sent if method != "GET" and "dryRun" not in target]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"null", b"{}", b"[" * 100_000, b"\xff" * 100, b'{"metadata":{"name":"cart"}}', b"x" * 5_000_000],
    ids=["empty", "page", "null", "object", "deep", "no text", "no uid", "5 MB"],
)
def test_garbage_is_no_object(memory: MemorySite, shop: str, body: bytes) -> None:
    memory.server.script = lambda method, target: (200, {}, body)
    with pytest.raises(StepRefused, match="unreadable"):
        restart(memory, shop).run()
    assert changes(memory.server) == []


def test_list_longer_than_the_limit_is_cut_and_refused(memory: MemorySite, shop: str) -> None:
    whole = b'{"items": [' + b'{"metadata": {}},' * 300_000 + b"{}]}"
    assert len(whole) > 5_000_000
    memory.server.script = lambda method, target: (200, {}, whole) if "replicasets" in target else None
    with pytest.raises(StepRefused, match="unreadable"):
        Carried(memory, {"operation": "rollback", "namespace": shop, "object": "cart"}).run()
    assert changes(memory.server) == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("when", ["GET", "dryRun", "PATCH"])
def test_redirect_is_not_followed(memory: MemorySite, shop: str, status: int, when: str) -> None:
    with serving(OpenApiServer) as other:

        def script(method: str, target: str) -> Answer | None:
            place = "GET" if method == "GET" else "dryRun" if "dryRun" in target else "PATCH"
            return (status, {"location": f"{other.url}{target}"}, b"") if place == when else None

        memory.server.script = script
        with pytest.raises(StepRefused, match=str(status)):
            restart(memory, shop).run()
        assert other.sent == []
    assert "annotations" not in memory.get("deployments", shop, "cart")["spec"]["template"]["metadata"]


@pytest.mark.parametrize("status", [403, 409, 422, 429, 500, 503])
def test_dry_run_that_is_refused_prevents_the_change(memory: MemorySite, shop: str, status: int) -> None:
    memory.server.script = lambda method, target: (status, {}, b"{}") if "dryRun" in target else None
    with pytest.raises(StepRefused, match=f"dry run: {status}"):
        restart(memory, shop).run()
    assert changes(memory.server) == []


@pytest.mark.parametrize("status", [403, 409, 422, 429, 500, 503])
def test_change_that_is_refused_after_its_dry_run_is_sent_once(memory: MemorySite, shop: str, status: int) -> None:
    memory.server.script = lambda method, target: (
        (status, {}, b"{}") if method == "PATCH" and "dryRun" not in target else None
    )
    carried = restart(memory, shop)
    with pytest.raises(StepRefused, match=f"change: {status}"):
        carried.run()
    assert len(changes(memory.server)) == 1
    assert carried.progress().state == "failed"


def test_server_that_stalls_is_left(memory: MemorySite, shop: str) -> None:
    release = threading.Event()

    def stall(method: str, target: str) -> Answer | None:
        release.wait(10)
        return None

    memory.server.script = stall
    carried = restart(memory, shop)
    carried.timeout_s = 0.05
    try:
        with pytest.raises(StepRefused, match="no answer within"):
            carried.run()
    finally:
        release.set()
    assert changes(memory.server) == []


def test_another_object_is_not_mistaken_for_the_one_requested(memory: MemorySite, shop: str) -> None:
    memory.create("deployments", workload("Deployment", shop, "other"))
    other = memory.get("deployments", shop, "other")
    memory.server.script = lambda method, target: (200, {}, encoded(other)) if method == "GET" else None
    with pytest.raises(StepRefused, match=r"unreadable: .*another object"):
        restart(memory, shop).run()
    assert changes(memory.server) == []


@pytest.mark.parametrize(
    "lie",
    [{"uid": "../../x"}, {"uid": "a b"}, {"generation": -1}, {"generation": 10**12}, {"generation": "4"}],
)
def test_identity_that_is_none_is_not_sent_back(memory: MemorySite, shop: str, lie: dict[str, Any]) -> None:
    one = memory.get("deployments", shop, "cart")
    one["metadata"] |= lie
    memory.server.script = lambda method, target: (200, {}, encoded(one)) if method == "GET" else None
    with pytest.raises(Exception, match=r"unreadable|expected text like"):
        restart(memory, shop).run()
    assert changes(memory.server) == []


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()
