"""Actions on incidents at a real daemon that is killed between the action and its answer: all or nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx2

from tests.web.test_daemon import free_port, ready, wait_for

ALERTS = [(f"Rule{number}", "shop") for number in range(4)]
# How long after the request is sent the daemon dies: before the journal, between journal and store, after the answer.
DELAYS_S = (0.0, 0.002, 0.005, 0.01, 0.02, 0.05)


class Killed:
    """A daemon of its own process that is killed and started again on one state directory."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.port = directory, free_port()
        self.config = directory / "aiops.toml"
        self.config.write_text(f'[state]\ndirectory = "{directory}/state"\n[http]\nport = {self.port}\n')
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "aiops.cli", "run", "--config", str(self.config)]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(lambda: ready(self.client), self.directory / "log")

    def kill(self) -> None:
        assert self.process is not None
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def ask(self, path: str) -> Any:
        return self.client.get(f"/api/v1/{path}").json()

    def act(self, path: str, body: dict[str, Any]) -> threading.Thread:
        """Send an action, whose answer may never come."""

        def send() -> None:
            try:
                httpx2.post(f"http://127.0.0.1:{self.port}/api/v1/incidents/{path}", json=body, timeout=60)
            except httpx2.TransportError:
                return

        thread = threading.Thread(target=send)
        thread.start()
        return thread


def whole(killed: Killed) -> tuple[list[dict[str, Any]], list[str]]:
    """All incidents that are open, with their streams, and what the engine applied by the audit."""
    lines = killed.ask("incidents?status=open,acknowledged")["incidents"]
    incidents = [killed.ask(f"incidents/{line['id']}")["incident"] for line in lines]
    entries = killed.ask("audit?limit=1000")["entries"]
    return incidents, [
        one["text"] for one in entries if one["topic"] == "feedback" and "not applied" not in one["text"]
    ]


def test_a_kill_between_action_and_answer_leaves_all_or_nothing(tmp_path: Path) -> None:
    killed = Killed(tmp_path)
    killed.start()
    try:
        now = time.time()
        lines = [
            json.dumps({"kind": "alert", "ts": now, "name": name, "entity": one, "severity": "critical", "id": name})
            for name, one in ALERTS
        ]
        answer = killed.client.post(
            "/ingest/archive", content="\n".join(lines), headers={"content-type": "application/x-ndjson"}
        )
        assert answer.status_code == 200, answer.text
        wait_for(lambda: whole(killed)[0] and whole(killed)[0][0]["stream_count"] == len(ALERTS))
        [first] = whole(killed)[0]
        splits = 0
        for delay in DELAYS_S:
            member = killed.ask(f"incidents/{first['id']}")["incident"]["members"][0]["fingerprint"]
            path, body = (f"{first['id']}/split", {"alerts": [member]}) if splits == 0 else (f"{first['id']}/undo", {})
            sent = killed.act(path, body)
            time.sleep(delay)
            killed.kill()
            sent.join()
            killed.start()
            incidents, applied = whole(killed)
            done = [text for text in applied if text.startswith(("split", "undo"))]
            splits = sum(text.startswith("split") for text in done) - sum(text.startswith("undo") for text in done)
            # Applied or not, every stream is in one open incident, and the audit agrees with the incidents.
            streams = sorted(one["fingerprint"] for incident in incidents for one in incident["members"])
            assert len(streams) == len(set(streams)) == len(ALERTS)
            assert len(incidents) == 1 + splits
        killed.kill()
        # The journal alone gives the same incidents.
        out = tmp_path / "again.jsonl"
        command = [
            sys.executable,
            "-m",
            "aiops.cli",
            "replay",
            "--journal",
            f"{tmp_path}/state/journal",
            "--out",
            str(out),
        ]
        subprocess.run(command, check=True, capture_output=True)
        again = [json.loads(line) for line in out.read_text().splitlines()]
        shown = {one["id"]: sorted(member["fingerprint"] for member in one["members"]) for one in again}
        for incident in incidents:
            assert shown[incident["id"]] == sorted(member["fingerprint"] for member in incident["members"])
    finally:
        killed.kill()
        killed.client.close()
