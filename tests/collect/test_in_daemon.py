"""A whole daemon that looks first: a real Prometheus, a log that hangs, an incident, and what people get of it."""

from __future__ import annotations

import json
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from aiops.app.build import build_daemon
from aiops.app.engine import build_engine
from aiops.config import Config, EndpointConfig, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.daemon.opening import Clocks
from aiops.engine.config import IncidentConfig, PlaybooksConfig
from aiops.ports import Received
from aiops.records import Alert, Incident
from aiops.respond.config import RespondConfig
from aiops.store import incidents
from aiops.store.findings import FindingsTable
from aiops.testing.receiver import Receiver, Reply, receiving
from aiops.topology import Edge, Node, Topology
from tests.waiting import eventually

PLAYBOOK = """
apiVersion: aiops/v1
kind: Playbook
name: restarts
version: 1.0.0
summary: Containers restart again and again
whenToUse: Pods of a service restart.
whenNotToUse: During a rollout.
match: {alert: ['alertname="Errors"']}
parameters:
  namespace: {from: [alert.labels.namespace], pattern: "[a-z0-9-]+"}
steps: [{kind: manual, name: look}]
diagnosis:
  - kind: collect
    name: restarts by pod
    prometheus:
      query: 'increase(restarts_total{$selector}[20m] @ AT) > 3'
      selector: [{label: namespace, value: "{{ namespace }}"}]
    lookFor:
      - {field: value, op: ">", value: 3, says: "{{ row.pod }} restarts", supports: row.pod, weight: strong}
  - kind: collect
    name: log
    loki: {query: '{$selector}', selector: [{label: namespace, value: "{{ namespace }}"}]}
"""
SHOP = {"namespace": "shop"}
SITE = Topology.build(
    [Node("web", "service"), Node("cart-1", "service"), Node("pay-1", "service")],
    [Edge("web", "cart-1", "calls"), Edge("web", "pay-1", "calls")],
)


def started(directory: Path, prometheus: str, at: int, loki: Receiver, hook: Receiver) -> Daemon:
    (directory / "playbooks").mkdir(exist_ok=True)
    (directory / "playbooks" / "restarts.yaml").write_text(PLAYBOOK.replace("AT", str(at)))
    systems = {
        "prometheus": {"kind": "prometheus", "url": prometheus},
        "loki": {"kind": "loki", "url": loki.url},
    }
    config = Config(
        state=StateConfig(str(directory / "state")),
        incidents=IncidentConfig(rank_after_s=0.2),
        playbooks=PlaybooksConfig("playbooks", {"playbooks": [str(directory / "playbooks")]}),
        respond=msgspec.convert({"systems": systems, "allow_private": True}, RespondConfig),
        endpoints=[EndpointConfig("hook", "webhook", {"url": hook.url, "allow_private": True})],
    )
    daemon = build_daemon(config, partial(build_engine, config, SITE), [], Clocks(), topology=SITE)
    daemon.start()
    return daemon


def only(daemon: Daemon) -> Incident | None:
    reader = daemon.store.database.reader
    found = incidents.listed(reader)
    stored = incidents.get(reader, found[0].id) if found else None
    return stored.incident if stored is not None else None


def news(hook: Receiver) -> list[tuple[str, Any]]:
    bodies = [json.loads(one.body) for one in list(hook.requests)]
    return [(body["type"], body["data"].get("news")) for body in bodies]


def test_it_pages_at_once_looks_and_reports_what_it_found(tmp_path: Path, prometheus: str, at: int) -> None:
    let_go = threading.Event()
    with receiving() as loki, receiving() as hook:
        loki.replies = [Reply(200, b"{}", wait=let_go)]
        daemon = started(tmp_path, prometheus, at, loki, hook)
        now = time.time()
        alerts = [
            Alert(ts=now - age, name="Errors", entity=name, service=name, severity="critical", labels=SHOP)
            for name, age in (("web", 3.0), ("pay-1", 2.0), ("cart-1", 1.0))
        ]
        assert daemon.inbox.put(Received([*alerts]), 60)
        eventually(lambda: loki.requests)
        eventually(lambda: hook.requests)
        assert "finding" not in str(news(hook)), "the page did not wait for what hangs"
        let_go.set()
        found = eventually(lambda: (one := only(daemon)) and one.findings and one)
        assert isinstance(found, Incident)
        assert [(one.entity, one.text) for one in found.findings] == [("cart-1", "cart-1 restarts")]
        assert "finding" in {one.name for cause in found.causes if cause.entity == "cart-1" for one in cause.evidence}
        reads = {one.collector: one for one in FindingsTable(daemon.store.database).of(found.id)}
        assert reads["restarts by pod"].answer.columns == ["namespace", "pod", "value"]
        assert (reads["log"].state, reads["log"].reason) == ("failed", "Loki answered: no data")
        eventually(lambda: "found: cart-1 restarts" in str(news(hook)), or_say=lambda: news(hook))
        assert [kind for kind, _ in news(hook)].count("aiops.incident.opened") == 1, "nobody is called for a finding"
        daemon.stop()
