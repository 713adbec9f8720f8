"""Stopping, rolling back and trails that were cut, through a whole daemon: its API, page, command line and metrics."""

from __future__ import annotations

import json
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from aiops.cli.app import app
from aiops.daemon.control import send_request
from aiops.daemon.daemon import Daemon
from aiops.respond.audit import verify
from aiops.testing.daemon_process import Hatchery
from aiops.testing.receiver import Receiver, Reply, receiving
from tests.daemon.test_runs import Site, answers, running, until
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
        assert moved.json()["switches"] == {"global": True}
        assert site.states() == ["running"], "the precondition is not answered yet"
        held.set()
        until(lambda: site.states() == ["stopped"])
        assert [request.path for request in target.requests] == ["/worker-1/alive"]
        [run] = site.get("/api/v1/runs")["runs"]
        assert run["why"] == "not sent: kill switch global is engaged"
        assert (run["done"], run["left"]) == ([], ["restart on worker-1"])
        page = site.client.get(f"/incidents/{incident}").text
        assert "Not begun: restart on worker-1." in page
        listed = command(site, "playbooks", "runs").output
        assert "not begun: restart on worker-1" in listed
        assert 'aiops_runs{state="stopped"} 1' in daemon.metrics_text()
        until(lambda: runs_of(daemon).notify() or "stopped: not sent: kill switch global is engaged" in said(pager))


def test_a_stop_that_is_released_at_once_stops(tmp_path: Path, target: Receiver, free_port: int) -> None:
    """The first step hangs; the switch is engaged and released over the API before its answer comes."""
    steps = [step(target, name) for name in ("drain", "restart")]
    site, held = site_of(tmp_path, target, free_port, steps=steps), threading.Event()
    target.replies = [Reply(200, wait=held), Reply(200)]
    with running(site), ExitStack() as stack:
        stack.callback(held.set)
        incident = site.incident()
        site.release()
        assert site.approve(incident).json()["started"] is True
        until(lambda: target.requests)
        for engaged in (True, False):
            wanted = {"scope": "global", "engaged": engaged, "reason": "a drill"}
            moved = site.client.post("/api/v1/switches", json=wanted)
            assert moved.status_code == 200, moved.text
        held.set()
        until(lambda: site.states() != ["running"])
        [run] = site.get("/api/v1/runs")["runs"]
        assert (run["state"], run["left"]) == ("stopped", ["restart on worker-1"])
    assert [request.path for request in target.requests] == ["/worker-1/drain"]


