"""A site to take pictures of: a simulated one, an hour of it, with a clock that always begins at the same time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from aiops.app.build import build_daemon, sources_of, topology_of
from aiops.app.engine import build_engine
from aiops.config import load_config
from aiops.daemon.opening import Clocks
from aiops.http.auth import new_token, token_hash
from aiops.simulate import Options, save, simulate
from aiops.testing.receiver import Reply, receiving
from tests.browser import seeds
from tests.listening import listening
from tests.waiting import WITHIN_S, eventually

# Chosen by looking: faults of several kinds, one of them by a deploy.
OPTIONS = Options(seed=11, services=20, faults=9, noise=5.0, hours=1.5)
END = OPTIONS.start + 0.75 * OPTIONS.hours * 3_600
# The incident of 200 members: every pod of a service, twice.
LARGE = "edge-proxy"
TOKEN = new_token()
_CONFIG = """
topology = "{directory}/site/topology.json"
[state]
directory = "{directory}/state"
[inbox]
tick_s = 0.1
[playbooks]
use = "playbooks"
[respond]
ceiling = "approve"
allow_private = true
[[endpoints]]
name = "pager"
type = "webhook"
options = {{url = "{pager}", allow_private = true}}
[[endpoints]]
name = "chat"
type = "webhook"
options = {{url = "{chat}", allow_private = true}}
[http]
port = 0
[[http.options.tokens]]
name = "alice"
scopes = ["ingest", "write"]
sha256 = "{token}"
"""


class Gallery:
    """The site: its address, and a client for what is done before the pictures."""

    def __init__(self, url: str) -> None:
        self.url = url
        headers = {"authorization": f"Bearer {TOKEN}"}
        self.client = httpx2.Client(base_url=url, timeout=WITHIN_S, headers=headers)

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        answer = self.client.post(path, json=body)
        assert answer.status_code in (200, 201, 202), answer.text
        return answer.json()

    def incidents(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/api/v1/incidents?status=open,acknowledged,resolved&limit=100")[
            "incidents"
        ]
        return found

    def send(self, body: bytes) -> None:
        answer = self.client.post("/ingest/archive", content=body, headers={"content-type": "application/x-ndjson"})
        assert answer.status_code == 200, answer.text


def _records(path: Path) -> list[dict[str, Any]]:
    """What was sent until the end, in the order of its times; faults that still last are in the pictures as well."""
    sent = (msgspec.json.decode(line, type=dict[str, Any]) for line in path.read_bytes().splitlines())
    kept = [one for one in sent if one["kind"] != "action" and one["ts"] <= END]
    large = seeds.large(END - 1_500.0, LARGE)
    return sorted([*kept, *large], key=lambda one: float(one["ts"]))


@contextmanager
def gallery(directory: Path) -> Iterator[Gallery]:
    """The site at the end of its hour, with an incident of 200 members in it."""
    run = simulate(OPTIONS)
    save(run, directory / "site")
    with receiving() as pager, receiving() as chat:
        chat.replies = [Reply(200)] * 3 + [Reply(400)] * 2 + [Reply(200)]
        text = _CONFIG.format(directory=directory, pager=pager.url, chat=chat.url, token=token_hash(TOKEN))
        path = directory / "aiops.toml"
        path.write_text(text)
        config = load_config(path)
        topology = topology_of(config)
        begun = time.monotonic()
        clocks = Clocks(lambda: END + time.monotonic() - begun)
        daemon = build_daemon(
            config, partial(build_engine, config, topology), sources_of(config), clocks, topology=topology
        )
        daemon.start()
        try:
            site = Gallery(f"http://127.0.0.1:{listening(daemon)}")
            eventually(lambda: site.client.get("/readyz").status_code == 200)
            site.send(b"\n".join(map(msgspec.json.encode, _records(directory / "site" / "alerts.jsonl"))))
            eventually(lambda: site.get("/api/v1/health")["health"]["inbox"]["records"] == 0)
            yield site
            site.client.close()
        finally:
            daemon.stop()
