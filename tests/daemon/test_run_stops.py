"""Stopping, rolling back and trails that were cut, through a whole daemon: its API, page, command line and metrics."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from aiops.cli.app import app
from aiops.daemon.control import ask
from aiops.daemon.daemon import Daemon
from aiops.respond.audit import verify
from aiops.testing.receiver import Receiver, Reply, receiving
from tests.daemon.test_runs import Site, running, until
from tests.form_headers import form_headers

PAGER = """
[[endpoints]]
name = "pager"
type = "webhook"
settle_s = {{ critical = 0 }}
options = {{ url = "{url}", allow_private = true }}
"""


@pytest.fixture
def target() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def pager() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def free_port() -> int:
    with receiving() as found:
        return found.port


def step(target: Receiver, name: str, **more: Any) -> dict[str, Any]:
    made = {"kind": "http", "name": name, "url": target.url, "path": ["{{ host }}", name], "expect": {"status": [200]}}
    return made | more


def site_of(tmp_path: Path, target: Receiver, port: int, pager: Receiver | None = None, **changes: Any) -> Site:
    site = Site(tmp_path, target.url, port, **changes)
    if pager is not None:
        site.path.write_text(site.path.read_text() + PAGER.format(url=pager.url))
    return site


def said(pager: Receiver) -> str:
    return " ".join(request.body.decode() for request in pager.requests)


def command(site: Site, *words: str) -> Any:
    return CliRunner().invoke(app, [*words, "--state", str(site.state)], env={"COLUMNS": "300"})


def runs_of(daemon: Daemon) -> Any:
    assert daemon.runs is not None
    return daemon.runs


def test_a_stop_during_a_precondition(tmp_path: Path, target: Receiver, pager: Receiver, free_port: int) -> None:
    """The precondition hangs; engaging the switch over the API is answered, and the remediation is never sent."""
    alive = step(target, "alive", method="GET")
    site = site_of(tmp_path, target, free_port, pager, preconditions=[alive])
    held = threading.Event()
    target.replies = [Reply(200, wait=held), Reply(200)]
    with running(site) as daemon, ExitStack() as stack:
        stack.callback(held.set)
        incident = site.incident()
        site.release()
        assert site.approve(incident).json()["started"] is True
        until(lambda: target.requests)
        moved = site.client.post("/api/v1/switches", json={"scope": "global", "engaged": True, "reason": "a drill"})
        assert moved.json() == {"switches": {"global": True}}
        assert site.states() == ["running"], "the precondition is not answered yet"
        held.set()
        until(lambda: site.states() == ["stopped"])
        assert [request.path for request in target.requests] == ["/worker-1/alive"]
        [run] = site.get("/api/v1/runs")["runs"]
        assert run["why"] == "not sent: kill switch global is engaged"
        assert (run["done"], run["left"]) == ([], ["restart on worker-1"])
        page = site.client.get(f"/incidents/{incident}").text
        assert "Not done: restart on worker-1." in page
        listed = command(site, "playbooks", "runs").output
        assert "not done: restart on worker-1" in listed
        assert 'aiops_runs{state="stopped"} 1' in daemon.metrics_text()
        until(lambda: runs_of(daemon).notify() or "stopped: not sent: kill switch global is engaged" in said(pager))


def test_a_rollback_waits_for_a_person_and_somebody_is_notified(
    tmp_path: Path, target: Receiver, pager: Receiver, free_port: int
) -> None:
    steps = [step(target, name) for name in ("drain", "restart")]
    site = site_of(tmp_path, target, free_port, pager, steps=steps, rollback=[step(target, "undrain")])
    held = threading.Event()
    target.replies = [Reply(200), Reply(500, wait=held), Reply(200)]
    with running(site) as daemon, ExitStack() as stack:
        stack.callback(held.set)
        incident = site.incident()
        site.release()
        assert site.approve(incident).json()["started"] is True
        until(lambda: len(target.requests) == 2)
        ask(site.state, {"ask": "switch", "scope": "playbook:restart-worker", "engaged": True, "actor": "ann"})
        held.set()
        until(lambda: site.states() == ["stopped"])
        [run] = site.get("/api/v1/runs")["runs"]
        assert run["rollback"] == "waiting"
        until(lambda: runs_of(daemon).notify() or "its rollback waits for a person" in said(pager))
        assert any("rollbacks that wait for a person" in text for text in daemon.health()["warnings"])  # type: ignore[attr-defined]
        assert "aiops_rollbacks_waiting 1" in daemon.metrics_text()
        early = site.client.post(f"/api/v1/runs/{run['id']}/rollback", json={})
        assert (early.status_code, "release it first" in early.json()["error"]) == (409, True)
        assert "release it first" in str(command(site, "playbooks", "rollback", run["id"]).exception)
        page = site.client.get(f"/incidents/{incident}").text
        assert "Rollback: waiting, for a person to decide." in page
        assert "<button>Roll back</button>" in page
        assert len(target.requests) == 2
        ask(site.state, {"ask": "switch", "scope": "playbook:restart-worker", "engaged": False, "actor": "ann"})
        done = site.client.post(f"/api/v1/runs/{run['id']}/rollback", json={})
        assert done.status_code == 200, done.text
        until(lambda: site.get("/api/v1/runs")["runs"][0]["rollback"] == "done")
        assert [request.path for request in target.requests] == [
            "/worker-1/drain",
            "/worker-1/restart",
            "/worker-1/undrain",
        ]
        assert "aiops_rollbacks_waiting 0" in daemon.metrics_text()


@pytest.mark.parametrize("close", [False, True])
def test_a_rollback_by_the_page_and_the_command_line(
    tmp_path: Path, target: Receiver, free_port: int, close: bool
) -> None:
    site = site_of(tmp_path, target, free_port, rollback=[step(target, "undo")], steps=[step(target, "restart")])
    with running(site) as daemon:
        incident = site.incident()
        site.release()
        site.approve(incident)
        until(lambda: site.states() == ["executed"])
        runner = runs_of(daemon)._runner
        [run] = site.get("/api/v1/runs")["runs"]
        runner.settle(run["id"], False, daemon.clock(), hold=True)
        if close:
            done = command(site, "playbooks", "rollback", run["id"], "--close", "--note", "by hand", "--json")
            assert json.loads(done.output)["rollback"] == "closed", done.output
        else:
            form, own = {"run": run["id"]}, form_headers(site.client)
            assert site.client.post(f"/incidents/{incident}/rollback", data=form, headers=own).status_code == 303
            until(lambda: site.get("/api/v1/runs")["runs"][0]["rollback"] == "done")
        sent = [request.path for request in target.requests]
        assert sent == ["/worker-1/restart"] + ([] if close else ["/worker-1/undo"])


def test_a_run_that_did_not_help_is_rolled_back(tmp_path: Path, target: Receiver, free_port: int) -> None:
    site = site_of(tmp_path, target, free_port, rollback=[step(target, "undo")], steps=[step(target, "restart")])
    with running(site) as daemon:
        incident = site.incident()
        site.release()
        site.approve(incident)
        until(lambda: runs_of(daemon).settle() or site.states() == ["failed"])
        until(lambda: site.get("/api/v1/runs")["runs"][0]["rollback"] == "done")
        assert [request.path for request in target.requests] == ["/worker-1/restart", "/worker-1/undo"]


def test_approvals_that_come_too_late_are_escalated(
    tmp_path: Path, target: Receiver, pager: Receiver, free_port: int
) -> None:
    approval = {"approvers": ["team:platform"], "quorum": 2, "timeout": "1s", "onTimeout": "escalate"}
    site = site_of(tmp_path, target, free_port, pager, approval=approval)
    with running(site) as daemon:
        incident = site.incident()
        site.release()
        assert site.approve(incident).json()["started"] is False
        runs = runs_of(daemon)
        until(lambda: runs._keep() or runs.notify() or "1 of 2 approvals within 1s" in said(pager))
        assert target.requests == []


def test_nothing_runs_on_a_trail_that_was_cut_until_a_person_accepts_it(
    tmp_path: Path, target: Receiver, free_port: int
) -> None:
    """Its newest lines are removed while the daemon is away: the chain alone would not show it."""
    site = site_of(tmp_path, target, free_port)
    with running(site):
        incident = site.incident()
        site.release()
        site.approve(incident)
        until(lambda: site.states() == ["executed"])
    assert "whole" in command(site, "playbooks", "audit").output
    lines = site.trail.read_bytes().splitlines(keepends=True)
    site.trail.write_bytes(b"".join(lines[:2]))
    assert verify(site.trail).problem is None
    checked = command(site, "playbooks", "audit")
    assert (checked.exit_code, "lines are missing" in checked.output) == (1, True)
    site = site_of(tmp_path, target, free_port)
    with running(site) as daemon:
        assert any("the audit trail was cut" in text for text in daemon.health()["warnings"])  # type: ignore[attr-defined]
        assert "aiops_audit_trail_ok 0" in daemon.metrics_text()
        assert site.get("/api/v1/switches")["switches"]["global"] is True
        site.release()
        assert "the audit trail was cut" in site.plan(incident)["sentence"]
        assert site.approve(incident).status_code == 409
        accepted = command(site, "playbooks", "accept-trail", "--note", "a drill")
        assert accepted.exit_code == 0, accepted.output
        assert "aiops_audit_trail_ok 1" in daemon.metrics_text()
        refused = {check["guard"] for check in site.plan(incident)["checks"] if check["state"] == "refused"}
        assert {"cooldown", "repeated", "rate"} <= refused, "what was cut off is not taken for nothing"
    assert len(target.requests) == 1
    assert "whole" in command(site, "playbooks", "audit").output


def test_state_is_readable_by_its_owner_only(tmp_path: Path, target: Receiver, free_port: int) -> None:
    """Directories that are there already, as a package or a volume makes them."""
    site = site_of(tmp_path, target, free_port)
    for name in ("journal", "snapshots", "runs"):
        (site.state / name).mkdir(parents=True)
        (site.state / name).chmod(0o755)
    with running(site):
        site.incident()
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in site.state.iterdir() if path.is_dir()}
    assert {name: mode for name, mode in found.items() if mode & 0o077} == {}
    trail = stat.S_IMODE(site.trail.stat().st_mode)
    assert (trail, stat.S_IMODE((site.state / "aiops.db").stat().st_mode)) == (0o600, 0o600)
