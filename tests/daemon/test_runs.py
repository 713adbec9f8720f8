"""Guarded runs in the daemon: its API, its command line and its page, with a real server as what a run calls."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from aiops.app.build import build
from aiops.cli.app import app
from aiops.config import load_config
from aiops.daemon.control import send_request
from aiops.daemon.daemon import Daemon
from aiops.daemon.trail_anchor import StoreTrailAnchor
from aiops.errors import AiopsError
from aiops.http.auth import new_token
from aiops.journal import read
from aiops.records import Action
from aiops.respond.audit import Trail, verify
from aiops.store.store import Store
from aiops.testing.daemon_process import Hatchery
from aiops.testing.receiver import Receiver, Reply, receiving
from tests.form_headers import form_headers
from tests.playbook_site import playbook, write_site

DEADLINE_S = 120.0
TOKENS = {"ann": new_token(), "bob": new_token()}


class Site:
    """A daemon's files and its API."""

    def __init__(self, directory: Path, url: str, port: int, tokens: bool = True, **changes: Any) -> None:
        self.directory, self.state, self.path = directory, directory / "state", directory / "aiops.toml"
        self.trail = self.state / "runs" / "audit.jsonl"
        given = TOKENS if tokens else {}
        write_site(directory, {**playbook(url), **changes}, port=port, tokens=given)
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE_S)
        self.client.headers["authorization"] = f"Bearer {TOKENS['ann']}"

    def alert(self, status: str = "firing") -> None:
        record = {"kind": "alert", "ts": time.time(), "name": "WorkerHangs", "entity": "worker-1", "status": status}
        record |= {"severity": "critical", "labels": {"env": "prod"}, "id": f"{status}-{time.time_ns()}"}
        body, kind = json.dumps(record), {"content-type": "application/x-ndjson"}
        assert self.client.post("/ingest/archive", content=body, headers=kind).status_code == 200

    def incident(self) -> str:
        """Alert, and wait for the incident with its playbook."""
        self.alert()
        until(lambda: self.get("/api/v1/incidents")["incidents"])
        name: str = self.get("/api/v1/incidents")["incidents"][0]["id"]
        until(lambda: self.get(f"/api/v1/incidents/{name}")["incident"].get("playbooks"))
        return name

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def release(self) -> None:
        asked = {"ask": "switch", "scope": "global", "engaged": False, "actor": "ann", "reason": "tested"}
        send_request(self.state, asked)

    def plan(self, incident: str) -> Any:
        return self.get(f"/api/v1/incidents/{incident}/plan")["plan"]

    def approve(self, incident: str, **headers: str) -> httpx2.Response:
        body = {"playbook": "restart-worker", "plan": self.plan(incident)["id"]}
        return self.client.post(f"/api/v1/incidents/{incident}/approve", json=body, headers=headers)

    def states(self) -> list[str]:
        return [run["state"] for run in self.get("/api/v1/runs")["runs"]]

    def kinds(self) -> list[str]:
        """The kinds of the trail's lines, without the starts and ends of daemons."""
        found = [json.loads(line)["kind"] for line in self.trail.read_text().splitlines()]
        return [kind for kind in found if kind not in ("begun", "closed")]


def until(reached: Callable[[], Any]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not reached():
        assert time.monotonic() < deadline, "too late"
        time.sleep(0.02)


@contextmanager
def running(site: Site) -> Iterator[Daemon]:
    daemon = build(load_config(site.path))
    daemon.start()
    try:
        until(lambda: answers(site))
        yield daemon
    finally:
        daemon.stop()
        site.client.close()


def answers(site: Site) -> bool:
    try:
        return site.client.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.fixture
def target() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, target: Receiver, free_port: int) -> Iterator[Site]:
    found = Site(tmp_path, target.url, free_port)
    with running(found):
        yield found


@pytest.fixture
def free_port() -> int:
    with receiving() as found:
        return found.port


def test_nothing_runs_while_the_kill_switch_is_engaged(site: Site, target: Receiver) -> None:
    incident = site.incident()
    plan = site.plan(incident)
    assert plan["sentence"] == "would run restart-worker on worker-1; refused because kill switch global is engaged"
    assert plan["requests"][0]["url"] == f"{target.url}/worker-1/restart"
    before = site.trail.read_bytes()
    refused = site.approve(incident)
    assert (refused.status_code, "kill switch" in refused.json()["error"]) == (409, True)
    assert site.get("/api/v1/switches")["switches"] == {"global": True}
    assert (target.requests, site.states()) == ([], [])
    # A refusal is in the audit trail; the dry run before it is not.
    assert site.trail.read_bytes().startswith(before)
    assert site.kinds() == ["switch", "refused"]


