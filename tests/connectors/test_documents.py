"""Bodies of every form: what document each becomes, and what is refused with which words."""

from __future__ import annotations

import base64
import gzip
from email.message import EmailMessage
from typing import Any

import pytest
from aiops_connectors.mapping.builders import Problem
from aiops_connectors.payloads.documents import document
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import RecordError

BOUNDARY = "----WebKitFormBoundaryx"
MULTIPART = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="subject"\r\n\r\nDisk full\r\n'
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="data"\r\nContent-Type: application/json\r\n\r\n'
    f'{{"a": 1}}\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    f"\x00\x01\r\n--{BOUNDARY}--\r\n"
).encode()


def read(body: bytes, kind: str = "") -> Any:
    return document(body, kind, [])


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        (b'{"a": 1}', "application/json", {"a": 1}),
        (b'{"a": 1}', "application/x-www-form-urlencoded", {"a": 1}),
        (b'[{"a": 1}]', "text/xml", [{"a": 1}]),
        (b'{"a": 1}\n{"a": 2}\n', "application/x-ndjson", [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}\r\n\r\n{"a": 2}', "", [{"a": 1}, {"a": 2}]),
        (b'{"a": 1}{"a": "}{"}', "application/json", [{"a": 1}, {"a": "}{"}]),
        (b'{\n"a": 1},\n{"a": 2},\n', "application/json", [{"a": 1}, {"a": 2}]),
        (b"a=1&b=two+words&c=%7B%22x%22%3A1%7D", "application/x-www-form-urlencoded; charset=utf-8", None),
        (b"a=1&b=two+words&c=%7B%22x%22%3A1%7D", "", None),
        (b"a=1&b=two+words&c=%7B%22x%22%3A1%7D", "application/json", None),
        (b"tag=a&tag=b", "application/x-www-form-urlencoded", {"tag": ["a", "b"]}),
        (b"alert[name]=Down&alert[host]=", "", {"alert[name]": "Down", "alert[host]": ""}),
        (b"h=m%FCnchen", "application/x-www-form-urlencoded", {"h": "m\u00fcnchen"}),
        (b"Disk full on web-1", "application/x-www-form-urlencoded", {"text": "Disk full on web-1"}),
        (b"Disk full on web-1", "", {"text": "Disk full on web-1"}),
        (b"Disk full on web-1", "application/json", {"text": "Disk full on web-1"}),
        (b"a=b", "text/plain", {"text": "a=b"}),
        (b"[2026-03-01] disk full", "text/plain", {"text": "[2026-03-01] disk full"}),
        (b"[2026-03-01] disk full", "", {"text": "[2026-03-01] disk full"}),
        (b"3", "text/plain", {"text": "3"}),
        (b"3", "application/json", 3),
        ("gr\u00fcn".encode("cp1252"), "text/plain", {"text": "gr\u00fcn"}),
        (b"<a/>", "text/xml", {"a": ""}),
        (b"  <a><b>1</b></a>", "application/octet-stream", {"a": {"b": "1"}}),
        (b"<a>1</a>", "application/json", {"a": "1"}),
        (b"<a>1</a>", "text/plain", {"text": "<a>1</a>"}),
        (MULTIPART, f'multipart/form-data; boundary="{BOUNDARY}"', {"subject": "Disk full", "data": '{"a": 1}'}),
        (MULTIPART.replace(b"\r\n", b"\n"), f"multipart/form-data; boundary={BOUNDARY}", None),
    ],
)
def test_a_body_is_read_by_its_type_and_its_look(body: bytes, kind: str, expected: Any) -> None:
    if expected is None:
        is_multipart = kind.startswith("multipart")
        expected = {"subject": "Disk full", "data": '{"a": 1}'} if is_multipart else None
        expected = expected or {"a": "1", "b": "two words", "c": '{"x":1}'}
    assert read(body, kind) == expected


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b'{"a": ', "application/json", "expected JSON"),
        (b'{"a": ', "", "expected JSON"),
        (b'[{"a": 1}', "text/plain", "expected JSON"),
        (b"down", "application/json", "expected JSON"),
        (b"<a><b></a>", "application/xml", "expected XML: mismatched tag"),
        (b"not xml", "application/xml", "expected XML"),
        (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "text/xml", "document type"),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "text/xml", "document type"),
        (b"<a>&b;</a>", "text/xml", "undefined entity"),
        (b"<a>" * 65 + b"</a>" * 65, "text/xml", "at most 64 deep"),
        (b"<a>" + b"<b/>" * 50_001 + b"</a>", "text/xml", "at most 50000 elements"),
        (b"<?xml version='1.0' encoding='zip'?><a>\xff</a>", "text/xml", "expected XML"),
        (b"&".join(b"a=1" for _ in range(1_001)), "application/x-www-form-urlencoded", "at most 1000 fields"),
        (MULTIPART, "multipart/form-data", "boundary"),
        (MULTIPART, "multipart/form-data; boundary=other", "got none"),
        (b"\0\0\0\0\1binary", "application/octet-stream", "it is binary"),
        (gzip.compress(b"{}", mtime=0), "", "it is binary"),
        (b"  \r\n ", "text/plain", "blank"),
        (b"no headers at all", "message/rfc822", "headers"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_words(body: bytes, kind: str, reason: str) -> None:
    with pytest.raises(RecordError, match=reason):
        read(body, kind)


def test_xml_keeps_attributes_text_and_repetitions() -> None:
    body = b"""<?xml version="1.0" encoding="ISO-8859-1"?>
        <soap:Envelope xmlns:soap="urn:x"><soap:Body id="7" soap:kind="up">note<host>m\xfcnchen</host><tag>a</tag>
        <tag>b</tag><empty/><![CDATA[ & more]]></soap:Body></soap:Envelope>"""
    [inside] = read(body, "text/xml")["Envelope"].values()
    assert inside["@id"] == "7"
    assert inside["@kind"] == "up"
    assert (inside["host"], inside["tag"], inside["empty"]) == ("m\u00fcnchen", ["a", "b"], "")
    assert inside["#text"].startswith("note")
    assert inside["#text"].endswith("& more")


def test_mime_message_gives_headers_texts_and_no_attachment() -> None:
    message = EmailMessage()
    message["Subject"] = "PROBLEM: Disk f\u00fcll on web-1"
    message["From"] = "Monitor <monitor@example.org>"
    message["To"] = "ops@example.org"
    message["Message-ID"] = "<1@example.org>"
    message["X-Priority"] = "1"
    message.set_content("Disk f\u00fcll\n")
    message.add_alternative("<p>Disk f\u00fcll</p>", subtype="html")
    message.add_attachment(b"secret", maintype="text", subtype="plain", filename="a.txt")
    found = read(message.as_bytes(), "message/rfc822")
    assert found["subject"] == "PROBLEM: Disk f\u00fcll on web-1"
    assert found["headers"]["x-priority"] == "1"
    assert (found["from"], found["message_id"]) == ("Monitor <monitor@example.org>", "<1@example.org>")
    assert found["text"] == "Disk f\u00fcll\n"
    assert found["html"].strip() == "<p>Disk f\u00fcll</p>"
    assert "date" not in found


@pytest.mark.parametrize(
    "head",
    [
        b"Subject: =?zip?b?" + base64.b64encode(b"x") + b"?=",
        b"Subject: =?utf-8?b?%%%%?=",
        b"Subject: " + b"=?utf-8?q?a?= " * 5_000,
        b"Content-Type: text/plain; charset=hex",
        b"Content-Type: multipart/mixed; boundary=",
        b"Content-Transfer-Encoding: base64",
        b"Content-Type: ;;;=",
        b"\xff\xfe: \xff",
    ],
)
def test_mime_with_hostile_headers_is_read_or_refused(head: bytes) -> None:
    found = read(b"From: a@example.org\r\n" + head + b"\r\n\r\nbody \xff\r\n", "message/rfc822")
    assert found["from"] == "a@example.org"


def test_flaws_that_were_mended_are_warnings() -> None:
    problems: list[Problem] = []
    assert document(b'{"a": NaN}', "application/json", problems) == {"a": None}
    assert [problem.warning for problem in problems] == [True]


KINDS = st.sampled_from(
    [
        *("", "application/json", "text/plain", "text/html", "text/xml", "application/soap+xml", "message/rfc822"),
        *("application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/octet-stream", "?;="),
        *("multipart/form-data", "application/x-ndjson", 'multipart/form-data; boundary="', "image/png"),
    ]
)
PIECES = st.sampled_from(
    [
        *(b"<a>", b"</a>", b"<!DOCTYPE x>", b"<?xml", b"&amp;", b"&#0;", b"<![CDATA[", b"]]>", b"\xef\xbb\xbf"),
        *(b"--b", b"\r\n", b"\n", b'Content-Disposition: form-data; name="', b'"', b"\\", b"; filename=x", b"--"),
        *(b"Subject: ", b"=?utf-8?b?", b"?=", b"Content-Type: multipart/mixed; boundary=b", b": ", b"\t", b"\xff"),
        *(b"a=1", b"&", b"%", b"%zz", b"+", b"{", b"}", b"[", b"]", b'"a"', b":", b",", b"1", b"NaN", b"\0", b"x"),
    ]
)
BODIES = st.lists(PIECES, max_size=40).map(b"".join) | st.binary(max_size=200)


@settings(max_examples=1_500, deadline=None)
@given(body=BODIES, kind=KINDS)
def test_any_bytes_under_any_type_are_read_or_refused(body: bytes, kind: str) -> None:
    refused = ""
    try:
        read(body, kind)
    except RecordError as error:
        refused = str(error)
    assert len(refused) < 1_000
