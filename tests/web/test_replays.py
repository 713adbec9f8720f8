"""Replays over the API: uploads of every kind, one replay at a time, and its result."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.http.auth import Token, token_hash
from aiops.web.replays import ARCHIVES
from tests.waiting import eventually
from tests.web.conftest import HOSTILE, NOW, Site

NDJSON = {"content-type": "application/x-ndjson"}


def line(**more: Any) -> bytes:
    record = {"kind": "alert", "ts": NOW, "name": "Down", "entity": "web-1", "severity": "critical"}
    return json.dumps(record | more).encode() + b"\n"


def upload(site: Site, content: bytes, name: str = "a.jsonl") -> Any:
    answer = site.client.post(ARCHIVES, params={"name": name}, content=content, headers=NDJSON)
    assert answer.status_code == 200, answer.text
    return answer.json()["archive"]


def start(site: Site, **body: Any) -> Any:
    return site.client.post("/api/v1/replays", json=body)


def ended(site: Site, name: str) -> Any:
    def found() -> Any:
        answer = site.client.get(f"/api/v1/replays/{name}").json()
        return answer if answer["replay"]["state"] != "running" else None

    return eventually(found)


def test_an_archive_is_uploaded_replayed_and_removed(site: Site) -> None:
    archive = upload(site, gzip.compress(line() + line(name="Up")), HOSTILE)
    assert (archive["name"], archive["bytes"] > 0) == (HOSTILE, True)
    job = start(site, archive=archive["id"], changes={"correlate.sensitivity": "0.9"}).json()
    assert (job["state"], job["source"], job["before"]) == ("running", HOSTILE, {"correlate.sensitivity": "0.5"})
    found = ended(site, job["id"])
    assert found["replay"]["state"] == "done", found
    assert found["result"]["before"]["alerts"] == 2
    listed = site.client.get("/api/v1/replays").json()
    assert [one["id"] for one in listed["replays"]] == [job["id"]]
    assert [one["id"] for one in listed["archives"]] == [archive["id"]]
    assert site.client.delete(f"/api/v1/replays/{job['id']}").status_code == 200
    assert site.client.get(f"/api/v1/replays/{job['id']}").status_code == 404


def test_a_second_replay_waits_for_the_first(site: Site) -> None:
    archive = upload(site, b"".join(line(ts=NOW + n, name=f"A{n % 500}", entity=f"e{n}") for n in range(30_000)))
    job = start(site, archive=archive["id"]).json()
    second = start(site, archive=archive["id"])
    assert second.status_code == 409
    assert "of local is running" in second.json()["error"]
    assert site.client.post(f"/api/v1/replays/{job['id']}/cancel", json={}).json() == {"cancelled": True}
    assert ended(site, job["id"])["replay"]["state"] == "cancelled"
    assert site.client.post(f"/api/v1/replays/{job['id']}/cancel", json={}).json() == {"cancelled": False}


def test_a_journal_that_is_not_there_is_a_clear_problem(site: Site) -> None:
    found = ended(site, start(site, last_s=3_600).json()["id"])
    assert found["replay"]["state"] == "failed"
    assert found["replay"]["problem"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"archive": "none"}, "none of that id"),
        ({"changes": {"correlate.sensitivity": "9"}}, "correlate.sensitivity"),
        ({"changes": {"topology": "/etc/passwd"}}, "names files"),
        ({"last_s": 60, "since": 5}, "got several"),
        ({"since": 9, "until": 5}, "expected an end after the start"),
        ({"since": 1e99}, "since"),
        ({"changes": {str(n): "1" for n in range(21)}}, "length <= 20"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_request_that_does_not_fit_is_refused(site: Site, body: dict[str, Any], problem: str) -> None:
    answer = start(site, **body)
    assert answer.status_code == 400
    assert problem in answer.json()["error"]


def test_an_unknown_replay_is_404(site: Site) -> None:
    assert site.client.get("/api/v1/replays/none").status_code == 404
    assert site.client.post("/api/v1/replays/none/cancel", json={}).status_code == 404
    assert site.client.delete("/api/v1/replays/none").status_code == 404


def test_an_upload_that_is_empty_or_of_another_type_is_refused(site: Site) -> None:
    assert site.client.post(ARCHIVES, content=b"", headers=NDJSON).status_code == 400
    answer = site.client.post(ARCHIVES, content=b"{}", headers={"content-type": "text/html"})
    assert answer.status_code == 415
    assert "application/x-ndjson" in answer.json()["error"]


def test_an_upload_beyond_the_bound_is_refused_and_nothing_stays(site: Site, tmp_path: Path) -> None:
    site.host.replays.uploads.max_bytes = 1_000

    def body() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 1_000

    answer = site.client.post(ARCHIVES, content=body(), headers=NDJSON)
    assert answer.status_code == 413
    assert "at most 1,000 bytes" in answer.json()["error"]
    assert list((tmp_path / "replays" / "uploads").iterdir()) == []


def test_a_client_that_goes_away_leaves_nothing(site: Site, tmp_path: Path) -> None:
    with socket.create_connection(("127.0.0.1", site.port)) as connection:
        head = [f"POST {ARCHIVES} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {NDJSON['content-type']}"]
        connection.sendall("\r\n".join([*head, "Content-Length: 999", "", "{}\n"]).encode())
        eventually(lambda: list((tmp_path / "replays" / "uploads").glob("*.part")))
    eventually(lambda: not list((tmp_path / "replays" / "uploads").glob("*.part")))


def test_reading_is_not_starting(tmp_path: Path, serve: Callable[..., Any]) -> None:
    secret = "secret" * 8
    with serve(tmp_path, [Token("alice", ["read"], token_hash(secret))]) as site:
        site.client.headers["authorization"] = f"Bearer {secret}"
        assert site.client.get("/api/v1/replays").status_code == 200
        assert start(site).status_code == 403
        assert site.client.post(ARCHIVES, content=b"{}", headers=NDJSON).status_code == 403


def test_another_site_cannot_upload(site: Site) -> None:
    foreign = {**NDJSON, "origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert site.client.post(ARCHIVES, content=b"{}", headers=foreign).status_code == 403