def test_planned_approved_and_executed_once(site: Site, target: Receiver) -> None:
    incident = site.incident()
    site.release()
    refusing = [check["guard"] for check in site.plan(incident)["checks"] if check["state"] == "refused"]
    assert refusing == ["approval"]
    done = site.approve(incident)
    assert (done.status_code, done.json()["started"]) == (200, True), done.text
    until(lambda: site.states() == ["executed"])
    [request] = target.requests
    assert (request.method, request.path, request.body) == ("POST", "/worker-1/restart", b'{"by":"aiops"}')
    assert len(request.headers["idempotency-key"]) == 64
    assert site.kinds() == ["switch", "switch", "approval", "run", "intent", "outcome", "ended"]
    assert verify(site.trail).problem is None
    again = site.approve(incident)
    assert again.status_code == 409
    assert len(target.requests) == 1


def test_who_may_approve(site: Site, target: Receiver) -> None:
    incident = site.incident()
    site.release()
    other = site.approve(incident, authorization=f"Bearer {TOKENS['bob']}")
    assert (other.status_code, "bob may not approve" in other.json()["error"]) == (409, True)
    body = {"playbook": "restart-worker", "plan": "another"}
    stale = site.client.post(f"/api/v1/incidents/{incident}/approve", json=body)
    assert (stale.status_code, "look at it again" in stale.json()["error"]) == (409, True)
    assert site.client.get("/api/v1/incidents/none/plan").status_code == 404
    assert target.requests == []


def test_whoever_writes_stops_and_only_approvers_release(site: Site, target: Receiver) -> None:
    stranger = {"authorization": f"Bearer {TOKENS['bob']}"}
    for scope in ("team:platform", "playbook:restart-worker"):
        moved: dict[str, Any] = {"scope": scope, "engaged": True}
        assert site.client.post("/api/v1/switches", json=moved, headers=stranger).status_code == 200
        moved = {"scope": scope, "engaged": False, "reason": "it is fine"}
        refused = site.client.post("/api/v1/switches", json=moved, headers=stranger)
        assert (refused.status_code, f"bob may not release {scope}" in refused.json()["error"]) == (409, True)
        signed, form = {**form_headers(site.client), **stranger}, {**moved, "engaged": "no"}
        assert site.client.post("/switches", data=form, headers=signed).status_code == 409
        # Nobody acts in another's name.
        assert site.client.post("/api/v1/switches", json=moved | {"actor": "ann"}, headers=stranger).status_code == 400
        assert site.get("/api/v1/switches")["switches"][scope] is True
        shown = next(one for one in site.get("/api/v1/health")["health"]["runs"]["stopped"] if one["scope"] == scope)
        assert (shown["actor"], shown["reason"]) == ("bob", "no reason given")
        assert site.client.post("/api/v1/switches", json=moved).status_code == 200
        assert site.get("/api/v1/switches")["switches"][scope] is False


def test_nobody_approves_without_a_token(tmp_path: Path, target: Receiver, free_port: int) -> None:
    site = Site(tmp_path, target.url, free_port, tokens=False)
    with running(site):
        incident = site.incident()
        moved = {"scope": "global", "engaged": False, "reason": "tested"}
        assert site.client.post("/api/v1/switches", json=moved).status_code == 403
        site.release()
        assert site.approve(incident).status_code == 403
        assert site.client.post("/api/v1/switches", json={**moved, "engaged": True}).status_code == 200
        assert site.get("/api/v1/switches")["switches"] == {"global": True}
        wrong = {"scope": "playbook:none", "engaged": True}
        assert site.client.post("/api/v1/switches", json=wrong).status_code == 409
    assert target.requests == []


@pytest.mark.parametrize(("ends", "state", "outcome"), [(True, "verified", "resolved"), (False, "failed", "useless")])
def test_whether_it_helped(
    tmp_path: Path, target: Receiver, free_port: int, ends: bool, state: str, outcome: str
) -> None:
    site = Site(tmp_path, target.url, free_port)
    with running(site) as daemon:
        incident = site.incident()
        site.release()
        site.approve(incident)
        until(lambda: site.states() == ["executed"])
        if ends:
            site.alert("resolved")
        runs = daemon.runs
        assert runs is not None

        def settled() -> bool:
            runs.settle()
            return site.states() == [state]

        until(settled)
    said = [one for one in read(site.state / "journal") if isinstance(one, Action)]
    assert [(one.verb, one.actor, one.args["outcome"]) for one in said] == [("confirm_playbook", "aiops", outcome)]


def test_silence_on_the_cause_and_the_end_of_the_incident_refuse(site: Site, target: Receiver) -> None:
    incident = site.incident()
    site.release()
    matchers = [{"label": "entity", "op": "=", "value": "worker-1"}]
    silence = {"id": "window", "matchers": matchers, "until": time.time() + 600}
    assert site.client.post("/api/v1/silences", json=silence).status_code == 201
    assert "silence window covers WorkerHangs on worker-1" in site.plan(incident)["sentence"]
    assert site.approve(incident).status_code == 409
    assert site.client.post(f"/api/v1/incidents/{incident}/resolve", json={}).status_code == 200
    over = site.client.get(f"/api/v1/incidents/{incident}/plan")
    assert (over.status_code, "has not ended" in over.json()["error"]) == (409, True)
    assert target.requests == []


