"""What the walked site holds: an incident of 200 members, a deploy that breaks a service, and hostile names."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

from aiops.model_state import swap_action
from aiops.testing.receiver import Reply
from tests.browser.conftest import Site
from tests.waiting import WITHIN_S, eventually

HOSTILE = (
    "<script>alert('x')</script><img src=x onerror=alert(1)>",
    # The longest name that is accepted; no line can end in it.
    "x" * 1_024,
    "\u202eevil\u2066 \u200f\u05e9\u05dc\u05d5\u05dd\x1b[31m",
    "\U0001f525\U0001f469\u200d\U0001f692" * 40,
    "javascript:alert(1)//\"'><b>bold</b>",
)
MEMBERS = 200
# Long enough between two faults that nobody would join them.
_APART_S = 1_800.0
DEPLOYED = "payments-api"


def records(now: float) -> list[dict[str, Any]]:
    """All records, in the order of their times; the last ones are of now."""
    start = now - _APART_S * (len(HOSTILE) + 2)
    found: list[dict[str, Any]] = []
    for number, name in enumerate(HOSTILE):
        found += _hostile(start + number * _APART_S, name, number)
    found += large(now - 2 * _APART_S)
    found += _deploy(now - 300.0)
    return found


def _hostile(at: float, name: str, number: int) -> Iterator[dict[str, Any]]:
    for turn in range(3):
        yield _alert(at + turn, name, name, name, "critical", f"hostile-{number}-{turn}") | {
            "message": (name * 200)[:10_000],
            "url": "javascript:alert(1)",
            "labels": {"env": "prod", "note": name[:500], "runbook_url": "javascript:alert(2)"},
        }


def large(at: float, service: str = "search-api") -> Iterator[dict[str, Any]]:
    """The alerts of one incident of many members: the pods of a service."""
    for number in range(MEMBERS):
        name = "HTTPErrorRateHigh" if number < MEMBERS // 2 else "LatencyHigh"
        severity = ("warning", "high", "critical")[number % 3]
        yield _alert(at + number * 0.5, name, f"{service}-{number % 100}-7f9c", service, severity, f"l-{number}")


def _deploy(at: float) -> Iterator[dict[str, Any]]:
    yield {
        "kind": "change",
        "ts": at - 24,
        "id": "deploy-1",
        "name": "deploy 8.14.6",
        "entity": DEPLOYED,
        "service": DEPLOYED,
    }
    for number in range(24):
        name, entity = (
            ("KubeDeploymentRolloutStuck", DEPLOYED),
            ("HTTPErrorRateHigh", "payments-gateway"),
            ("UpstreamRequestTimeout", "payments-sync"),
        )[number % 3]
        yield _alert(at + number * 2, name, entity, entity, "high", f"d-{number}")


def _alert(at: float, name: str, entity: str, service: str, severity: str, key: str) -> dict[str, Any]:
    return {
        "kind": "alert",
        "ts": at,
        "id": key,
        "name": name,
        "entity": entity,
        "service": service,
        "severity": severity,
        "source": "prometheus",
        "message": f"{name}: {entity} fails 12 % of its requests",
        "url": "https://tool.example/graph",
        "labels": {"env": "prod"},
    }


def sow(site: Site) -> dict[str, str]:
    """Send everything; return ids by what they are: the incidents large, deploy, hostile-0 …, and a replay."""
    post(site, records(time.time()))
    found: dict[str, str] = {}

    def all_there() -> bool:
        lines = site.get("/api/v1/incidents?limit=100&status=open,acknowledged,resolved")["incidents"]
        for line in lines:
            kind = _kind_of(site.get(f"/api/v1/incidents/{line['id']}")["incident"])
            if kind:
                found[kind] = line["id"]
        return len(found) == len(HOSTILE) + 2

    eventually(all_there, or_say=lambda: found)
    # The time of an action is now: sent before, it would bring the past to now. The trials see the incident of the run.
    tried(site)
    return found | {"replay": _replayed(site), "run": _ran(site) or "none"}


def tried(site: Site) -> None:
    """Begin a shadow and a canary of the ranker, which has learned nothing yet."""
    algorithm, text = site.daemon.model_state("causes", "serving")
    state = json.loads(text)
    for verb, args in (("shadow_model", {}), ("canary_model", {"services": f"{DEPLOYED},{HOSTILE[0][:90]}"})):
        # Two versions: one promotion would end both trials of the same one.
        state["history"]["incidents"] += 1
        action = swap_action("causes", algorithm, state, 0.0, verb)
        action.id, action.actor, action.args = verb, "ann", action.args | args
        answer = site.daemon.act(action, WITHIN_S)
        assert answer is not None
        assert answer.applied, answer.reason


def _ran(site: Site) -> str:
    """Run a playbook that fails; return the id of the run. Without tokens nobody may approve: there is none then."""
    incident = site.incident()
    site.release()
    plan = site.get(f"/api/v1/incidents/{incident}/plan?playbook=restart-worker")["plan"]
    wanted = {"playbook": "restart-worker", "plan": plan["id"]}
    site.target.replies = [Reply(503, b"<b>busy</b> " + b"x" * 300)]
    if site.client.post(f"/api/v1/incidents/{incident}/approve", json=wanted).status_code == 403:
        return ""
    eventually(lambda: [one for one in site.get("/api/v1/runs")["runs"] if one["state"] not in ("running", "executed")])
    return str(site.get("/api/v1/runs")["runs"][0]["id"])


def _replayed(site: Site) -> str:
    """Replay everything under another setting; return the id of the replay once it is done."""
    job = site.client.post("/api/v1/replays", json={"changes": {"correlate.sensitivity": "0.9"}}).json()
    path = f"/api/v1/replays/{job['id']}"
    eventually(lambda: site.get(path)["replay"]["state"] != "running")
    assert site.get(path)["replay"]["state"] == "done", site.get(path)
    return str(job["id"])


def post(site: Site, wanted: Sequence[dict[str, Any]]) -> None:
    """Send records as an archive."""
    body = "\n".join(json.dumps(one) for one in wanted)
    answer = site.client.post("/ingest/archive", content=body, headers={"content-type": "application/x-ndjson"})
    assert answer.status_code == 200, answer.text


def _kind_of(incident: dict[str, Any]) -> str:
    ids = {str(member["alert_id"]) for member in incident["members"]}
    for kind, mark in (("large", "l-"), ("deploy", "d-"), *((f"hostile-{n}", f"hostile-{n}-") for n in range(9))):
        if any(one.startswith(mark) for one in ids) and (kind != "large" or incident["stream_count"] >= MEMBERS / 2):
            return kind
    return ""
