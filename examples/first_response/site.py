"""The files of the example's daemon, and the daemon: the one of `aiops run`, in this process."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiops.app.build import build
from aiops.config import load_config
from aiops.daemon.daemon import Daemon
from aiops.http.auth import new_token, token_hash
from aiops.http.client import HttpClient, HttpFailure
from aiops.telemetry import logs
from examples.first_response.shop import CLUSTER_TOKEN, DEPLOYMENTS, Shop, sender

FILES = Path(__file__).with_name("files")
PEOPLE = ("ann", "bob", "monitoring")
PLAYBOOK = "rollback-after-bad-rollout"
HOSTS = 20
DEADLINE_S = 60.0
PAUSE_S = 0.05
MAX_BYTES = 10_000_000
Json = dict[str, Any]
# msgspec crashes where two threads are the first to decode a type.
_BUILDING = threading.Lock()


class Late(Exception):
    """Raised if something that was waited for did not happen."""


def until(reached: Callable[[], Any], what: str) -> Any:
    """Wait until a function returns something true, and return that; raise `Late` after two minutes."""
    deadline = time.monotonic() + DEADLINE_S
    while not (found := reached()):
        if time.monotonic() > deadline:
            raise Late(f"waited {DEADLINE_S:g} s in vain: {what}")
        time.sleep(PAUSE_S)
    return found


def free_port() -> int:
    """Return a port of this host that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


class Site:
    """A directory with the files of a daemon, and its API by the tokens of its people."""

    def __init__(self, directory: Path, shop: Shop, port: int = 0) -> None:
        """Write the files; those of people's tokens are called `ann.token` and so on."""
        self.directory, self.shop = directory, shop
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = directory / "aiops.toml"
        self.tokens: dict[str, str] = {}
        self._client = HttpClient(allow_private=True)
        self._write()

    def _write(self) -> None:
        directory = self.directory
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "cluster-token").write_text(CLUSTER_TOKEN)
        for name in PEOPLE:
            place = directory / f"{name}.token"
            if not place.exists():
                place.write_text(new_token())
                place.chmod(0o600)
            self.tokens[name] = place.read_text()
        nodes = [{"id": name, "kind": "deployment"} for name in DEPLOYMENTS]
        nodes += [{"id": f"node-{number}", "kind": "host"} for number in range(1, HOSTS + 1)]
        (directory / "topology.json").write_text(json.dumps({"nodes": nodes, "edges": []}, indent=1))
        shutil.copytree(FILES / "playbooks", directory / "playbooks", dirs_exist_ok=True)
        values: dict[str, Any] = {name: token_hash(token) for name, token in self.tokens.items()}
        values |= {"directory": directory, "port": self.port, "kubernetes": self.shop.api.url}
        values |= {"prometheus": self.shop.prometheus_url, "pager": self.shop.pager.url}
        self.config.write_text((FILES / "aiops.toml").read_text().format(**values))

    def edit(self, file: str, changes: Mapping[str, str]) -> None:
        """Replace parts of a file; each must be there."""
        place = self.directory / file
        text = place.read_text()
        for old, new in changes.items():
            if old not in text:
                raise ValueError(f"{place}: expected {old!r}")
            text = text.replace(old, new, 1)
        place.write_text(text)

    @contextmanager
    def running(self) -> Iterator[Daemon]:
        """Run the daemon, with the shop's alerts sent to it."""
        logs.set_up("error")
        with _BUILDING:
            daemon = build(load_config(self.config))
        daemon.start()
        try:
            until(self._is_ready, "the daemon to be ready")
            self.shop.alert_to = sender(self.url, self.tokens["monitoring"])
            yield daemon
        finally:
            self.shop.alert_to = lambda record: False
            daemon.stop()

    def _is_ready(self) -> bool:
        try:
            return self._client.send("GET", f"{self.url}/readyz").status == 200
        except HttpFailure:
            return False

    def call(self, method: str, path: str, body: Json | None = None, person: str = "ann") -> tuple[int, Json]:
        """Send a request to the API; return the status and the answer."""
        headers = {"authorization": f"Bearer {self.tokens[person]}", "content-type": "application/json"}
        sent = b"" if body is None else json.dumps(body).encode()
        answer = self._client.send(
            method, self.url + path, body=sent, headers=headers, timeout_s=30.0, answer_bytes=MAX_BYTES
        )
        found: Json = json.loads(answer.body)
        return answer.status, found

    def get(self, path: str) -> Json:
        """Return the answer to a GET; raise `ValueError` for an error."""
        return self._accepted("GET", path, None)

    def post(self, path: str, body: Json, person: str = "ann") -> Json:
        """Return the answer to a POST; raise `ValueError` for an error."""
        return self._accepted("POST", path, body, person)

    def _accepted(self, method: str, path: str, body: Json | None, person: str = "ann") -> Json:
        status, answer = self.call(method, path, body, person)
        if status >= 300:
            raise ValueError(f"{method} {path}: {status} {answer}")
        return answer

    def incident_on(self, name: str, reads: int = 0) -> Json:
        """Wait for the open incident of a deployment, with suspects and playbooks; return it."""

        def found() -> Json | None:
            for line in self.get("/api/v1/incidents")["incidents"]:
                if line["status"] not in ("open", "acknowledged"):
                    continue
                one: Json = self.get(f"/api/v1/incidents/{line['id']}")["incident"]
                if name in one["entities"] and one.get("causes") and one.get("playbooks"):
                    return one
            return None

        incident: Json = until(found, f"the incident of {name}")
        return incident

    def plan(self, incident: str, playbook: str = PLAYBOOK) -> Json:
        """Return the dry run of a playbook, with each guard's answer."""
        plan: Json = self.get(f"/api/v1/incidents/{incident}/plan?playbook={playbook}")["plan"]
        return plan

    def runs_of(self, incident: str) -> list[Json]:
        """Return the runs for an incident, the last one first."""
        return [one for one in self.get("/api/v1/runs")["runs"] if one["incident"] == incident]
