"""Routes and inhibition in a real daemon over HTTP, a reload included."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest

from aiops.testing.daemon_process import DaemonProcess, spawn
from aiops.testing.receiver import Receiver, receiving
from tests.app.test_run import free_port, wait_listening
from tests.daemon.test_notifications import post
from tests.web.test_daemon import wait_for

RULES = """
[[inhibit_rules]]
name = "rack-down"
source_matchers = ['alertname="RackDown"']
target_matchers = ['alertname!="RackDown"']
equal = ["rack"]
"""
ROUTES = """
[route]
endpoints = ["chat"]
[[route.routes]]
matchers = ['team="db"']
endpoints = ["dba"]
"""


class Site(NamedTuple):
    """A running daemon with two endpoints."""

    client: httpx2.Client
    receiver: Receiver
    process: DaemonProcess
    config: Path

    def got(self, endpoint: str, name: str) -> list[str]:
        """The changes that an endpoint got of the incident that an alert opened."""
        found = [json.loads(one.body)["data"] for one in self.receiver.requests if one.path == f"/{endpoint}"]
        return [one["change"] for one in found if name in one["incident"]["title"]]

    def incident(self, name: str) -> dict[str, Any]:
        listed = self.client.get("/api/v1/incidents").json()["incidents"]
        found = next((one for one in listed if name in one["title"]), None)
        return {} if found is None else self.client.get(f"/api/v1/incidents/{found['id']}").json()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    port = free_port()
    with receiving() as receiver:
        config = tmp_path / "aiops.toml"
        config.write_text(text(tmp_path, port, receiver.url) + ROUTES + RULES)
        process = spawn(config, tmp_path / "state", tmp_path / "log")
        try:
            process.wait_ready()
            wait_listening(port)
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
                yield Site(client, receiver, process, config)
        finally:
            process.stop()


def text(directory: Path, port: int, url: str) -> str:
    endpoints = "".join(
        f'[[endpoints]]\nname = "{name}"\ntype = "webhook"\n'
        f'options = {{ url = "{url}/{name}", allow_private = true }}\n'
        for name in ("chat", "dba")
    )
    return (
        f'[state]\ndirectory = "{directory / "state"}"\n[http]\nport = {port}\n[correlate]\nsensitivity = 0.05\n'
        f"[incidents]\nresolve_after_s = 1\nlone_warning_s = 0\n{endpoints}"
    )


def alert(name: str, entity: str, **labels: str) -> dict[str, str]:
    return {"alertname": name, "instance": entity, "severity": "critical", **labels}


def end(client: httpx2.Client, labels: dict[str, str]) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    one = {"status": "resolved", "labels": labels, "annotations": {}, "startsAt": now, "endsAt": now}
    client.post("/ingest/alertmanager", json={"version": "4", "status": "resolved", "alerts": [one]})


def until(found: Callable[[], object]) -> None:
    wait_for(lambda: bool(found()))


def test_a_rack_that_is_down_holds_its_hosts_until_it_is_up(site: Site) -> None:
    post(site.client, alert("RackDown", "rack-7", rack="7"))
    until(lambda: site.got("chat", "RackDown") == ["opened"])
    post(site.client, alert("HostDown", "host-1", rack="7", team="db"))
    until(lambda: site.incident("HostDown").get("inhibited"))
    [one] = site.incident("HostDown")["inhibited"]
    assert (one["endpoint"], one["by"], one["rule"]) == ("dba", "RackDown on rack-7", "rack-down")
    assert site.got("dba", "HostDown") == []
    end(site.client, alert("RackDown", "rack-7", rack="7"))
    until(lambda: site.got("dba", "HostDown") == ["opened"])
    assert site.got("chat", "HostDown") == [], "the route leads to the team alone"
    assert site.incident("HostDown")["inhibited"] == []


def test_a_reload_without_the_rule_notifies_and_the_end_follows_the_opening(site: Site) -> None:
    post(site.client, alert("RackDown", "rack-8", rack="8"))
    post(site.client, alert("HostDown", "host-2", rack="8", team="db"))
    until(lambda: site.incident("HostDown").get("inhibited"))
    site.config.write_text(site.config.read_text().replace(RULES, ""))
    site.process.signal(signal.SIGHUP)
    until(lambda: site.got("dba", "HostDown") == ["opened"])
    site.config.write_text(site.config.read_text().replace(ROUTES, ROUTES.partition("[[route.routes]]")[0]))
    site.process.signal(signal.SIGHUP)
    until(lambda: (site.config.parent / "log").read_text().count("reloaded endpoints") == 2)
    end(site.client, alert("HostDown", "host-2", rack="8", team="db"))
    until(lambda: site.got("dba", "HostDown") == ["opened", "resolved"])
