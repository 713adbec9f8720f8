"""What Prometheus and amtool ask beside posting alerts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from aiops_connectors.http.alertmanager_api import Status
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from aiops.http.auth import Guard, Token


def client(tokens: Sequence[Token] = ()) -> TestClient:
    status = Status(Guard(tokens, "127.0.0.1", ""), 1_772_323_200.0)
    routes = [Route("/api/v2/status", status.status), Route("/api/v2/alerts", status.alerts)]
    return TestClient(Starlette(routes=routes), base_url="http://127.0.0.1")


def test_status_has_what_clients_look_for() -> None:
    answer = client().get("/api/v2/status").json()
    assert answer["cluster"] == {"status": "disabled", "peers": []}
    assert answer["config"] == {"original": ""}
    assert answer["uptime"].startswith("2026-03-01T00:00:00")
    assert answer["versionInfo"]["version"]


def test_alerts_are_an_empty_list() -> None:
    assert client().get("/api/v2/alerts").json() == []


@pytest.mark.parametrize("path", ["/api/v2/status", "/api/v2/alerts"])
def test_token_is_asked_for_where_there_are_tokens(path: str) -> None:
    token = Token(name="prometheus", sha256=hashlib.sha256(b"secret").hexdigest(), scopes=["ingest"])
    asked = client([token])
    refused = asked.get(path)
    assert refused.status_code == 401
    assert "www-authenticate" in refused.headers
    assert refused.json()["error"]
    assert asked.get(path, headers={"authorization": "Bearer secret"}).status_code == 200
    assert asked.get(path, headers={"authorization": "Bearer wrong"}).status_code == 401