def test_a_stop_between_an_approval_and_its_run_stops_it(
    tmp_path: Path, target: Receiver, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch is engaged, and released again, while the approval is written down."""
    site = site_of(tmp_path, target, free_port, steps=[step(target, "restart")])
    with running(site) as daemon:
        incident = site.incident()
        site.release()
        runner = runs_of(daemon)._runner
        real = runner.approve

        def slow(*given: Any, **named: Any) -> Any:
            found = real(*given, **named)
            for engaged in (True, False):
                runner.switch("global", engaged, "ann", daemon.clock())
            return found

        with monkeypatch.context() as patch:
            patch.setattr(runner, "approve", slow)
            site.approve(incident)
        until(lambda: site.kinds()[-1] == "refused")
        assert (site.states(), target.requests) == ([], [])


def test_the_end_of_the_daemon_waits_for_the_answer(tmp_path: Path, target: Receiver, free_port: int) -> None:
    """The answer comes when the daemon has nothing but it to wait for: whatever time was left is its."""
    site, held = (
        site_of(tmp_path, target, free_port, steps=[step(target, name) for name in ("drain", "restart")]),
        threading.Event(),
    )
    site.path.write_text("drain_s = 240\n" + site.path.read_text())
    target.replies = [Reply(200, wait=held), Reply(200)]
    with running(site) as daemon, ExitStack() as stack:
        stack.callback(held.set)
        incident = site.incident()
        site.release()
        site.approve(incident)
        until(lambda: target.requests)
        runs, given = runs_of(daemon), []
        real = runs.finish
        # Time stands still for the daemon, and nobody else waits for the run.
        daemon.monotonic = lambda: 0.0
        runs.stop = lambda timeout_s: runs.end()

        def finish(timeout_s: float) -> None:
            given.append(timeout_s)
            held.set()
            real(timeout_s)

        runs.finish = finish
    assert given == [240.0]
    last = [json.loads(line) for line in site.trail.read_text().splitlines()[-3:]]
    assert [line["kind"] for line in last] == ["outcome", "ended", "closed"]
    assert (last[1]["data"]["state"], last[1]["data"]["left"]) == ("stopped", ["restart on worker-1"])
    assert [request.path for request in target.requests] == ["/worker-1/drain"]


@pytest.mark.slow
@pytest.mark.parametrize("answered", [True, False])
def test_a_signal_during_a_run_is_no_crash(tmp_path: Path, target: Receiver, free_port: int, answered: bool) -> None:
    """A real process: the answer comes after the signal, or not before the time to drain is over."""
    site, held = (
        site_of(tmp_path, target, free_port, steps=[step(target, name) for name in ("drain", "restart")]),
        threading.Event(),
    )
    site.path.write_text(f"drain_s = {240 if answered else 0.2}\n" + site.path.read_text())
    target.replies = [Reply(200, wait=held), Reply(200)]
    with Hatchery(tmp_path / "log") as hatchery, ExitStack() as stack:
        stack.callback(held.set)
        daemon = hatchery.start(site.path, site.state)
        daemon.wait_ready()
        until(lambda: answers(site))
        incident = site.incident()
        site.release()
        site.approve(incident)
        until(lambda: target.requests)
        daemon.signal(signal.SIGTERM)
        if answered:
            until(lambda: not answers(site))
            assert site.kinds()[-1] == "intent"
            held.set()
        assert daemon.wait() == 0
        ends = [json.loads(line) for line in site.trail.read_text().splitlines()]
        [ended] = [line["data"] for line in ends if line["kind"] == "ended"]
        assert ended["state"] == ("stopped" if answered else "unknown")
        assert ended["left"] == ["restart on worker-1"]
        assert (site.kinds().count("outcome"), "crash" in ended["why"]) == (int(answered), False)
        lines = len(site.kinds())
        daemon = hatchery.start(site.path, site.state)
        daemon.wait_ready()
        until(lambda: answers(site))
        assert site.states() == [ended["state"]]
        assert len(site.kinds()) == lines, "the next start has nothing to add"
        assert daemon.stop() == 0
    site.client.close()
    assert [request.path for request in target.requests] == ["/worker-1/drain"]
    assert verify(site.trail).problem is None


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
        send_request(site.state, {"ask": "switch", "scope": "playbook:restart-worker", "engaged": True, "actor": "ann"})
        held.set()
        until(lambda: site.states() == ["stopped"])
        [run] = site.get("/api/v1/runs")["runs"]
        assert run["rollback"] == "waiting"
        until(lambda: runs_of(daemon).notify() or "its rollback waits for a person" in said(pager))
        assert any("rollbacks that wait for a person" in text for text in daemon.health()["warnings"])
        assert "aiops_rollbacks_waiting 1" in daemon.metrics_text()
        why = {"reason": "it was the network"}
        blank = site.client.post(f"/api/v1/runs/{run['id']}/rollback", json={"reason": " "})
        assert (blank.status_code, "needs a reason" in blank.json()["error"]) == (400, True)
        early = site.client.post(f"/api/v1/runs/{run['id']}/rollback", json=why)
        assert (early.status_code, "release it first" in early.json()["error"]) == (409, True)
        assert "release it first" in str(
            command(site, "playbooks", "rollback", run["id"], "--note", "no help").exception
        )
        page = site.client.get(f"/incidents/{incident}").text
        assert "Rollback: waiting: a person must decide." in page
        assert "Roll back</button>" in page
        assert len(target.requests) == 2
        released = {"ask": "switch", "scope": "playbook:restart-worker", "engaged": False, "actor": "ann"}
        send_request(site.state, {**released, "reason": "checked"})
        done = site.client.post(f"/api/v1/runs/{run['id']}/rollback", json=why)
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
            form, own = {"run": run["id"], "reason": "no help"}, form_headers(site.client)
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
    assert "intact" in command(site, "playbooks", "audit").output
    lines = site.trail.read_bytes().splitlines(keepends=True)
    site.trail.write_bytes(b"".join(lines[:2]))
    assert verify(site.trail).problem is None
    checked = command(site, "playbooks", "audit")
    assert (checked.exit_code, "lines are missing" in checked.output) == (1, True)
    site = site_of(tmp_path, target, free_port)
    with running(site) as daemon:
        assert any("the audit trail was cut" in text for text in daemon.health()["warnings"])
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
    audit = command(site, "playbooks", "audit")
    assert (audit.exit_code, "7 of 9 lines are missing" in audit.output) == (0, True)
    assert "a drill" in audit.output


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
