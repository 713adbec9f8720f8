"""What curl sends to ingest: forms, multipart, XML, text, queries by GET, PUT, and what is refused."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from typing import Any

import pytest

from aiops.records import Alert

CURL = shutil.which("curl") or "curl"
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


def curl(http: Any, path: str, *arguments: str) -> str:
    command = [CURL, "-s", "-o", "/dev/null", "-w", "%{http_code}", f"http://127.0.0.1:{http.port}{path}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout


def only(http: Any) -> Alert:
    [alert] = http.inbox.records
    assert isinstance(alert, Alert)
    return alert


@needs_curl
@pytest.mark.parametrize(
    "arguments",
    [
        ["-d", "title=Disk full", "-d", "host=db-1", "-d", "severity=critical"],
        ["--data-urlencode", "title=Disk full", "-d", "host=db-1", "-d", "severity=critical"],
        ["-F", "title=Disk full", "-F", "host=db-1", "-F", "severity=critical"],
        ["-X", "PUT", "-d", '{"title": "Disk full", "host": "db-1", "severity": "critical"}'],
        ["-G", "--data-urlencode", "title=Disk full", "-d", "host=db-1", "-d", "severity=critical"],
        ["-G", "-X", "POST", "--data-urlencode", "title=Disk full", "-d", "host=db-1", "-d", "severity=critical"],
        ["-H", "content-type: text/plain", "-d", '{"title": "Disk full", "host": "db-1", "severity": "critical"}'],
    ],
)
def test_curl_sends_one_alert_in_any_form(http: Any, arguments: list[str]) -> None:
    assert curl(http, "/ingest/webhook", *arguments) == "200"
    alert = only(http)
    assert (alert.name, alert.entity, alert.severity) == ("Disk full", "db-1", "critical")


@needs_curl
def test_head_and_an_empty_get_send_nothing(http: Any) -> None:
    assert curl(http, "/ingest/webhook?title=Down", "-I") == "405"
    assert curl(http, "/ingest/webhook") == "400"
    assert curl(http, "/ingest/webhook?title=Down", "-X", "DELETE") == "405"
    assert not http.inbox.records
    assert not http.inbox.letters


def test_a_get_of_a_foreign_page_is_refused(http: Any) -> None:
    answer = http.client.get("/ingest/webhook?title=Down", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


def test_a_compressed_form_is_taken(http: Any) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "content-encoding": "gzip"}
    assert http.post("/ingest/webhook", gzip.compress(b"title=Down&host=w"), headers=headers).status_code == 200
    assert only(http).entity == "w"


def test_too_many_parameters_are_refused(http: Any) -> None:
    answer = http.post("/ingest/webhook?" + "&".join(["a=1"] * 1_001), {"title": "Down"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("query: expected a form of at most 1000 fields")


def test_xml_of_no_alert_is_refused_with_its_keys(http: Any) -> None:
    answer = http.post("/ingest/alertmanager", b"<a><b/></a>", headers={"content-type": "text/xml"})
    assert answer.status_code == 400
    assert "its keys are a" in answer.json()["problems"][0]["reason"]
