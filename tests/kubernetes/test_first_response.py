"""A first response as a session: a bad rollout, a whole daemon, a cluster in memory, and a pager.

The daemon refuses until the switch is released, the playbook is proven and the cause is certain; then it rolls the
workload back without a person, judges that the condition cleared, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.respond.audit import verify
from aiops.testing.kubernetes_cluster import Json
from aiops.testing.receiver import Receiver, receiving
from tests.daemon.test_run_stops import PAGER, said
from tests.daemon.test_runs import Site, running, until
from tests.daemon.test_runs_alone import AUTO, decisions, last, prove
from tests.kubernetes.objects import workload
from tests.kubernetes.site import MemorySite

NAMESPACE, DEPLOYMENT = "shop", "worker-1"
SYSTEM = """[respond.systems.kubernetes]
kind = "kubernetes"
url = "{url}"
secret = "cluster"
[respond.secrets.cluster]
use = "bearer"
hosts = ["127.0.0.1"]
file = "{file}"
"""
ROLLBACK = {"kind": "kubernetes", "operation": "rollback", "namespace": NAMESPACE, "object": "{{ host }}"}


@pytest.fixture
def pager() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, memory: MemorySite, pager: Receiver) -> Site:
    """A daemon's files: its playbook rolls back by the API of the cluster, and may do so alone."""
    with receiving() as free:
        port = free.port
    (tmp_path / "token").write_text(memory.token())
    step = {"name": "back to the revision before", "within": "1m", **ROLLBACK}
    verification = [{"kind": "alert-resolved", "within": "3s", "stableFor": "0s"}]
    found = Site(tmp_path, "https://ops.invalid", port, mode="auto", steps=[step], verify=verification)
    # What Kubernetes can undo is known by its kind of step; nobody vouches for it.
    auto = AUTO.replace('reversible = ["restart-worker"]\n', "")
    system = SYSTEM.format(url=memory.url, file=tmp_path / "token")
    text = found.path.read_text().replace('ceiling = "approve"', 'ceiling = "auto"')
    found.path.write_text(text.replace("[http]\n", f"{auto}{system}[http]\n", 1) + PAGER.format(url=pager.url))
    return found


def bad_rollout(memory: MemorySite) -> None:
    """Put a broken image on a workload."""

    def broken(one: Json) -> None:
        one["spec"]["template"]["spec"]["containers"][0]["image"] = "shop/app:broken"

    memory.create("deployments", workload("Deployment", NAMESPACE, DEPLOYMENT, "shop/app:1"))
    memory.settle(NAMESPACE)
    memory.change("deployments", NAMESPACE, DEPLOYMENT, broken)
    memory.settle(NAMESPACE)


def image(memory: MemorySite) -> str:
    """The image that the workload should run."""
    template = memory.get("deployments", NAMESPACE, DEPLOYMENT)["spec"]["template"]
    return str(template["spec"]["containers"][0]["image"])


def changes(memory: MemorySite) -> list[str]:
    """The requests that the cluster received which change something."""
    return [target for method, target in memory.server.sent if method != "GET" and "dryRun" not in target]


def test_daemon_rolls_a_bad_rollout_back_once_all_guards_hold(site: Site, memory: MemorySite, pager: Receiver) -> None:
    bad_rollout(memory)
    with running(site) as daemon:
        runs: Any = daemon.runs
        incident = site.incident()

        def refused(code: str) -> None:
            until(lambda: runs.decide() or decisions(site)[:1] == [code])

        refused("kill_switch")
        site.release()
        refused("unproven")
        prove(site, daemon)
        refused("confidence_uncalibrated")
        assert (changes(memory), image(memory)) == ([], "shop/app:broken")
        body = {"entity": DEPLOYMENT}
        assert site.client.post(f"/api/v1/incidents/{incident}/confirm-cause", json=body).status_code == 200
        until(lambda: runs.decide() or last(site)["incident"] == incident)

        def executed() -> bool:
            memory.settle(NAMESPACE)
            return bool(last(site)["state"] == "executed")

        until(executed)
        assert (last(site)["by"], image(memory)) == ("engine", "shop/app:1")
        site.alert("resolved")
        until(lambda: runs.settle() or last(site)["state"] == "verified")
        until(lambda: runs.notify() or "verified: the condition cleared" in said(pager))
        assert "was started without a person" in said(pager)
    [change] = changes(memory)
    assert change.startswith(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{DEPLOYMENT}?")
    assert verify(site.trail).problem is None
