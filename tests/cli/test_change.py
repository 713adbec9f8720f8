"""`aiops change` and its curl report a change to a real daemon, where an incident that follows names it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from aiops.cli.app import app
from aiops.cli.change import moment_of
from aiops.errors import UsageError
from aiops.journal import read
from aiops.records import Change
from aiops.testing.daemon_process import Hatchery
from aiops.testing.kafka_broker import free_ports

NOW = 1_772_400_000.0


class Site:
    """A daemon in a process of its own."""

    def __init__(self, hatchery: Hatchery, directory: Path) -> None:
        self.directory = directory / "state"
        [port] = free_ports(1)
        config = directory / "aiops.toml"
        config.write_text(f'[state]\ndirectory = "{self.directory}"\n[http]\nport = {port}\n')
        self.url = f"http://127.0.0.1:{port}"
        self.daemon = hatchery.start(config, self.directory)
        self.daemon.wait_ready()

    def change(self, *arguments: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "aiops.cli", "change", *arguments, "--url", self.url]
        done = subprocess.run(command, capture_output=True, check=False, timeout=100)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def changes(self) -> list[Change]:
        return [record for record in read(self.directory / "journal") if isinstance(record, Change)]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Hatchery(tmp_path_factory.mktemp("hatchery") / "daemon.log") as hatchery:
        site = Site(hatchery, tmp_path_factory.mktemp("site"))
        yield site
        site.daemon.kill()


def test_a_change_is_reported_in_one_line(site: Site) -> None:
    options = ["--entity", "checkout-7", "--kind", "deploy", "--version", "1.42", "--link", "https://ci.example/7"]
    code, out, err = site.change("checkout", "deploy 1.42", *options, "--label", "team=shop")
    assert (code, out, err) == (0, "reported: deploy 1.42 on checkout-7\n", "")
    [change] = [one for one in site.changes() if one.entity == "checkout-7"]
    assert (change.name, change.service, change.url) == ("deploy 1.42", "checkout", "https://ci.example/7")
    assert change.labels == {"kind": "deploy", "version": "1.42", "team": "shop"}
    assert abs(change.ts - time.time()) < 60


def test_a_change_of_before_has_its_own_time(site: Site) -> None:
    code, out, _ = site.change("search", "index rebuilt", "--at", "4m", "--json")
    assert (code, json.loads(out)) == (0, {"accepted": 1, "rejected": 0, "late": 0})
    [change] = [one for one in site.changes() if one.entity == "search"]
    assert 200 < time.time() - change.ts < 300


def test_a_form_reports_the_same(site: Site) -> None:
    answer = httpx2.post(f"{site.url}/ingest/change", data={"service": "mail", "change": "deploy 3", "kind": "deploy"})
    assert answer.status_code == 200, answer.text
    [change] = [one for one in site.changes() if one.entity == "mail"]
    assert (change.name, change.service, change.labels) == ("deploy 3", "mail", {"kind": "deploy"})
    refused = httpx2.post(f"{site.url}/ingest/change", data={"change": "deploy 3"})
    assert refused.status_code == 400
    assert "expected the entity" in refused.text


def test_an_incident_that_follows_names_the_change(site: Site) -> None:
    assert site.change("basket", "deploy 9.1", "--link", "https://ci.example/9")[0] == 0
    alert = {"kind": "alert", "ts": time.time(), "name": "ErrorRate", "severity": "critical", "entity": "basket"}
    assert httpx2.post(f"{site.url}/ingest/archive", json=alert).status_code == 200
    deadline = time.monotonic() + 60
    while "deploy 9.1 on basket" not in (text := evidence(site)):
        assert time.monotonic() < deadline, text
        time.sleep(0.05)


def evidence(site: Site) -> str:
    listed: Any = httpx2.get(f"{site.url}/api/v1/incidents").json()
    return json.dumps([httpx2.get(f"{site.url}/api/v1/incidents/{one['id']}").json() for one in listed["incidents"]])


def test_nobody_who_answers_is_an_error() -> None:
    [port] = free_ports(1)
    found = CliRunner().invoke(app, ["change", "checkout", "deploy", "--url", f"http://127.0.0.1:{port}/x y"])
    assert found.exit_code != 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["checkout", " "], "TEXT: expected 1 to"),
        (["", "deploy"], "SERVICE: expected 1 to"),
        (["checkout", "deploy", "--entity", "x" * 2_000], "--entity: expected 1 to"),
        (["checkout", "deploy", "--link", "javascript:x"], "--link: expected an address"),
        (["checkout", "deploy", "--label", "team"], "--label: expected NAME=VALUE"),
        (["checkout", "deploy", "--at", "yesterday"], "--at: expected RFC 3339"),
        (["checkout", "deploy", "--at", "2099-01-01T00:00:00Z"], "--at: expected a time up to now"),
        (["checkout", "deploy", "--url", "localhost"], "--url: expected an address"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(arguments: list[str], reason: str) -> None:
    found = CliRunner().invoke(app, ["change", *arguments])
    assert isinstance(found.exception, UsageError)
    assert reason in str(found.exception)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", NOW - 90),
        ("1h", NOW - 3_600),
        ("1772359200.5", 1_772_359_200.5),
        ("2026-03-01T11:00:00+01:00", 1_772_359_200.0),
    ],
)
def test_a_moment_is_a_time_or_so_long_ago(text: str, expected: float) -> None:
    assert moment_of(text, NOW) == expected
