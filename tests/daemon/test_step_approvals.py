"""A run that waits in the middle, over the API of a whole daemon: shown, approved, rejected, expired, restarted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from aiops.cli.app import app
from aiops.daemon.daemon import Daemon
from aiops.testing.receiver import Receiver, receiving
from tests.daemon.test_run_stops import PAGER, said
from tests.daemon.test_runs import TOKENS, Site, free_port, running, target, until

__all__ = ["free_port", "target"]


@pytest.fixture
def pager() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, target: Receiver, free_port: int, pager: Receiver) -> Site:
    def step(name: str) -> dict[str, Any]:
        return {"kind": "http", "name": name, "url": target.url, "path": ["{{ host }}", name]}

    gate = {"kind": "approval", "name": "is it well", "text": "Read the check."}
    steps = [step("cordon"), gate, step("drain")]
    site = Site(tmp_path, target.url, free_port, steps=steps, rollback=[step("uncordon")])
    site.path.write_text(site.path.read_text() + PAGER.format(url=pager.url))
    return site


def start(site: Site) -> str:
    """Start a run, and wait until it waits."""
    incident = site.incident()
    site.release()
    assert site.approve(incident).json()["started"] is True
    until(lambda: site.states() == ["waiting"])
    return str(site.get("/api/v1/runs")["runs"][0]["id"])


def left(site: Site) -> dict[str, Any]:
    [found] = site.get("/api/v1/runs/waiting")["steps"]
    return dict(found)


def approve(site: Site, **changes: Any) -> Any:
    found = left(site)
    headers = {"authorization": f"Bearer {TOKENS[changes.pop('who', 'ann')]}"}
    body = {"approval": found["id"], **changes}
    return site.client.post(f"/api/v1/runs/{found['run']}/approve", json=body, headers=headers)


def paths(target: Receiver) -> list[str]:
    return [request.path.rpartition("/")[2] for request in target.requests]


def test_run_waits_over_a_restart_and_is_approved(site: Site, target: Receiver) -> None:
    with running(site) as daemon:
        run = start(site)
        before = left(site)
        assert (before["step"], before["text"], before["refused"]) == ("is it well", "Read the check.", None)
        assert daemon.runs is not None
        assert daemon.runs.health()["ok"] is True
        shown = CliRunner().invoke(app, ["playbooks", "runs", "--state", str(site.state)]).output
        assert f"run {run} waits for an approval" in shown
        record = CliRunner().invoke(app, ["playbooks", "runs", run, "--state", str(site.state)]).output
        assert "waits for an approval: is it well" in record
    again = Site.__new__(Site)
    again.__dict__.update(site.__dict__)
    again.client = type(site.client)(base_url=site.client.base_url, headers=site.client.headers, timeout=120.0)
    with running(again):
        assert left(again) == before
        assert approve(again, approval="0" * 32).status_code == 409
        assert approve(again).json()["continued"] is True
        until(lambda: again.states() == ["executed"])
        assert again.get("/api/v1/runs/waiting")["steps"] == []
    assert paths(target) == ["cordon", "drain"]


def test_rejection_rolls_back_and_is_notified(site: Site, target: Receiver, pager: Receiver) -> None:
    with running(site) as daemon:
        run = start(site)
        assert site.client.post(f"/api/v1/runs/{run}/reject", json={"reason": "  "}).status_code == 400
        assert site.client.post(f"/api/v1/runs/{run}/reject", json={"reason": "they are full"}).status_code == 200
        until(lambda: site.get("/api/v1/runs")["runs"][0]["rollback"] == "done")
        assert (site.states(), paths(target)) == (["stopped"], ["cordon", "uncordon"])
        record = site.get(f"/api/v1/runs/{run}")
        assert "rejected by ann: they are full" in record["run"]["why"]
        notified(daemon, pager, "rejected by ann: they are full")


def test_time_that_passes_approves_nothing(site: Site, target: Receiver, pager: Receiver) -> None:
    with running(site) as daemon:
        run = start(site)
        runs: Any = daemon.runs
        known = runs._runner.history.runs[run]
        known.wait.length_s = 0.0
        runs.steps.expire()
        until(lambda: site.get("/api/v1/runs")["runs"][0]["rollback"] == "done")
        assert (site.states(), paths(target)) == (["stopped"], ["cordon", "uncordon"])
        notified(daemon, pager, "had 0 of 1 approvals in time")


def notified(daemon: Daemon, pager: Receiver, text: str) -> None:
    runs: Any = daemon.runs
    until(lambda: runs.notify() or text in said(pager))
