"""Every command of the real amtool against a real daemon: it works, or answers with a sentence."""

from __future__ import annotations

import getpass
import hashlib
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.records.decode import format_time
from aiops.testing.daemon_process import spawn
from tests.waiting import eventually

AMTOOL = shutil.which("amtool")
pytestmark = pytest.mark.skipif(AMTOOL is None, reason="needs amtool (Debian: prometheus-alertmanager)")

CONFIG = """
[state]
directory = "{state}"
[http]
port = {port}
external_url = "http://127.0.0.1:{port}/alertmanager"
[[endpoints]]
name = "hook"
type = "webhook"
options = {{ url = "http://127.0.0.1:9/none", allow_private = true }}
"""
TOKENS = """
[[http.options.tokens]]
name = "reader"
scopes = ["read"]
sha256 = "{read}"
[[http.options.tokens]]
name = "writer"
scopes = ["write"]
sha256 = "{write}"
"""


class Amtool:
    """The command with the address of a daemon, below the path of its external URL."""

    def __init__(self, port: int, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{port}/alertmanager"
        self.folder = folder

    def run(self, *words: str, input: str = "") -> subprocess.CompletedProcess[str]:
        """Run it; without the note that it is of another release than the server."""
        given = [str(AMTOOL), f"--alertmanager.url={self.url}", "--no-version-check", *words]
        home = {"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "USER": getpass.getuser()}
        return subprocess.run(given, check=False, capture_output=True, text=True, input=input, timeout=300, env=home)

    def ok(self, *words: str, input: str = "") -> str:
        """Return what a command prints; it must succeed."""
        done = self.run(*words, input=input)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fails(self, *words: str) -> str:
        """Return the error of a command; it must fail, and never for a shape that it cannot read."""
        done = self.run(*words)
        assert done.returncode != 0, done.stdout
        for go in ("unmarshal", "swagger", "panic", "nil pointer"):
            assert go not in done.stderr
        return done.stderr

    def alerts(self, *words: str) -> list[dict[str, Any]]:
        """Return the alerts of a query."""
        found: list[dict[str, Any]] = json.loads(self.ok("-o", "json", "alert", "query", *words))
        return found

    def silences(self, *words: str) -> list[dict[str, Any]]:
        """Return the silences of a query."""
        found: list[dict[str, Any]] = json.loads(self.ok("-o", "json", "silence", "query", *words))
        return found


@pytest.fixture(scope="module")
def amtool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Amtool]:
    folder = tmp_path_factory.mktemp("amtool")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "aiops.toml"
    config.write_text(CONFIG.format(state=folder / "state", port=port))
    daemon = spawn(config, folder / "state", folder / "log")
    try:
        daemon.wait_ready()
        made = Amtool(port, folder)
        eventually(lambda: made.run("cluster").returncode == 0)
        _add(made)
        yield made
    finally:
        daemon.stop()


def _add(amtool: Amtool) -> None:
    """Two alerts, as a person would add them."""
    amtool.ok(
        *("alert", "add", "HighLatency", "severity=page", "instance=web-1:9100", "service=checkout"),
        *("--annotation=summary=p99 is 2 s", "--annotation=runbook_url=https://r.example/latency"),
        "--generator-url=http://prom.example/graph",
    )
    amtool.ok("alert", "add", "alertname=DiskFull", "severity=warning", "instance=db-1")
    eventually(lambda: len(amtool.alerts()) == 2)


def names(alerts: list[dict[str, Any]]) -> list[str]:
    return sorted(one["labels"]["alertname"] for one in alerts)


def test_alerts_are_shown_in_each_format(amtool: Amtool) -> None:
    assert amtool.ok("alert").splitlines()[0].split() == ["Alertname", "Starts", "At", "Summary", "State"]
    assert "p99 is 2 s" in amtool.ok("-o", "simple", "alert", "query")
    extended = amtool.ok("-o", "extended", "alert", "query")
    assert 'alertname="HighLatency" instance="web-1:9100" service="checkout" severity="page"' in extended
    assert 'runbook_url="https://r.example/latency" summary="p99 is 2 s"' in extended
    assert "http://prom.example/graph" in extended


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["HighLatency"], ["HighLatency"]),
        (["severity=page"], ["HighLatency"]),
        (["severity!=page"], ["DiskFull"]),
        (["instance=~db.*"], ["DiskFull"]),
        (["instance!~db.*", "service=checkout"], ["HighLatency"]),
        (["nothing=here"], []),
        (["-a"], ["DiskFull", "HighLatency"]),
        (["--active"], ["DiskFull", "HighLatency"]),
        (["-s"], []),
        (["-i"], []),
        (["-u"], []),
        (["-s", "-i", "-a", "-u"], ["DiskFull", "HighLatency"]),
        (["--receiver=hook"], ["DiskFull", "HighLatency"]),
        (["--receiver=none"], []),
    ],
    ids=str,
)
def test_every_filter_of_alert_query_works(amtool: Amtool, words: list[str], expected: list[str]) -> None:
    assert names(amtool.alerts(*words)) == expected


