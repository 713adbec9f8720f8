"""Runs without a person through a whole daemon, with a real server as what they call and a pager as who is notified."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from aiops.daemon.daemon import Daemon
from aiops.errors import UsageError
from aiops.respond.audit import verify
from aiops.respond.calls import body_of
from aiops.testing.daemon_process import DaemonProcess, Hatchery
from aiops.testing.receiver import Receiver, Reply, receiving
from tests.daemon.test_run_stops import PAGER, command, said, step
from tests.daemon.test_runs import Site, answers, running, until
from tests.form_headers import form_headers

NAME = "restart-worker"
AUTO = """[respond.auto]
playbooks = ["restart-worker"]
reversible = ["restart-worker"]
min_verified_runs = 4
min_success = 0.5
"""


@pytest.fixture
def target() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def pager() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def site_of(tmp_path: Path, target: Receiver, pager: Receiver, mode: str = "live") -> Site:
    """A site whose playbook may run alone, but for its evidence."""
    with receiving() as free:
        port = free.port
    site = Site(tmp_path, target.url, port, mode="auto", rollback=[step(target, "undo")])
    text = site.path.read_text().replace('ceiling = "approve"', f'ceiling = "auto"\nmode = "{mode}"')
    site.path.write_text(text.replace("[http]\n", f"{AUTO}[http]\n", 1) + PAGER.format(url=pager.url))
    return site


def reopen(site: Site) -> None:
    """Open the client of a site again, which ends with its first daemon."""
    url, authorization = site.client.base_url, site.client.headers["authorization"]
    site.client = httpx2.Client(base_url=url, timeout=120.0, headers={"authorization": authorization})


def start(hatchery: Hatchery, site: Site) -> DaemonProcess:
    """Start a daemon in a process of its own."""
    process = hatchery.start(site.path, site.state)
    process.wait_ready()
    until(lambda: answers(site))
    return process


def prove(site: Site, daemon: Daemon) -> None:
    """Write runs of the past that were verified; people trust it since."""
    assert daemon.runs is not None
    runner, book = daemon.runs._runner, daemon.runs._playbooks[NAME]
    for number in range(4):
        name = f"old-{number}"
        data: dict[str, Any] = {"run": name, "playbook": NAME, "version": "1.0.0", "incident": name, "plan": name}
        request = {"name": "restart"}
        runner._put("run", 1.7e9, data | {"targets": [name], "body": body_of(book)})
        intent = {"run": name, "key": name, "place": "step 0", "target": name, "request": request}
        runner._put("intent", 1.7e9, intent)
        runner._put("ended", 1.7e9, {"run": name, "state": "verified", "why": ""})
    site.release()


def confirmed(site: Site) -> str:
    """Alert, and have a person confirm the cause: what the engine has not measured yet does not suffice."""
    incident = site.incident()
    body = {"entity": "worker-1"}
    assert site.client.post(f"/api/v1/incidents/{incident}/confirm-cause", json=body).status_code == 200
    return incident


def last(site: Site) -> dict[str, Any]:
    """The last run."""
    found: dict[str, Any] = site.get("/api/v1/runs")["runs"][0]
    return found


def decisions(site: Site) -> list[str]:
    return [one["code"] for one in site.get("/api/v1/runs/decisions")["decisions"]]


def test_it_is_refused_by_what_was_not_measured_then_runs_and_is_verified(
    tmp_path: Path, target: Receiver, pager: Receiver
) -> None:
    site = site_of(tmp_path, target, pager)
    with running(site) as daemon:
        runs: Any = daemon.runs
        prove(site, daemon)
        incident = site.incident()
        until(lambda: runs.decide() or decisions(site) == ["confidence_uncalibrated"])
        assert target.requests == []
        confirmed(site)
        until(lambda: runs.decide() or target.requests)
        until(lambda: last(site)["state"] == "executed")
        assert (last(site)["by"], last(site)["actor"], last(site)["incident"]) == ("engine", "aiops", incident)
        guards = site.get(f"/api/v1/runs/{last(site)['id']}")["guards"]
        assert {one["state"] for one in guards} == {"passed", "later"}
        assert {one["number"] for one in guards} == set(range(1, 19))
        site.alert("resolved")
        until(lambda: runs.settle() or last(site)["state"] == "verified")
        until(lambda: runs.notify() or "verified: the condition cleared" in said(pager))
        assert "was started without a person" in said(pager)
        metrics = daemon.metrics_text()
        assert 'aiops_remediation_decisions_total{playbook="restart-worker",code="started"} 5' in metrics
    assert [request.path for request in target.requests] == ["/worker-1/restart"]
    assert site.kinds().count("approval") == 0
    assert verify(site.trail).problem is None


def test_shadow_sends_nothing_and_promotions_are_one_click_back(
    tmp_path: Path, target: Receiver, pager: Receiver
) -> None:
    site = site_of(tmp_path, target, pager, mode="shadow")
    with running(site) as daemon:
        runs: Any = daemon.runs
        confirmed(site)
        until(lambda: runs.decide() or site.get("/api/v1/runs/decisions")["shadows"])
        [shadow] = site.get("/api/v1/runs/decisions")["shadows"]
        assert (shadow["targets"], shadow["by"]) == (["worker-1"], "shadow")
        site.alert("resolved")
        until(lambda: runs.decide() or site.get("/api/v1/runs/decisions")["shadows"][0]["state"] == "cleared")
        page = site.client.get("/runs").text
        assert "Would have run <code>would_run</code>" in page
        assert "the condition cleared without it" in page
        page = site.client.get(f"/playbooks/{NAME}").text
        assert "0 of 0 judged, 4 needed" in page
        assert "Back to suggest" in page
        place = f"/api/v1/playbooks/{NAME}/mode"
        early = site.client.post(place, json={"mode": "auto", "reason": "it works"})
        assert (early.status_code, "4 are needed" in early.json()["error"]) == (409, True)
        prove(site, daemon)
        shown = command(site, "playbooks", "promotion", NAME).output
        assert "4 of 4" in shown
        back = site.client.post(place, json={"mode": "suggest", "reason": "hands off"})
        assert (back.status_code, back.json()["level"], back.json()["moved"]["actor"]) == (200, "suggest", "ann")
        with pytest.raises(UsageError, match="bob may not approve"):
            runs.set_level(NAME, "auto", "bob", "it works", vouched=True)
        assert "promoted it to approve" in command(site, "playbooks", "promotion", NAME).output
        assert command(site, "playbooks", "promote", NAME, "--as", "ann", "--note", "it works").exit_code == 0
        [standing] = site.get("/api/v1/runs/promotions")["promotions"]
        assert (standing["level"], standing["moved"]["actor"]) == ("auto", "ann")
        with pytest.raises(UsageError, match="bob may not approve"):
            # The same mode again: a demotion may come in between.
            runs.set_level(NAME, "auto", "bob", "it works", vouched=True)
        form, headers = {"mode": "approve", "reason": "a drill"}, form_headers(site.client)
        assert site.client.post(f"/playbooks/{NAME}/mode", data=form, headers=headers).status_code == 303
        assert "Set to approve by ann" in site.client.get(f"/playbooks/{NAME}").text
        wrong = site.client.post(f"/playbooks/{NAME}/mode", data={"mode": "always"}, headers=headers)
        assert (wrong.status_code, "expected suggest, approve, auto" in wrong.text) == (400, True)
        nobody = site.client.post(place, json={"mode": "always"})
        assert nobody.status_code == 400
        site.client.headers.pop("authorization")
        assert site.client.post(place, json={"mode": "suggest"}).status_code in (401, 403)
    assert target.requests == []


def test_a_crash_loop_stops_everything_until_a_person_resumes(
    tmp_path: Path, target: Receiver, pager: Receiver
) -> None:
    site = site_of(tmp_path, target, pager)
    with running(site) as daemon:
        prove(site, daemon)
        assert daemon.runs is not None
        for _ in range(4):
            # Starts that no orderly end follows, but for the last one.
            daemon.runs._runner.log.begin_life(time.time())
    reopen(site)
    with running(site):
        assert site.get("/api/v1/switches")["switches"]["global"] is True
        assert "crash loop" in site.get("/api/v1/switches")["moved"]["global"]["reason"]
        assert (
            "kill switch global: off"
            in command(site, "remediation", "resume", "--as", "ann", "--note", "checked").output
        )
    reopen(site)
    with running(site):
        assert site.get("/api/v1/switches")["switches"]["global"] is False
    assert target.requests == []


@pytest.mark.slow
def test_what_a_crash_cuts_off_runs_once_loses_its_promotion_and_pages(
    tmp_path: Path, target: Receiver, pager: Receiver
) -> None:
    """Real processes, killed before the decision and in the middle of the request."""
    site, held = site_of(tmp_path, target, pager), threading.Event()
    with running(site) as daemon:
        prove(site, daemon)
    reopen(site)
    target.replies = [Reply(202, wait=held)]
    with Hatchery(tmp_path / "log") as hatchery:
        process = start(hatchery, site)
        incident = site.incident()
        process.kill()
        process = start(hatchery, site)
        body = {"entity": "worker-1"}
        assert site.client.post(f"/api/v1/incidents/{incident}/confirm-cause", json=body).status_code == 200
        until(lambda: target.requests)
        assert site.kinds()[-1] == "intent"
        process.kill()
        held.set()
        process = start(hatchery, site)
        assert last(site)["state"] == "unknown"
        until(lambda: "was cut off" in said(pager))
        pages = [json.loads(one.body) for one in pager.requests if b"was cut off" in one.body]
        assert pages[0]["type"] == "aiops.incident.reopened"
        [standing] = site.get("/api/v1/runs/promotions")["promotions"]
        assert (standing["level"], standing["moved"]["actor"]) == ("approve", "aiops")
        assert process.stop() == 0
    site.client.close()
    assert len(target.requests) == 1
    assert verify(site.trail).problem is None
