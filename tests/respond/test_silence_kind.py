"""Silences in Alertmanager: bounded, typed, in force when the step ends, and ended by a rollback."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.errors import UsageError
from aiops.http.client import HttpClient
from aiops.respond.calls import Call, calls_of
from aiops.respond.execution import Execution
from aiops.respond.gate import PlanGate
from aiops.respond.history import Run
from aiops.respond.parameters import Values
from aiops.respond.silence_kind import Silence, SilenceKind, SilenceMatcher
from aiops.respond.transport import RunTransport
from aiops.step_kinds.exchange import Reply
from aiops.step_kinds.systems import System
from tests.respond.scripted import Scripted, keyed
from tests.waiting import eventually

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
MATCHERS = [
    SilenceMatcher(label="host", value="{{ host }}"),
    SilenceMatcher(label="alertname", op="=~", value="Disk.*"),
]
ID = "0b7ae8f2-0c9f-4c50-9d3a-2a0a3a6fdc11"


def calls(samples: Any, url: str = "https://alerts.example", value: str = "web-1", **more: Any) -> list[Call]:
    """The requests of a playbook that silences a host."""
    step = Silence(name="no pages", **{"matchers": MATCHERS, "duration": "1h", **more})
    book = msgspec.structs.replace(samples.playbook(), steps=[step])
    systems = {"alertmanager": System("alertmanager", "alertmanager", url)}
    return calls_of(book, ["web-1"], [Values({"host": value}, {})], systems)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"duration": "25h"}, "duration: expected up to"),
        ({"duration": "0s"}, "duration: expected up to"),
        ({"matchers": MATCHERS[1:]}, "expected one with `=`"),
        ({"matchers": [*MATCHERS, SilenceMatcher(label="a", op="=~", value="{{ host }}")]}, "no placeholder in an exp"),
        ({"value": ""}, "expected text as the value of 'host'"),
    ],
)
def test_a_silence_that_is_too_wide_or_too_long_is_refused(samples: Any, more: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        calls(samples, **more)


@pytest.mark.parametrize("label", ["a b", "", "1a", 'a="x",b', "a\n"])
def test_a_label_is_a_name(label: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"label": label, "value": "x"}, SilenceMatcher)


def test_times_are_those_of_the_request_and_the_plan_names_them(samples: Any) -> None:
    run = Scripted(
        Reply(200, body=b'{"silenceID": "%s"}' % ID.encode()), Reply(200, body=b'{"status": {"state": "active"}}')
    )
    outcome = run.execution.run(keyed(calls(samples)[0]))
    assert outcome.state == "executed"
    taken = run.last("outcome")["taken"]
    assert (taken["id"], taken["begins"][-1], len(taken["ends"])) == (ID, "Z", 20)
    assert run.sent[1] == f"https://alerts.example/api/v2/silence/{ID}"


@pytest.mark.parametrize(
    ("state", "found"), [("active", "done"), ("pending", "working"), ("expired", "failed"), (None, "failed")]
)
def test_a_silence_is_in_force_once_it_is_active(state: str | None, found: str) -> None:
    prepared = SilenceKind().prepare(
        Silence(name="x", matchers=MATCHERS), {"host": "a"}, System("am", "alertmanager", "u")
    )
    assert (
        SilenceKind().progress(prepared, Reply(200, body=json.dumps({"status": {"state": state}}).encode())).state
        == found
    )


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Alertmanager."""
    if BINARY is None:
        pytest.skip("needs Alertmanager (Debian: prometheus-alertmanager)")
    folder = tmp_path_factory.mktemp("alertmanager")
    (folder / "am.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [BINARY, f"--config.file={folder / 'am.yml'}", f"--storage.path={folder}", "--cluster.listen-address="]
    process = subprocess.Popen([*argv, f"--web.listen-address=127.0.0.1:{port}"], stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: ready(url))
        yield url
    finally:
        process.terminate()
        process.wait(60)


def ready(url: str) -> bool:
    """Return True once a server answers."""
    try:
        return bool(urllib.request.urlopen(f"{url}/-/ready", timeout=5).status == 200)
    except OSError:
        return False


def silences(url: str) -> list[dict[str, Any]]:
    """The silences of an Alertmanager."""
    found: list[dict[str, Any]] = json.loads(urllib.request.urlopen(f"{url}/api/v2/silences", timeout=30).read())
    return found


def test_a_real_alertmanager_silences_and_a_rollback_ends_it(samples: Any, alertmanager: str, tmp_path: Path) -> None:
    value = 'web-1",x=~".*'
    planned, lines = calls(samples, alertmanager, value), list[tuple[str, dict[str, Any]]]()
    transport = RunTransport({}, client=HttpClient(allow_private=True))
    gate = PlanGate(planned, transport, lambda: None, lambda pause_s: None)
    run = Run("r", "p", "1.0.0", "i", ["web-1"], 0.0)
    execution = Execution(run, gate, lambda kind, data: lines.append((kind, data)))
    outcome = execution.run(keyed(planned[0]))
    assert (outcome.state, outcome.done) == ("executed", ["no pages on web-1: done"])
    [made] = silences(alertmanager)
    assert {(one["name"], one["value"], one["isRegex"], one["isEqual"]) for one in made["matchers"]} == {
        ("host", value, False, True),
        ("alertname", "Disk.*", True, True),
    }
    assert (made["status"]["state"], made["comment"]) == ("active", "by a playbook: no pages")
    taken = next(data["taken"] for kind, data in lines if kind == "outcome")
    assert made["id"] == taken["id"]
    assert execution.send(planned[1], "key", taken).problem is None
    assert silences(alertmanager)[0]["status"]["state"] == "expired"
    transport.close()