def test_alert_add_takes_its_times(amtool: Amtool) -> None:
    end = format_time(float(int(time.time()) + 7_200))
    times = ("--start=2026-01-01T00:00:00Z", f"--end={end}")
    amtool.ok("alert", "add", "alertname=Timed", "instance=t-1", *times)
    [found] = eventually(lambda: amtool.alerts("Timed"))
    assert (found["startsAt"], found["endsAt"]) == ("2026-01-01T00:00:00.000Z", end)
    amtool.ok("alert", "add", "alertname=Timed", "instance=t-1", times[0], "--end=2026-01-02T00:00:00Z")
    eventually(lambda: not amtool.alerts("Timed"))
    # A word that is no matcher is the name.
    amtool.ok("alert", "add", "Bare", "--end=2026-01-02T00:00:00Z")


def test_a_silence_lives_from_add_to_expire(amtool: Amtool) -> None:
    name = amtool.ok("silence", "add", "severity=page", "--comment=works", "--author=ann", "--duration=1h").strip()
    [alert] = amtool.alerts("-s")
    assert (alert["status"]["state"], alert["status"]["silencedBy"]) == ("suppressed", [name])
    assert names(amtool.alerts("-a")) == ["DiskFull"]
    [found] = amtool.silences("severity=page")
    assert (found["id"], found["createdBy"], found["comment"]) == (name, "ann", "works")
    assert name in amtool.ok("silence", "query", "--quiet")
    assert "works" in amtool.ok("-o", "extended", "silence", "query", "--created-by=ann")
    assert name in amtool.ok("silence", "update", "--duration=2h", "--comment=longer", name)
    assert amtool.silences()[0]["comment"] == "longer"
    assert amtool.ok("silence", "expire", name) == ""
    assert amtool.silences() == []
    assert [one["id"] for one in amtool.silences("--expired")] == [name]
    assert [one["id"] for one in amtool.silences("--expired", "--within=1h")] == [name]
    assert "has expired" in amtool.fails("silence", "expire", name)
    assert names(amtool.alerts("-a", "HighLatency")) == ["HighLatency"]


def test_silences_are_exported_and_imported(amtool: Amtool) -> None:
    matchers = ("team=db", "a!=b", "c=~d.*", "e!~f")
    name = amtool.ok("silence", "add", *matchers, "--comment=x", "--start=2099-01-01T00:00:00Z").strip()
    exported = amtool.ok("-o", "json", "silence", "query")
    assert amtool.ok("silence", "import", input=exported).strip() == name
    other = amtool.ok("silence", "import", "--force", input=exported).strip()
    assert len(amtool.silences()) == 2
    amtool.ok("silence", "expire", name, other)
    assert amtool.silences() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["silence", "add", "a=b"], "comment required"),
        (["silence", "add", "a=~.*", "--comment=x"], "match every alert"),
        (["silence", "add", "a=b", "a=~(", "--comment=x"], "missing"),
        (["silence", "add", "a=b", "--comment=x", "--end=2020-01-01T00:00:00Z"], "start"),
        (["silence", "expire", "none"], "not found"),
        (["silence", "update", "none", "--duration=1h"], "getSilenceNotFound"),
        (["silence", "query", "a=b", "=("], "expected a label"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_a_sentence(amtool: Amtool, words: list[str], said: str) -> None:
    assert said in amtool.fails(*words)


def test_cluster_configuration_and_routes_are_shown(amtool: Amtool) -> None:
    assert "disabled" in amtool.ok("cluster", "show")
    original = amtool.ok("config", "show")
    assert "receiver: hook" in original
    assert "receiver: hook" in amtool.ok("config", "routes", "show")
    assert amtool.ok("config", "routes", "test", "severity=page").strip() == "hook"
    amtool.ok("config", "routes", "test", "--verify.receivers=hook", "severity=page")
    amtool.fails("config", "routes", "test", "--verify.receivers=other", "severity=page")


def test_commands_without_a_server_work_on_our_files(amtool: Amtool) -> None:
    path = amtool.folder / "alertmanager.yml"
    path.write_text(amtool.ok("config", "show"))
    assert "SUCCESS" in amtool.ok("check-config", str(path))
    (amtool.folder / "a.tmpl").write_text('{{ define "x" }}{{ .Receiver }}{{ end }}')
    glob = f"--template.glob={amtool.folder}/*.tmpl"
    assert amtool.ok("template", "render", glob, '--template.text={{ template "x" . }}')


def test_a_token_is_the_password_of_basic_authentication(tmp_path: Path) -> None:
    token = "x" * 32
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = CONFIG.format(state=tmp_path / "state", port=port) + TOKENS.format(
        read=hashlib.sha256(b"reader" * 5).hexdigest(), write=hashlib.sha256(token.encode()).hexdigest()
    )
    config = tmp_path / "aiops.toml"
    config.write_text(given)
    for name, secret in (("write", token), ("read", "reader" * 5), ("wrong", "wrong")):
        (tmp_path / f"{name}.yml").write_text(json.dumps({"basic_auth": {"username": "amtool", "password": secret}}))
    daemon = spawn(config, tmp_path / "state", tmp_path / "log")
    try:
        daemon.wait_ready()
        made = Amtool(port, tmp_path)
        write, read, wrong = (f"--http.config.file={tmp_path / name}.yml" for name in ("write", "read", "wrong"))
        eventually(lambda: made.run(write, "cluster").returncode == 0)
        assert made.ok(write, "silence", "add", "a=b", "--comment=x").strip()
        assert "a=" in made.ok(read, "silence", "query")
        for header, words in ((read, ("silence", "add", "a=b", "--comment=x")), (wrong, ("alert",))):
            done = made.run(header, *words)
            assert done.returncode != 0
            assert "status 40" in done.stderr
    finally:
        daemon.stop()
