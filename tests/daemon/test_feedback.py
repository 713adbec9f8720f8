"""Feedback through a whole daemon: what is refused is a refusal to whoever asked, with the sentence."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner, Result

from aiops.app.build import build
from aiops.archive import write
from aiops.cli.app import app
from aiops.config import load_config
from aiops.daemon.daemon import Daemon
from aiops.errors import AiopsError
from aiops.records import Alert
from tests.listening import listening
from tests.waiting import WITHIN_S, eventually


class Running:
    """A daemon with an incident, a client of its API and its command line."""

    def __init__(self, daemon: Daemon, client: httpx2.Client) -> None:
        self.daemon, self.client = daemon, client
        self.incident = self._incident()

    def _incident(self) -> str:
        fields: dict[str, Any] = {"kind": "alert", "severity": "critical", "entity": "checkout", "service": "checkout"}
        at = time.time()
        records = [fields | {"ts": at, "name": name, "id": f"{name}-checkout"} for name in ("Errors", "Latency")]
        body = "\n".join(json.dumps(record) for record in records)
        kind = {"content-type": "application/x-ndjson"}
        assert self.client.post("/ingest/archive", content=body, headers=kind).status_code == 200

        def found() -> str | None:
            lines = self.client.get("/api/v1/incidents").json()["incidents"]
            name = str(lines[0]["id"]) if lines else ""
            return name if name and len(self.shown(name)["members"]) == 2 else None

        return str(eventually(found))

    def api(self, incident: str, path: str, body: dict[str, Any]) -> httpx2.Response:
        return self.client.post(f"/api/v1/incidents/{incident}/{path}", json=body)

    def shown(self, incident: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/v1/incidents/{incident}").json()["incident"]
        return found

    def run(self, *words: object) -> Result:
        command = [*map(str, words), "--state", str(self.daemon.directory)]
        return CliRunner().invoke(app, command, env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("feedback")
    path = directory / "aiops.toml"
    path.write_text(f'[state]\ndirectory = "{directory}/state"\n[inbox]\ntick_s = 0.1\n[http]\nport = 0\n')
    daemon = build(load_config(path))
    daemon.start()
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{listening(daemon)}", timeout=WITHIN_S) as client:
            yield Running(daemon, client)
    finally:
        daemon.stop()


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("confirm-cause", {"entity": "nonexistent"}, "expected an entity of the incident (checkout)"),
        ("confirm-grouping", {"wrong": ["nonexistent"]}, "(Errors-checkout, Latency-checkout)"),
        ("confirm-grouping", {"alerts": ["nonexistent"]}, "(Errors-checkout, Latency-checkout)"),
    ],
)
def test_the_api_refuses_what_does_not_apply(running: Running, path: str, body: dict[str, Any], said: str) -> None:
    before = running.shown(running.incident)["explanation"]
    answer = running.api(running.incident, path, body)
    assert (answer.status_code, said in answer.json()["error"]) == (409, True), answer.text
    assert running.shown(running.incident)["explanation"] == before


def test_a_resolved_incident_is_not_acknowledged(running: Running) -> None:
    # The other tests ask nothing that a resolved incident refuses.
    assert running.api(running.incident, "resolve", {}).status_code == 200
    answer = running.api(running.incident, "acknowledge", {})
    assert answer.status_code == 409
    assert "only an open incident can be acknowledged" in answer.json()["error"]
    done = running.run("incidents", "ack", running.incident)
    assert done.exit_code == 1
    assert isinstance(done.exception, AiopsError)
    assert "only an open incident can be acknowledged" in str(done.exception)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--cause", "nonexistent"), "expected an entity of the incident (checkout)"),
        (("--wrong", "nonexistent"), "(Errors-checkout, Latency-checkout)"),
        (("--belongs", "nonexistent"), "(Errors-checkout, Latency-checkout)"),
        (("--cause", "checkout", "--outcome", "helped"), "expected with --playbook only"),
    ],
)
def test_the_command_line_refuses_what_does_not_apply(running: Running, words: tuple[str, ...], said: str) -> None:
    done = running.run("incidents", "confirm", running.incident, *words)
    assert done.exit_code == 1
    assert isinstance(done.exception, AiopsError)
    assert said in str(done.exception)


def test_numbers_of_messages_and_an_endpoint_are_one_too_many(running: Running) -> None:
    for command in ("retry", "drop"):
        done = running.run("outbox", command, 1, "--endpoint", "pager")
        assert "expected with --all only" in str(done.exception)


def test_ids_that_are_shown_can_be_used(running: Running) -> None:
    [first, second] = [member["alert_id"] for member in running.shown(running.incident)["members"]]
    shown = running.run("incidents", "show", running.incident).output
    page = running.client.get(f"/incidents/{running.incident}").text
    for name in (first, second):
        assert name in shown
        assert name in page
    done = running.run("incidents", "confirm", running.incident, "--wrong", second)
    assert done.exit_code == 0, done.output
    assert "grouping judged wrong for 1 alert; recorded with the incident" in done.output


def test_the_star_is_at_the_model_that_the_daemon_uses(running: Running, tmp_path: Path) -> None:
    source = random.Random(1)
    ts, records = 1_700_000_000.0, []
    for _ in range(3_000):
        ts += source.expovariate(1 / 20)
        entity = f"host-{source.randrange(10)}"
        records.append(Alert(ts=ts, name=f"check-{source.randrange(4)}", entity=entity, severity="warning"))
    write(tmp_path / "calm.jsonl", records)
    shelf = ("--dir", tmp_path / "shelf")

    def trained(algorithm: str) -> str:
        done = running.run("models", "train", tmp_path / "calm.jsonl", "--algorithm", algorithm, *shelf, "--json")
        assert done.exit_code == 0, done.output
        return str(json.loads(done.output)["id"])

    def current() -> dict[str, bool]:
        listed = json.loads(running.run("models", "list", *shelf, "--json").output)
        return {row["id"]: row["current"] for row in listed}

    first, second = trained("pca"), trained("hbos")
    assert current() == {first: False, second: False}
    assert "the daemon uses none" in running.run("models", "list", *shelf).output
    forced = ("--force", "--reason", "a try")
    assert running.run("models", "promote", first, *forced, *shelf).exit_code == 0
    eventually(lambda: current() == {first: True, second: False})
    aside = tmp_path / "swap.jsonl"
    assert running.run("models", "promote", second, *forced, "--out", aside, *shelf).exit_code == 0
    assert current() == {first: True, second: False}
    assert f"the daemon uses {first}" in running.run("models", "list", *shelf).output
    other = running.run("models", "list", "--dir", tmp_path / "other").output
    assert f"not listed: {first} (detect)" in other
