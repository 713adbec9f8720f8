"""The paths of Alertmanager's API over HTTP: shapes, errors as JSON texts, access, and a path prefix."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from aiops.http.auth import Token
from tests.web.conftest import Site

# Shapes of https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml; a list stands for its elements.
RECEIVER = {"name": str}
ALERT = {
    "annotations": dict,
    "receivers": [RECEIVER],
    "fingerprint": str,
    "startsAt": str,
    "updatedAt": str,
    "endsAt": str,
    "status": {"state": str, "silencedBy": [str], "inhibitedBy": [str]},
    "labels": dict,
    "generatorURL": str,
}
SILENCE = {
    "id": str,
    "status": {"state": str},
    "updatedAt": str,
    "matchers": [{"name": str, "value": str, "isRegex": bool, "isEqual": bool}],
    "startsAt": str,
    "endsAt": str,
    "createdBy": str,
    "comment": str,
}
STATUS = {
    "cluster": {"status": str, "peers": [str]},
    "versionInfo": dict.fromkeys(("version", "revision", "branch", "buildUser", "buildDate", "goVersion"), str),
    "config": {"original": str},
    "uptime": str,
}
NEW = {
    "matchers": [{"name": "alertname", "value": "CheckoutLatency", "isRegex": False}],
    "startsAt": "2026-03-01T21:00:00Z",
    "endsAt": "2026-03-01T23:00:00Z",
    "createdBy": "karma",
    "comment": "works",
}


def has(shape: Any, value: Any) -> bool:
    """Return true if a value has a shape; it may have more keys."""
    if isinstance(shape, list):
        return isinstance(value, list) and all(has(shape[0], one) for one in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(name in value and has(kind, value[name]) for name, kind in shape.items())
    return isinstance(value, shape)


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/api/v2/status", STATUS),
        ("/api/v2/receivers", [RECEIVER]),
        ("/api/v2/alerts", [ALERT]),
        ("/api/v2/alerts/groups", [{"labels": dict, "receiver": RECEIVER, "alerts": [ALERT]}]),
        ("/api/v2/silences", [SILENCE]),
    ],
)
def test_answers_have_the_shapes_of_the_api(site: Site, path: str, shape: Any) -> None:
    made = site.client.post("/api/v2/silences", json=NEW)
    assert made.status_code == 200, made.text
    found = site.client.get(path)
    assert found.headers["content-type"] == "application/json"
    assert found.json()
    assert has(shape, found.json()), found.text


def test_what_karma_does_reads_silences_and_ends_one(site: Site) -> None:
    """Status, groups, silences; a silence is set, an alert of it is suppressed, and the silence is ended."""
    for path in ("/api/v2/status", "/api/v2/alerts/groups", "/api/v2/silences"):
        assert site.client.get(path).status_code == 200
    name = site.client.post("/api/v2/silences", json=NEW).json()["silenceID"]
    groups = site.client.get("/api/v2/alerts/groups", params={"silenced": "true"}).json()
    states = {one["labels"]["alertname"]: one["status"] for group in groups for one in group["alerts"]}
    assert states["CheckoutLatency"]["silencedBy"] == [name]
    assert states["CheckoutErrors"]["state"] == "active"
    assert site.client.get(f"/api/v2/silence/{name}").json()["status"]["state"] == "active"
    assert site.client.delete(f"/api/v2/silence/{name}").content == b""
    assert site.client.get("/api/v2/silences").json()[0]["status"]["state"] == "expired"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/v2/alerts?filter=a", None, 400),
        ("GET", "/api/v2/silences?filter=a", None, 500),
        ("GET", "/api/v2/silences?limit=3", None, 500),
        ("GET", "/api/v2/silence/none", None, 404),
        ("DELETE", "/api/v2/silence/none", None, 500),
        ("POST", "/api/v2/silences", {}, 400),
        ("POST", "/api/v2/silences", {**NEW, "matchers": []}, 400),
        ("POST", "/api/v2/silences", {**NEW, "endsAt": "2020-01-01T00:00:00Z"}, 400),
        ("POST", "/api/v2/silences", {**NEW, "id": "none"}, 404),
    ],
)
def test_errors_are_texts_that_generated_clients_read(
    site: Site, method: str, path: str, body: Any, status: int
) -> None:
    answer = site.client.request(method, path, json=body)
    assert answer.status_code == status
    assert isinstance(answer.json(), str)


def test_a_body_of_another_type_is_refused(site: Site) -> None:
    """A page of another site can send a form without asking."""
    answer = site.client.post("/api/v2/silences", content=b"{}", headers={"content-type": "text/plain"})
    assert (answer.status_code, "application/json" in answer.json()) == (400, True)


def test_a_slow_engine_is_an_error_that_clients_know(site: Site) -> None:
    site.host.busy = True
    for path in ("/api/v2/alerts", "/api/v2/alerts/groups", "/api/v2/silences"):
        answer = site.client.get(path)
        assert (answer.status_code, "did not answer" in answer.json()) == (500, True)


def test_creators_are_filtered(site: Site) -> None:
    site.client.post("/api/v2/silences", json=NEW)
    assert len(site.client.get("/api/v2/silences?creator=karma").json()) == 1
    assert site.client.get("/api/v2/silences?creator=ann").json() == []


def test_probes_and_reload_are_alertmanager_s(site: Site) -> None:
    assert site.client.get("/-/healthy").text == "OK"
    assert site.client.get("/-/ready").status_code == 200
    assert site.client.post("/-/reload").status_code == 200
    assert site.host.reloads == 1
    site.host.busy = True
    failed = site.client.post("/-/reload")
    assert (failed.status_code, "missing type" in failed.text) == (500, True)
    site.host.status = "failed"
    assert site.client.get("/-/healthy").status_code == 503
    assert site.client.get("/-/ready").status_code == 503


TOKENS = [
    Token(name=scope, scopes=[scope], sha256=hashlib.sha256(f"secret-{scope}".encode()).hexdigest())
    for scope in ("read", "write", "ingest")
]


def test_reading_needs_read_and_acting_needs_write(tmp_path: Any, serve: Any) -> None:
    with serve(tmp_path, TOKENS) as site:
        asked = {
            ("GET", "/api/v2/alerts"): ("read", "write"),
            ("GET", "/api/v2/status"): ("read", "write"),
            ("POST", "/api/v2/silences"): ("write",),
            ("DELETE", "/api/v2/silence/none"): ("write",),
            ("POST", "/-/reload"): ("write",),
        }
        for (method, path), allowed in asked.items():
            assert site.client.request(method, path).status_code == 401
            for scope in ("read", "write", "ingest"):
                # amtool and Grafana send basic authentication, everything else may send a bearer.
                for given in (
                    {"auth": ("any", f"secret-{scope}")},
                    {"headers": {"authorization": f"Bearer secret-{scope}"}},
                ):
                    status = site.client.request(method, path, **given).status_code
                    assert (status in (401, 403)) != (scope in allowed), (method, path, scope, status)
        assert site.client.get("/-/healthy").status_code == 200


def test_the_creator_is_named_and_the_actor_is_the_token(tmp_path: Any, serve: Any) -> None:
    with serve(tmp_path, TOKENS) as site:
        answer = site.client.post("/api/v2/silences", json=NEW, auth=("any", "secret-write"))
        assert answer.status_code == 200
        [found] = site.client.get("/api/v2/silences", auth=("any", "secret-read")).json()
        assert found["createdBy"] == "karma"


def test_a_page_of_another_site_cannot_silence(site: Site) -> None:
    answer = site.client.post("/api/v2/silences", json=NEW, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


def test_the_api_is_below_the_path_of_the_site_too(tmp_path: Any, serve: Any) -> None:
    with serve(tmp_path, external_url="https://ops.example.org/alertmanager") as site:
        for base in ("", "/alertmanager"):
            assert site.client.get(f"{base}/api/v2/status").status_code == 200
            assert site.client.get(f"{base}/-/healthy").text == "OK"
