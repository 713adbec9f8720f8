"""A charset that is stated is obeyed; without one, a body is UTF-8."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from aiops_connectors.payloads.charset import _CODECS, CharsetError, as_utf8, declared

ALERT = {"title": "Festplatte läuft voll", "host": "srv-münchen", "severity": "critical", "status": "firing"}
TEXT = json.dumps(ALERT, ensure_ascii=False)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xef\xbb\xbf" + TEXT.encode(), "application/json"),
        (TEXT.encode(), "application/json; charset=utf-8"),
        (TEXT.encode("iso-8859-1"), "application/json; charset=iso-8859-1"),
        (TEXT.encode("iso-8859-1"), 'application/json; foo=bar; Charset="ISO_8859-1"'),
        (TEXT.encode("cp1252"), "text/plain;charset=Windows-1252"),
        (TEXT.encode("iso-8859-15"), "application/json; charset=ISO-8859-15"),
        (TEXT.encode("utf-16"), "application/json; charset=utf-16"),
        (TEXT.encode("utf-16-le"), "application/json; charset=utf-16"),
        (TEXT.encode("utf-16-be"), "application/json; charset=utf-16"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "application/json; charset=utf-16le"),
        (TEXT.encode("utf-32"), "application/json; charset=utf-32"),
    ],
)
def test_a_stated_charset_is_obeyed(http: Any, body: bytes, kind: str) -> None:
    answer = http.post("/ingest/webhook", body, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1), answer.text
    [alert] = http.inbox.records
    assert (alert.entity, alert.name, alert.severity) == ("srv-münchen", "Festplatte läuft voll", "critical")


@pytest.mark.parametrize("path", ["/ingest/archive", "/ingest/cloudevents", "/api/v2/alerts", "/ingest/alertmanager"])
def test_every_path_takes_a_mark_and_a_charset(http: Any, path: str) -> None:
    labels = {"alertname": "Ü", "host": "ü"}
    bodies = {
        "/ingest/archive": {"kind": "alert", "ts": 1_772_399_999.0, "name": "Ü", "entity": "ü"},
        "/ingest/cloudevents": {"specversion": "1.0", "id": "1", "source": "s", "type": "Ü", "subject": "ü"},
        "/api/v2/alerts": [{"labels": labels}],
        "/ingest/alertmanager": {"alerts": [{"labels": labels}]},
    }
    text = json.dumps(bodies[path], ensure_ascii=False)
    for body, kind in ((b"\xef\xbb\xbf" + text.encode(), "x"), (text.encode("cp1252"), "x; charset=cp1252")):
        http.inbox.taken.clear()
        answer = http.post(path, body, headers={"content-type": kind.replace("x", "application/json", 1)})
        assert answer.status_code == 200, answer.text
        assert [(record.name, record.entity) for record in http.inbox.records] == [("Ü", "ü")]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16"])
def test_without_a_charset_what_is_not_utf8_is_refused_and_says_so(http: Any, encoding: str) -> None:
    answer = http.post("/ingest/webhook", TEXT.encode(encoding), headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert "not UTF-8" in answer.json()["problems"][0]["reason"]
    assert "state the charset" in answer.json()["problems"][0]["reason"]


@pytest.mark.parametrize(
    "charset", ["zip", "base64", "rot13", "unicode_escape", "idna", "utf-7", "x" * 500, "punycode"]
)
def test_other_codecs_are_refused_with_a_sentence(http: Any, charset: str) -> None:
    answer = http.post(
        "/ingest/webhook", TEXT.encode(), headers={"content-type": f"application/json; charset={charset}"}
    )
    assert answer.status_code == 415
    assert "iso-8859-1" in answer.json()["error"]
    assert len(answer.text) < 300


def test_a_body_that_grows_beyond_the_limit_is_refused() -> None:
    body = b"\xe9" * 1_000
    assert len(as_utf8(body, "a; charset=latin-1", 2_000)) == 2_000
    with pytest.raises(CharsetError, match="at most 1999 bytes"):
        as_utf8(body, "a; charset=latin-1", 1_999)


def test_a_compressed_body_may_have_a_charset(http: Any) -> None:
    headers = {"content-type": "application/json; charset=latin1", "content-encoding": "gzip"}
    assert http.post("/ingest/webhook", gzip.compress(TEXT.encode("latin-1")), headers=headers).status_code == 200
    assert http.inbox.records[0].entity == "srv-münchen"
    assert http.post("/ingest/webhook", gzip.compress(b"\xe9" * 150_000), headers=headers).status_code == 413


def test_every_allowed_name_is_a_codec_of_text() -> None:
    for name in _CODECS:
        assert as_utf8("a".encode(_CODECS[name]), f"x; charset={name}", 100) == b"a"


@pytest.mark.parametrize("name", ["utf-16le", "utf-16be", "utf-16", "utf-32-le", "utf-8"])
def test_a_byte_order_mark_is_passed_over(name: str) -> None:
    codec = {"utf-16": "utf-16-le"}.get(name, name)
    assert as_utf8("\ufeffa".encode(codec), f"x; charset={name}", 100) == b"a"


def test_a_content_type_may_be_anything() -> None:
    for kind in (
        "",
        ";",
        ";;charset",
        "charset=",
        "a;charset==",
        'a; charset="',
        "a; charset=utf-8; charset=zip",
        "\xff;",
    ):
        assert isinstance(declared(kind), str)