def test_the_page_shows_the_dry_run_and_takes_the_approval(site: Site, target: Receiver) -> None:
    incident = site.incident()
    page = site.client.get(f"/incidents/{incident}").text
    assert "Dry run: 1 request, nothing was sent" in page
    assert "kill switch global is engaged" in page
    site.release()
    form = {"playbook": "restart-worker", "plan": site.plan(incident)["id"]}
    done = site.client.post(f"/incidents/{incident}/approve", data=form, headers=form_headers(site.client))
    assert done.status_code == 303, done.text
    until(lambda: site.states() == ["executed"])
    assert len(target.requests) == 1


def test_the_command_line(site: Site) -> None:
    incident = site.incident()

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, [*words, "--state", str(site.state)], env={"COLUMNS": "200"})
        assert done.exit_code == 0, done.output
        return done.output

    assert "refused because kill switch global is engaged" in run("playbooks", "plan", incident)
    assert "Dry run of restart-worker" in run("incidents", "show", incident)
    assert "kill switch global: off" in run("playbooks", "switch", "off", "--note", "a drill")
    planned = json.loads(run("playbooks", "plan", incident, "--json"))
    assert [check["guard"] for check in planned["checks"] if check["state"] == "refused"] == ["approval"]
    site.approve(incident)
    until(lambda: site.states() == ["executed"])
    assert "executed" in run("playbooks", "runs")
    assert "kill switch team:platform: on" in run("playbooks", "switch", "on", "--scope", "team:platform")
    assert "kill switch team:platform is engaged" in run("playbooks", "plan", incident)
    wrong = CliRunner().invoke(app, ["playbooks", "switch", "perhaps", "--state", str(site.state)])
    assert wrong.exit_code != 0


def test_a_changed_audit_trail_stops_runs_and_nothing_else(tmp_path: Path, target: Receiver, free_port: int) -> None:
    site = Site(tmp_path, target.url, free_port)
    site.trail.parent.mkdir(parents=True)
    site.trail.write_text('{"seq":0,"at":1.0,"kind":"switch","data":{},"prev":"","hash":"x"}\n')
    with running(site) as daemon:
        incident = site.incident()
        assert daemon.runs is None
        assert site.client.get(f"/api/v1/incidents/{incident}/plan").status_code == 409
        assert any("continue the chain" in text for text in daemon.health()["warnings"])
        assert "aiops_audit_trail_ok 0" in daemon.metrics_text()
        with pytest.raises(AiopsError, match="nothing can be run"):
            send_request(site.state, {"ask": "runs"})
        # The daemon has no hold of it: the way out needs no stop, only a restart afterwards.
        words = ["playbooks", "new-trail", "--as", "ann", "--note", "a bit flipped", "--state", str(site.state)]
        assert "restart the daemon" in CliRunner().invoke(app, words).output
    store = Store(site.state)
    trail = Trail(site.trail, StoreTrailAnchor(store.database))
    assert (trail.cut, [entry.kind for entry in trail.entries]) == (None, ["renewed"])
    trail.close()
    store.close()


@pytest.mark.slow
def test_a_run_that_a_crash_cut_off_is_unknown_and_never_repeated(
    tmp_path: Path, target: Receiver, free_port: int
) -> None:
    site, held = Site(tmp_path, target.url, free_port), threading.Event()
    target.replies = [Reply(202, wait=held)]
    with Hatchery(tmp_path / "log") as hatchery:
        daemon = hatchery.start(site.path, site.state)
        daemon.wait_ready()
        until(lambda: answers(site))
        incident = site.incident()
        site.release()
        assert site.approve(incident).json()["started"] is True
        until(lambda: target.requests)
        assert site.kinds()[-1] == "intent"
        daemon.kill()
        held.set()
        daemon = hatchery.start(site.path, site.state)
        health = daemon.wait_ready()
        until(lambda: answers(site))
        assert site.states() == ["unknown"]
        [run] = site.get("/api/v1/runs")["runs"]
        unknown = "restart on worker-1: it may have been sent; no answer is recorded"
        assert (run["done"], run["unknown"], run["left"]) == ([], [unknown], [])
        page = site.client.get(f"/runs/{run['id']}").text
        assert "<h3>Unknown</h3>" in page
        assert unknown in page
        assert (
            f"unknown: {unknown}"
            in CliRunner().invoke(app, ["runs", "show", run["id"], "--state", str(site.state)]).output
        )
        assert f"Unknown: {unknown}" in site.client.get(f"/incidents/{incident}").text
        assert any("cut off" in text for text in health["warnings"])
        assert site.kinds()[-2:] == ["ended", "switch"]
        assert site.get("/api/v1/switches")["switches"]["playbook:restart-worker"] is True
        released = {"ask": "switch", "scope": "playbook:restart-worker", "engaged": False, "actor": "ann"}
        send_request(site.state, {**released, "reason": "checked"})
        assert site.approve(incident).status_code == 409
        assert site.states() == ["unknown"]
        assert daemon.stop() == 0
    site.client.close()
    assert len(target.requests) == 1
    assert verify(site.trail).problem is None
    text = CliRunner().invoke(app, ["runs", "show", run["id"], "--state", str(site.state)]).output
    assert "no daemon runs" in text
    assert f"unknown: {unknown}" in text
