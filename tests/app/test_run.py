"""The daemon as a service: a real process, its signals, the control socket, its metrics, and what deploys it."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from aiops.app.build import build, check
from aiops.app.run import introduction
from aiops.config import Config, EndpointConfig, HttpConfig, SourceConfig, StateConfig, load_config
from aiops.daemon.control import act, send_request
from aiops.daemon.sources import build_source
from aiops.engine.engine import Engine
from aiops.errors import AiopsError, UsageError
from aiops.ports import Listens
from aiops.records import Action
from aiops.testing.daemon_process import DaemonProcess, spawn
from tests.daemons import bare_daemon


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DaemonProcess, int, Path]]:
    directory = tmp_path_factory.mktemp("service")
    config, port = directory / "aiops.toml", free_port()
    config.write_text(f'[state]\ndirectory = "{directory / "state"}"\n[http]\nport = {port}\n')
    daemon = spawn(config, directory / "state", directory / "log")
    daemon.wait_ready()
    wait_listening(port)
    yield daemon, port, config
    # What it is told to end with, it ends with: in order, and saying so.
    assert daemon.stop() == 0
    assert '"message": "stopped"' in (directory / "log").read_text()


def wait_listening(port: int) -> None:
    """The control socket answers a moment before the HTTP port does."""
    deadline = time.monotonic() + 120
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def post(port: int, *alerts: dict[str, object]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        connection.request("POST", "/ingest/archive", json.dumps(alerts), {"content-type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


def aiops(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aiops.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_an_alert_becomes_an_incident_that_people_act_on(running: tuple[DaemonProcess, int, Path]) -> None:
    daemon, port, config = running
    alert = {"kind": "alert", "ts": time.time(), "name": "DiskFull", "entity": "db1", "severity": "critical"}
    assert post(port, alert) == 200
    deadline = time.monotonic() + 120
    while not (found := json.loads(aiops("incidents", "list", "--config", str(config), "--json").stdout or "[]")):
        assert time.monotonic() < deadline
    id = found[0]["id"]
    done = aiops("incidents", "ack", id[:8], "--config", str(config), "--as", "kim", "--note", "on it")
    assert done.returncode == 0, done.stderr
    shown = json.loads(aiops("incidents", "show", id, "--config", str(config), "--json").stdout)
    assert shown["status"] == "acknowledged"
    wrong = aiops("incidents", "show", "nothing", "--config", str(config))
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
    with pytest.raises(AiopsError, match="another daemon uses it"):
        bare_daemon(Config(state=StateConfig(str(daemon.directory))), Engine)


def test_the_control_socket_answers_and_refuses_nonsense(running: tuple[DaemonProcess, int, Path]) -> None:
    daemon, _, _ = running
    assert (daemon.directory / "control.sock").stat().st_mode & 0o777 == 0o600
    assert daemon.health()["status"] == "ok"
    feedback = act(daemon.directory, Action(ts=0.0, verb="resolve", incident="no such", actor="kim"))
    assert feedback["applied"] is False
    for request in ({"ask": "nonsense"}, {"ask": "act", "action": {"kind": "action"}}):
        with pytest.raises(AiopsError, match="request: "):
            send_request(daemon.directory, request)
    with pytest.raises(UsageError, match="no daemon answers"):
        send_request(daemon.directory.parent, {"ask": "health"})


def test_sighup_reloads_and_a_bad_file_changes_nothing(running: tuple[DaemonProcess, int, Path]) -> None:
    daemon, _, config = running
    log, good = config.parent / "log", config.read_text()
    for text, said in (("nonsense = 1\n" + good, "nothing was reloaded"), (good, "reloaded endpoints")):
        config.write_text(text)
        daemon.signal(signal.SIGHUP)
        deadline = time.monotonic() + 120
        while said not in log.read_text():
            assert time.monotonic() < deadline, said
            time.sleep(0.05)
    assert daemon.health()["status"] == "ok"


def test_a_request_reloads_and_says_what_does_not_fit(running: tuple[DaemonProcess, int, Path]) -> None:
    _, port, config = running
    good, url = config.read_text(), f"http://127.0.0.1:{port}/-/reload"
    config.write_text("nonsense = 1\n" + good)
    failed = httpx2.post(url, timeout=120)
    config.write_text(good)
    assert (failed.status_code, "nonsense" in failed.text) == (500, True)
    assert httpx2.post(url, timeout=120).status_code == 200


def test_config_check_builds_everything_and_names_the_place(tmp_path: Path) -> None:
    assert any(line.startswith("sources: http") for line in check(Config(state=StateConfig(str(tmp_path)))))
    bad = tmp_path / "bad.toml"
    bad.write_text('[[endpoints]]\nname = "x"\ntype = "nothing"\n')
    done = aiops("config", "check", str(bad))
    assert done.returncode == 2
    assert "expected one of" in done.stderr
    bad.write_text("[journal]\nkep_s = 1\n")
    done = aiops("config", "check", str(bad))
    assert "unknown field `kep_s` - at `$.journal`" in done.stderr


def test_what_is_left_out_fails_the_check_and_warns_in_the_daemon(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(
        f'[state]\ndirectory = "{tmp_path / "state"}"\n[http]\nenabled = false\n'
        f'[playbooks.options]\nplaybooks = ["{tmp_path / "absent"}"]\n'
    )
    done = aiops("config", "check", str(bad))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert f"{tmp_path / 'absent'}: expected a playbook file or a folder of them" in done.stderr
    assert "the configuration is good" not in done.stdout
    daemon = build(load_config(bad))
    try:
        assert any("absent" in text for text in daemon.health()["warnings"])
    finally:
        daemon.close()


@pytest.mark.parametrize("section", ["causes", "playbooks", "similar"])
def test_an_option_that_a_model_does_not_know_is_an_error(section: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(f"[{section}.options]\nlexikon = 1\n")
    with pytest.raises(UsageError, match=r"unknown option 'lexikon' \(use "):
        check(load_config(bad))


def test_ages_of_the_store_are_bounded(tmp_path: Path) -> None:
    for key in ("incidents_s", "audit_s", "letters_s", "deliveries_s"):
        for value, said in ((0, ">= 3600"), (-1, ">= 3600"), (1e12, "<= 316224000"), ("nan", ">= 3600")):
            with pytest.raises(UsageError, match=rf"{said}.* - at `\$\.store\.{key}`"):
                load_config(None, [f"store.{key}={value}"])
    assert load_config(None, ["store.letters_s=3600"]).store.letters_s == 3600


@pytest.mark.parametrize("reuse", [0, 1])
def test_an_address_in_use_ends_the_start_with_one_sentence(tmp_path: Path, reuse: int) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = aiops("run", "--set", f"state.directory={tmp_path / 'state'}", "--set", f"http.port={port}")
    assert done.returncode == 2
    [line] = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert line == (
        f"aiops: http: cannot listen on 127.0.0.1:{port}: Address already in use; "
        "set http.host and http.port, or end what uses the port"
    )


def test_the_start_shows_where_the_page_is_and_what_is_not_configured(tmp_path: Path) -> None:
    config, state, port = tmp_path / "aiops.toml", tmp_path / "state", free_port()
    config.write_text(f'[state]\ndirectory = "{state}"\n[http]\nport = {port}\n')
    daemon = spawn(config, state, tmp_path / "log")
    daemon.wait_ready()
    assert daemon.stop() == 0
    shown = [line for line in (tmp_path / "log").read_text().splitlines() if line.startswith("aiops: ")]
    assert shown[:4] == [
        f"aiops: page and API at http://127.0.0.1:{port}/",
        f"aiops: alerts to http://127.0.0.1:{port}/ingest/NAME "
        "(`aiops connectors setup NAME` prints what to enter in a tool)",
        f"aiops: state in {state}",
        "aiops: not configured: no endpoint: nobody is notified; see docs/delivery.md",
    ]
    assert any("no topology: causes are weaker" in line for line in shown)
    assert any("no tokens: " in line for line in shown)


@pytest.mark.parametrize(
    ("tokens", "hint"),
    [
        ([{"name": "ann", "scopes": ["write"]}, {"name": "prom", "scopes": ["ingest"]}], "sign in with a token of ann"),
        ([{"name": "prom", "scopes": ["ingest"]}], "nobody can sign in: no token may read"),
    ],
)
def test_the_start_shows_whose_token_signs_in(tokens: list[dict[str, object]], hint: str) -> None:
    config = Config(http=HttpConfig(options={"tokens": tokens}))
    shown = introduction(config, ["http://127.0.0.1:8640/"])
    assert hint in shown
    assert not any("no tokens" in line for line in shown)


def test_the_page_is_where_others_reach_it() -> None:
    config = Config(topology="graph.json", endpoints=[EndpointConfig("pager", "webhook")])
    shown = introduction(config, ["https://aiops.example.org/"])
    assert shown[0] == "page and API at https://aiops.example.org/"
    assert shown[1].startswith("alerts to https://aiops.example.org/ingest/NAME (")
    assert not any("no topology" in line or "no endpoint" in line for line in shown)
    for options, url in (
        ({"host": "::1", "port": 0}, r"http://\[::1\]:[1-9]\d*/"),
        ({"external_url": "https://aiops.example.org"}, "https://aiops.example.org/"),
    ):
        source = build_source(SourceConfig("http", "http", {"port": 0, **options}))
        assert isinstance(source, Listens)
        source.bind()
        assert re.fullmatch(url, source.url)
        source.unbind()
