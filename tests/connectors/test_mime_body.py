"""E-mail messages of monitoring tools: encodings of headers and bodies, and messages that are broken."""

from __future__ import annotations

import pytest
from aiops_connectors.payloads.mime_body import MAX_BYTES, header_text, mime

from aiops.errors import RecordError

HEAD = b"Subject: s\r\n"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("plain", "plain"),
        ("folded\r\n  over lines", "folded over lines"),
        ("=?iso-8859-1?q?m=FCnchen?= is down", "m\u00fcnchen is down"),
        ("=?utf-8?b?ZMO8?= =?utf-8?b?ZMO8?=", "d\u00fcd\u00fc"),
        ("=?unknown-8bit?q?=FC?=", "\u00fc"),
        ("=?utf-8?b?A?=", None),
        ("=?rot13?q?abc?=", "abc"),
        ("x" * 9_000, "x" * 8_192),
    ],
)
def test_a_header_is_decoded(raw: str, expected: str | None) -> None:
    found = header_text(raw)
    assert expected is None or found == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\xfc", {"text": "\u00fc"}),
        (b"Content-Transfer-Encoding: base64\r\n\r\nw7w=", {"text": "\u00fc"}),
        (b"Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=BC=\r\n!", {"text": "\u00fc!"}),
        (b"Content-Type: text/html\r\n\r\n<b>1</b>", {"html": "<b>1</b>"}),
        (b"Content-Type: text/plain; charset=zip\r\n\r\nx", {"text": "x"}),
        (b"\r\n\xff\xfe", {"text": "\u00ff\u00fe"}),
        (b"Content-Type: application/pdf\r\n\r\nx", {}),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b--", {"text": "1"}),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\nno part", {}),
    ],
)
def test_the_texts_of_a_message(body: bytes, expected: dict[str, str]) -> None:
    found = mime(HEAD + body)
    assert {name: found[name] for name in ("text", "html") if name in found} == expected


def test_headers_are_lower_case_and_the_first_counts() -> None:
    found = mime(b"SUBJECT: a\r\nsubject: b\r\nX-Host: h\r\n\r\n")
    assert found["subject"] == "a"
    assert found["headers"] == {"subject": "a", "x-host": "h"}


def test_long_messages_and_those_without_headers_are_refused() -> None:
    with pytest.raises(RecordError, match="at most"):
        mime(HEAD + b"\r\n" + b"x" * MAX_BYTES)
    with pytest.raises(RecordError, match="headers"):
        mime(b"\r\n\r\nonly a body")


def test_a_deeply_nested_message_is_read_or_refused() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(2_000))
    try:
        assert mime(HEAD + nested)["subject"] == "s"
    except RecordError as error:
        assert "e-mail" in str(error)  # noqa: PT017 - either is right


def nested(levels: int, inside: bytes) -> bytes:
    heads = (b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (at, at) for at in range(levels))
    return HEAD + b"".join(heads) + inside


def test_parts_are_read_to_a_depth_that_mail_has() -> None:
    assert mime(nested(10, b"\ndisk full"))["text"] == "disk full"
    # Each line would be compared with hundreds of boundaries; 8 MB took minutes.
    for levels in (40, 300, 2_000):
        with pytest.raises(RecordError, match="at most 16 levels"):
            mime(nested(levels, b"\n" + b"-\n" * 100_000))


def test_a_message_of_too_many_parts_is_refused() -> None:
    with pytest.raises(RecordError, match="at most 2000 parts"):
        mime(HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000)


def test_a_header_of_a_part_is_cut_before_its_parameters_are_read() -> None:
    # Quadratic in the library: 512 kB took five seconds, 8 MB would take twenty minutes.
    head = b"Content-Type: text/plain" + b";" * (4 << 20)
    assert mime(HEAD + head + b"\n\ndisk full")["text"] == "disk full"
