"""The files of a daemon with a playbook that it may run: configuration, topology and catalogue."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from aiops.http.auth import token_hash

_CONFIG = """
topology = "{directory}/topology.json"
[state]
directory = "{directory}/state"
[inbox]
tick_s = 0.1
[incidents]
rank_after_s = 0.2
[playbooks]
use = "playbooks"
[playbooks.options]
playbooks = "{directory}/books"
[respond]
ceiling = "approve"
allow_private = true
groups = {{"team:platform" = ["ann"]}}
[http]
port = {port}
"""
_TOKEN = '[[http.options.tokens]]\nname = "{name}"\nscopes = ["ingest", "write"]\nsha256 = "{hash}"\n'


def playbook(url: str) -> dict[str, Any]:
    """A playbook that posts to `url` to restart the worker that hangs."""
    step = {"kind": "http", "name": "restart", "url": url, "path": ["{{ host }}", "restart"], "body": {"by": "aiops"}}
    return {
        "apiVersion": "aiops/v1",
        "kind": "Playbook",
        "name": "restart-worker",
        "version": "1.0.0",
        "summary": "Restart a worker that hangs.",
        "whenToUse": "A worker hangs.",
        "whenNotToUse": "All workers hang.",
        "owners": ["team:platform"],
        "match": {"alert": [{"label": "name", "value": "WorkerHangs"}, {"label": "env", "value": "prod"}]},
        "parameters": {"host": {"from": ["cause.entity"], "pattern": "[a-z0-9-]{1,60}"}},
        "mode": "approve",
        "reversible": True,
        "guards": {"minAge": "0s", "minConfidence": "low"},
        "approval": {"approvers": ["team:platform"]},
        "steps": [step],
        "verify": [{"kind": "alert-resolved", "within": "1s", "stableFor": "0s"}],
    }


def write_site(
    directory: Path,
    document: Mapping[str, Any],
    *,
    port: int,
    tokens: Mapping[str, str],
    workers: int = 3,
    more: str = "",
    services: Sequence[str] = (),
) -> Path:
    """Write the files; return the path of the configuration. `tokens` are by name; `more` follows `[http]`.

    Each of `services` calls the next one.
    """
    (directory / "books").mkdir(exist_ok=True)
    (directory / "books" / "restart-worker.yaml").write_text(yaml.safe_dump(dict(document)))
    nodes = [{"id": "work", "kind": "service"}, *({"id": f"worker-{n}", "kind": "host"} for n in range(workers))]
    edges = [{"from": f"worker-{n}", "to": "work", "kind": "part_of"} for n in range(workers)]
    nodes += [{"id": name, "kind": "service"} for name in services]
    edges += [{"from": one, "to": other, "kind": "calls"} for one, other in pairwise(services)]
    (directory / "topology.json").write_text(json.dumps({"nodes": nodes, "edges": edges}))
    path = directory / "aiops.toml"
    given = [_TOKEN.format(name=name, hash=token_hash(token)) for name, token in tokens.items()]
    path.write_text(_CONFIG.format(directory=directory, port=port) + more + "".join(given))
    return path
