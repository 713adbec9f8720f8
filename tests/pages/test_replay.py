"""The pages of replays: the form, uploads as a browser sends them, and the result side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiops.http.auth import Token, token_hash
from aiops.pages.replay import command
from aiops.views.replay import Job
from aiops.web import formtokens
from tests.waiting import eventually
from tests.web.conftest import HOSTILE, NOW, Site


def line(**more: Any) -> bytes:
    record = {"kind": "alert", "ts": NOW, "name": HOSTILE, "entity": "web-1", "severity": "critical"}
    return json.dumps(record | more).encode() + b"\n"


def send(site: Site, content: bytes, name: str = "a.jsonl", token: str | None = None) -> Any:
    """Upload as a browser does: the token's field first, then the file."""
    headers = dict(site.origin)
    given = token if token is not None else headers.pop(formtokens.HEADER, "")
    headers.pop(formtokens.HEADER, None)
    files = {"file": (name, content, "application/octet-stream")}
    return site.client.post("/replay/upload", data={formtokens.FIELD: given}, files=files, headers=headers)


def upload(site: Site, content: bytes, name: str = "a.jsonl") -> str:
    answer = send(site, content, name)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).partition("archive=")[2]


def start(site: Site, **fields: str) -> Any:
    given = {"key0": "correlate.sensitivity", "value0": "0.9", **fields}
    return site.client.post("/replay", data=given, headers=site.origin)


def ended(site: Site, path: str) -> str:
    def found() -> str | None:
        answer = site.client.get(path)
        assert answer.status_code == 200
        return answer.text if "refresh" not in answer.headers else None

    return str(eventually(found))


def test_an_uploaded_archive_is_replayed_and_shown_side_by_side(site: Site) -> None:
    content = b"".join(line(ts=NOW + n, entity=f"web-{n % 3}", name=f"{HOSTILE}{n % 2}") for n in range(40))
    archive = upload(site, content, f"{HOSTILE}.jsonl")
    assert f'value="archive:{archive}" checked' in site.client.get(f"/replay?archive={archive}").text
    answer = start(site, source=f"archive:{archive}")
    assert answer.status_code == 303, answer.text
    page = ended(site, answer.headers["location"])
    assert HOSTILE not in page
    assert "Would have paged" in page
    assert "Against the labels" not in page
    assert "What changes for your pager" in page
    assert f'value="archive:{archive}" checked' in page
    assert "aiops run --set correlate.sensitivity=0.9" in page
    # Nothing on the page makes B the way to go.
    assert page.count("button primary") == 1


def test_a_running_replay_loads_itself_again_and_can_be_cancelled(site: Site) -> None:
    content = b"".join(line(ts=NOW + n, name=f"A{n % 500}", entity=f"e{n}") for n in range(30_000))
    path = start(site, source=f"archive:{upload(site, content)}").headers["location"]
    answer = site.client.get(path)
    assert answer.headers["refresh"] == "2"
    assert "Cancel" in answer.text
    assert site.client.post(f"{path}/cancel", data={"x": "1"}, headers=site.origin).status_code == 303
    assert "Cancelled" in ended(site, path)
    second = site.client.post(f"{path}/cancel", data={"x": "1"}, headers=site.origin)
    assert second.headers["location"] == path
    assert site.client.post(f"{path}/remove", data={"x": "1"}, headers=site.origin).headers["location"] == "/replay"
    assert site.client.get(path).status_code == 404


def test_a_replay_that_failed_says_why_as_text(site: Site) -> None:
    page = ended(site, start(site, source=f"archive:{upload(site, HOSTILE.encode())}").headers["location"])
    assert "Not compared" in page
    assert "no line is a record" in page
    assert HOSTILE not in page


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"source": "3600", "key0": "correlate.sensitvity"}, "did you mean correlate.sensitivity?"),
        ({"source": "3600", "value0": "9"}, "correlate.sensitivity"),
        ({"source": "3600", "key0": "", "value0": ""}, "expected a setting to change"),
        ({"source": "archive:none"}, "none of that id"),
        ({"source": "3600", "key0": HOSTILE}, "unknown key"),
    ],
)
def test_a_form_that_does_not_fit_keeps_its_fields(site: Site, fields: dict[str, str], problem: str) -> None:
    answer = start(site, **fields)
    assert answer.status_code == 400
    assert problem in answer.text
    assert HOSTILE not in answer.text
    if fields.get("value0") == "9":
        assert 'value="9"' in answer.text


def test_an_upload_needs_the_token_of_a_page(site: Site) -> None:
    assert send(site, line(), token="wrong").status_code == 403
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    files = {"file": ("a", line(), "text/plain")}
    assert site.client.post("/replay/upload", files=files, headers=foreign).status_code == 403


def test_an_upload_without_a_file_is_an_error_at_the_field(site: Site) -> None:
    for name, content, problem in (("", b"", "choose one first"), ("a.jsonl", b"", "got an empty one")):
        answer = send(site, content, name)
        assert answer.status_code == 400
        assert problem in answer.text


def test_an_archive_beyond_the_bound_is_an_error_at_the_field(site: Site) -> None:
    site.host.replays.uploads.max_bytes = 1_000
    answer = send(site, b"x" * 5_000)
    assert answer.status_code == 413
    assert "expected at most 1,000 bytes" in answer.text


def test_a_plain_form_is_no_upload(site: Site) -> None:
    assert site.client.post("/replay/upload", data={"file": "x"}, headers=site.origin).status_code == 415


def test_a_reader_sees_replays_and_starts_none(tmp_path: Path, serve: Callable[..., Any]) -> None:
    secret = "secret" * 8
    with serve(tmp_path, [Token("alice", ["read"], token_hash(secret))]) as site:
        site.client.headers["authorization"] = f"Bearer {secret}"
        page = site.client.get("/replay").text
        assert '<form method="post"' not in page
        assert "scope <code>write</code>" in page


def test_a_command_is_quoted_for_a_shell() -> None:
    job = Job("j", "done", "alice", "a", {"causes.use": "$(rm -rf /)"}, NOW)
    assert command(job) == "aiops run --set 'causes.use=$(rm -rf /)'"
